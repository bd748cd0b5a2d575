// CIFAR's binary rows (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html): CIFAR-10's are a label and 3,072
// bytes, CIFAR-100's a coarse and a fine label and 3,072 bytes: a red, a green and a blue plane of 32×32.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>

#include "data/source.h"

namespace hoarfrost::data {
namespace {

constexpr int64_t kSide = 32;
constexpr int64_t kChannels = 3;
constexpr int64_t kPlane = kSide * kSide;
constexpr uint64_t kPixels = kChannels * kPlane;
constexpr uint64_t kCifar10Row = kPixels + 1;
constexpr uint64_t kCifar100Row = kPixels + 2;
constexpr int64_t kCoarseClasses = 20;

// Whether the file is rows of this length whose labels, of the first hundred rows, are below these numbers.
bool has_rows(const File& file, uint64_t n_row_bytes, std::initializer_list<int> n_labels) {
  if (file.size() == 0 || file.size() % n_row_bytes != 0) return false;
  for (uint64_t row = 0; row < std::min<uint64_t>(file.size() / n_row_bytes, 100); ++row) {
    std::array<std::byte, 2> labels{};
    file.read(row * n_row_bytes, std::span(labels).first(n_labels.size()));
    for (size_t i = 0; i < n_labels.size(); ++i) {
      if (static_cast<int>(labels[i]) >= n_labels.begin()[i]) return false;
    }
  }
  return true;
}

class Cifar final : public DataSet::Source {
 public:
  Cifar(const std::vector<std::filesystem::path>& paths, const ExampleFormat& wanted) {
    for (const auto& path : paths) files_.push_back(File::open(path));
    n_labels_ = !has_rows(*files_[0], kCifar10Row, {10}) && has_rows(*files_[0], kCifar100Row, {20, 100}) ? 2 : 1;
    n_row_bytes_ = kPixels + n_labels_;
    kind = n_labels_ == 1 ? "CIFAR-10" : "CIFAR-100";
    format = wanted;
    choose_layout(wanted.shape);
    for (const auto& file : files_) {
      if (file->size() % n_row_bytes_ != 0) {
        throw Error(ErrorCode::kCorrupt, file->path().string(),
                    fmt::format("expected {} rows of {} bytes, the file's {} bytes are no multiple of that", kind,
                                n_row_bytes_, file->size()));
      }
      size += static_cast<int64_t>(file->size() / n_row_bytes_);
    }
  }

  Batch read(int64_t n) override {
    Shape shape{n};
    for (const int64_t axis_size : format.shape.sizes()) shape.push_back(axis_size);
    Tensor x(DType::kFloat32, shape);
    Batch batch;
    std::vector<std::byte> row(n_row_bytes_);
    for (int64_t i = 0; i < n; ++i) {
      while (row_ * n_row_bytes_ == files_[file_]->size()) ++file_, row_ = 0;
      files_[file_]->read(row_ * n_row_bytes_, row);
      // CIFAR-100's fine label, or the coarse one for a model of 20 classes.
      const auto label = static_cast<int64_t>(row[n_labels_ == 2 && format.n_classes != kCoarseClasses ? 1 : 0]);
      expect_label(label, format.n_classes, fmt::format("{}: row {}", files_[file_]->path().string(), row_ + 1));
      batch.labels.push_back(label);
      copy_pixels(std::span(row).subspan(n_labels_),
                  x.mutable_values<float>().subspan(static_cast<size_t>(i) * kPixels, kPixels));
      ++row_;
    }
    batch.x = x.cast(format.dtype);
    return batch;
  }

  void rewind() override { file_ = 0, row_ = 0; }

 private:
  void choose_layout(const Shape& wanted) {
    const auto fits = [&](std::initializer_list<int64_t> sizes) {
      return wanted.rank() == 3 && std::equal(sizes.begin(), sizes.end(), wanted.sizes().begin(),
                                              [](int64_t a, int64_t b) { return b == kUnknown || a == b; });
    };
    if (!wanted.has_rank() || fits({kSide, kSide, kChannels})) {
      format.shape = {kSide, kSide, kChannels};
    } else if (fits({kChannels, kSide, kSide})) {
      format.shape = {kChannels, kSide, kSide};
      is_channels_first_ = true;
    } else {
      throw Error(ErrorCode::kMismatch, files_[0]->path().string(),
                  fmt::format("its examples are [32, 32, 3], the model takes {}", wanted.to_string()));
    }
  }

  void copy_pixels(std::span<const std::byte> planes, std::span<float> target) const {
    const float scale = is_float(format.dtype) ? 255 : 1;
    for (size_t channel = 0; channel < kChannels; ++channel) {
      for (size_t pixel = 0; pixel < kPlane; ++pixel) {
        const size_t from = channel * kPlane + pixel;
        target[is_channels_first_ ? from : pixel * kChannels + channel] = static_cast<float>(planes[from]) / scale;
      }
    }
  }

  std::vector<std::shared_ptr<const File>> files_;
  size_t n_labels_ = 1;
  uint64_t n_row_bytes_ = kCifar10Row;
  bool is_channels_first_ = false;
  size_t file_ = 0;
  uint64_t row_ = 0;
};

}  // namespace

bool is_cifar(const File& file) { return has_rows(file, kCifar10Row, {10}) || has_rows(file, kCifar100Row, {20, 100}); }

std::unique_ptr<DataSet::Source> open_cifar(const std::vector<std::filesystem::path>& paths,
                                            const ExampleFormat& format) {
  return std::make_unique<Cifar>(paths, format);
}

}  // namespace hoarfrost::data
