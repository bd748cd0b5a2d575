#include "data/picture_files.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/processors.h"
#include "data/buffer_pool.h"
#include "data/image.h"
#include "data/ordered.h"

namespace hoarfrost::data {
namespace {

constexpr uint64_t kMostFileBytes = 256 << 20;
constexpr int64_t kMostWaitingBytes = 32 << 20;  // of decoded pictures

struct Decoded {
  std::shared_ptr<std::byte> values;  // nullptr: left out
  std::string reason;
};

class PictureSet final : public DataSet::Source {
 public:
  PictureSet(PictureFiles files, const Request& request)
      : files_(std::move(files)), is_strict_(request.options.is_strict) {
    kind = files_.kind;
    class_names = files_.class_names;
    notes = files_.notes;
    n_classes = request.format.n_classes;
    transform = Transform(request.options.preprocessing, request.format, request.path.string());
    form_ = transform;
    n_threads_ = thread_count(request.options.threads);
    decoded_ = BufferPool(static_cast<size_t>(transform.format().shape.n_elements()) * sizeof(float));
    size = static_cast<int64_t>(files_.files.size());
    if (size > 0) say_size(request);
  }

  Batch read(int64_t n) override {
    expect_form(false);
    Batch batch;
    batch.x = read_pictures(n, batch.labels);
    batch.x = batch.x.cast(transform.format().dtype);
    return batch;
  }

  KeptRows read_kept(int64_t n) override {
    expect_form(true);
    std::vector<int64_t> labels;
    Tensor x = read_pictures(n, labels);
    return {std::move(x), Tensor::vector(labels)};
  }

  void rewind() override {
    decoding_.reset();
    next_file_ = 0;
  }

  void skip(int64_t n) override {
    decoding_.reset();
    next_file_ = std::min(next_file_ + n, end_file());
  }

  // More than there are when some cannot be decoded.
  [[nodiscard]] int64_t n_left() const override { return end_file() - next_file_; }

  [[nodiscard]] std::string example_name(int64_t i) const override {
    for (const LeftOut& left_out : skipped_) {
      if (static_cast<int64_t>(left_out.file) <= i) ++i;
    }
    return i < static_cast<int64_t>(files_.files.size()) ? files_.files[static_cast<size_t>(i)].name
                                                         : Source::example_name(i);
  }

  [[nodiscard]] std::vector<Skipped> skipped() const override {
    std::vector<Skipped> result;
    for (const LeftOut& left_out : skipped_) result.push_back({files_.files[left_out.file].name, left_out.reason});
    return result;
  }

 private:
  struct LeftOut {
    size_t file;
    std::string reason;
  };

  // float32.
  Tensor read_pictures(int64_t n, std::vector<int64_t>& labels) {
    if (!decoding_) start();
    const size_t n_bytes = decoded_.n_bytes();
    if (batches_.n_bytes() != static_cast<size_t>(n) * n_bytes) batches_ = BufferPool(static_cast<size_t>(n) * n_bytes);
    const std::shared_ptr<std::byte> target = batches_.take();
    while (static_cast<int64_t>(labels.size()) < n) {
      const auto decoded = decoding_->next();
      if (!decoded) break;
      const auto file = static_cast<size_t>(next_file_++);
      if (!decoded->values) {
        leave_out(file, decoded->reason);
        continue;
      }
      std::memcpy(target.get() + labels.size() * n_bytes, decoded->values.get(), n_bytes);
      labels.push_back(files_.files[file].label);
    }
    if (size == 0) {
      throw Error(ErrorCode::kCorrupt, files_.folder.string(),
                  fmt::format("none of its {} pictures can be decoded; the first: {}: {}", files_.files.size(),
                              files_.files[skipped_[0].file].name, skipped_[0].reason));
    }
    Shape shape{static_cast<int64_t>(labels.size())};
    for (const int64_t axis_size : form_.format().shape.sizes()) shape.push_back(axis_size);
    return {DType::kFloat32, shape, {target.get(), labels.size() * n_bytes}, target};
  }

  [[nodiscard]] int64_t end_file() const { return std::min(static_cast<int64_t>(files_.files.size()), stop); }

  // Pictures are decoded ahead: what has begun in one form is begun again in the other.
  void expect_form(bool is_kept) {
    if (is_kept == is_kept_) return;
    decoding_.reset();
    is_kept_ = is_kept;
    form_ = is_kept_ ? transform.geometry() : transform;
  }

  void start() {
    const auto n_bytes = static_cast<int64_t>(decoded_.n_bytes());
    const int64_t window =
        std::clamp<int64_t>(kMostWaitingBytes / std::max<int64_t>(n_bytes, 1), n_threads_, 16 * n_threads_);
    decoding_.emplace(n_threads_, window, next_file_, end_file(),
                      [this](int64_t file) { return decode(files_.files[static_cast<size_t>(file)]); });
  }

  // By several threads at once.
  [[nodiscard]] Decoded decode(const PictureFile& picture) const {
    const std::filesystem::path path = files_.folder / picture.name;
    try {
      const auto file = File::open(path);
      if (file->size() > kMostFileBytes)
        throw Error(ErrorCode::kUnsupported, path.string(),
                    fmt::format("expected at most {} bytes, found {}", kMostFileBytes, file->size()));
      std::vector<std::byte> bytes(file->size());
      file->read(0, bytes);
      Decoded decoded{decoded_.take(), ""};
      form_.picture(decode_image(bytes, transform.n_channels(), path.string()),
                    reinterpret_cast<float*>(decoded.values.get()));
      return decoded;
    } catch (const Error& error) {
      if (is_strict_) throw;
      std::string reason = error.what();
      const std::string place = path.string() + ": ";
      if (reason.starts_with(place)) reason.erase(0, place.size());
      return {nullptr, reason};
    }
  }

  void leave_out(size_t file, const std::string& reason) {
    const auto at = std::ranges::lower_bound(skipped_, file, {}, &LeftOut::file);
    if (at != skipped_.end() && at->file == file) return;  // known since before a rewind()
    skipped_.insert(at, {file, reason});
    --size;
  }

  // A note where pictures change their size and nobody said so.
  void say_size(const Request& request) {
    if (request.options.preprocessing.resize) return;
    const Extent extent = transform.extent();
    const Shape& wanted = request.format.shape;
    const bool is_open = !wanted.has_rank() || !wanted.is_static();
    notes.push_back(fmt::format(
        "pictures are resized to {}x{} ({}{}){}", extent[0], extent[1],
        interpolation_name(request.options.preprocessing.interpolation),
        request.options.preprocessing.crop_to_aspect_ratio ? ", cropped to the aspect ratio" : "",
        is_open ? ", Keras' default, for the graph takes any size; --resize says another" : ", the graph's size"));
  }

  PictureFiles files_;
  Transform form_;  // what pictures become: ready, or to be kept
  bool is_kept_ = false;
  bool is_strict_ = false;
  int n_threads_ = 1;
  std::vector<LeftOut> skipped_;
  int64_t next_file_ = 0;
  BufferPool decoded_{0};
  BufferPool batches_{0};
  std::optional<Ordered<Decoded>> decoding_;  // last: its threads use the rest
};

}  // namespace

Opened open_picture_files(PictureFiles files, const Request& request) {
  return std::make_unique<PictureSet>(std::move(files), request);
}

}  // namespace hoarfrost::data
