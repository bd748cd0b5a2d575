// MNIST's IDX files (LeCun, Cortes, Burges, "The MNIST database of handwritten digits"), as they are or as .gz: the
// images in one, the labels in another whose name says so.
//
//   0 0 | u8 type | u8 number of axes | u32 size of each axis, big endian | values in C's order, big endian
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <array>
#include <optional>

#include "data/labels.h"

namespace hoarfrost::data {
namespace {

namespace fs = std::filesystem;

constexpr int kMostAxes = 8;
// deflate does not do better than 1032 to 1.
constexpr uint64_t kMostInflation = 1100;

DType idx_dtype(uint8_t code) {
  switch (code) {
    case 0x08:
      return DType::kUInt8;
    case 0x09:
      return DType::kInt8;
    case 0x0b:
      return DType::kInt16;
    case 0x0c:
      return DType::kInt32;
    case 0x0d:
      return DType::kFloat32;
    case 0x0e:
      return DType::kFloat64;
    default:
      return DType::kInvalid;
  }
}

bool is_idx_head(std::span<const std::byte> head) {
  return head[0] == std::byte{0} && head[1] == std::byte{0} &&
         idx_dtype(static_cast<uint8_t>(head[2])) != DType::kInvalid && static_cast<int>(head[3]) >= 1 &&
         static_cast<int>(head[3]) <= kMostAxes;
}

// After its header, each time it is rewound.
class IdxValues final : public ByteStream {
 public:
  IdxValues(std::unique_ptr<ByteStream> inner, uint64_t n_header) : inner_(std::move(inner)), n_header_(n_header) {
    rewind();
  }
  void read(std::span<std::byte> target) override { inner_->read(target); }
  void rewind() override {
    inner_->rewind();
    inner_->skip(n_header_);
  }
  void skip(uint64_t n_bytes) override { inner_->skip(n_bytes); }

 private:
  std::unique_ptr<ByteStream> inner_;
  uint64_t n_header_;
};

// The last `from` in a name, as `to`; "" when there is none.
std::string replaced(const std::string& name, std::string_view from, std::string_view to) {
  const size_t at = name.rfind(from);
  return at == std::string::npos ? "" : std::string(name).replace(at, from.size(), to);
}

// train-images-idx3-ubyte.gz -> train-labels-idx1-ubyte.gz, or without .gz, or with it.
fs::path labels_beside(const fs::path& images) {
  std::string name = replaced(images.filename().string(), "images", "labels");
  if (name.empty()) return {};
  if (const std::string one = replaced(name, "idx3", "idx1"); !one.empty()) name = one;
  const std::string other = name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name + ".gz";
  for (const std::string& candidate : {name, other}) {
    if (fs::exists(images.parent_path() / candidate)) return images.parent_path() / candidate;
  }
  return {};
}

// The images of that split in a folder; "" when there are none.
fs::path images_in(const fs::path& folder, Split split) {
  fs::path test, train;
  for (const auto& file : files_in(folder)) {
    const std::string name = file.filename().string();
    if (name.find("images") == std::string::npos || name.find("idx") == std::string::npos) continue;
    if (name.starts_with("train"))
      train = train.empty() ? file : train;
    else
      test = test.empty() ? file : test;
  }
  const fs::path& wanted = split == Split::kTest ? test : train;
  return wanted.empty() ? (split == Split::kTest ? train : test) : wanted;
}

}  // namespace

Rows idx_rows(const fs::path& path) {
  const auto file = File::open(path);
  std::array<std::byte, 4 + 4 * kMostAxes> head{};
  if (file->size() < 8) return {};
  file->read(0, std::span(head).first(4));
  const bool is_compressed = is_gzip({reinterpret_cast<const char*>(head.data()), 4});
  auto stream = is_compressed ? stream_gzip(file) : stream_range({file, 0, file->size()});
  if (!is_compressed && !is_idx_head(head)) return {};
  stream->read(std::span(head).first(4));
  if (!is_idx_head(head)) return {};
  const auto n_axes = static_cast<size_t>(head[3]);
  stream->read(std::span(head).subspan(4, 4 * n_axes));
  const DType dtype = idx_dtype(static_cast<uint8_t>(head[2]));
  Shape shape;
  uint64_t n_bytes = dtype_size(dtype);
  for (size_t axis = 0; axis < n_axes; ++axis) {
    uint32_t size = 0;
    for (size_t i = 0; i < 4; ++i) size = size << 8U | static_cast<uint32_t>(head[4 + 4 * axis + i]);
    shape.push_back(size);
    if (__builtin_mul_overflow(n_bytes, uint64_t{size}, &n_bytes)) n_bytes = UINT64_MAX / 2;
  }
  const uint64_t n_header = 4 + 4 * n_axes;
  const bool is_right = is_compressed ? n_bytes / kMostInflation <= file->size() : n_bytes + n_header == file->size();
  // CIFAR's rows may begin like this, with a label of 0 and a black pixel.
  if (!is_right && !is_compressed && path.filename().string().find("idx") == std::string::npos) return {};
  if (!is_right) {
    throw Error(ErrorCode::kCorrupt, path.string(),
                fmt::format("expected {} bytes for an IDX array {}, found {}{}", n_bytes + n_header, shape.to_string(),
                            file->size(), is_compressed ? " compressed ones" : ""));
  }
  return {std::make_unique<IdxValues>(std::move(stream), n_header), dtype, shape, true, path.string()};
}

Opened open_idx(const Request& request) {
  fs::path images = request.path;
  if (!request.file) {
    for (const char* inner : {"", "MNIST/raw", "raw"}) {
      if (!fs::is_directory(request.path / inner)) continue;
      images = images_in(request.path / inner, request.options.split);
      if (!images.empty()) break;
    }
    if (images.empty()) return nullptr;
  }
  ArrayPair arrays;
  arrays.examples = idx_rows(images);
  if (arrays.examples.empty()) {
    if (!is_gzip(request.start)) return nullptr;
    throw Error(ErrorCode::kUnsupported, images.string(), "a .gz that holds no IDX file; decompress it (gunzip)");
  }
  arrays.kind = "IDX";
  const fs::path labels = request.options.labels.empty() ? labels_beside(images) : request.options.labels;
  if (labels.empty()) {
    throw Error(ErrorCode::kInvalidArgument, images.string(),
                "expected the labels in a file of the same name with `labels` in place of `images`, found none; name "
                "it with --labels");
  }
  arrays.labels = labels_file(labels);
  return open_arrays(std::move(arrays), request);
}

}  // namespace hoarfrost::data
