// CIFAR's binary rows (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html): CIFAR-10's are a label and 3,072
// bytes, CIFAR-100's a coarse and a fine label and 3,072 bytes: a red, a green and a blue plane of 32×32.
#include "data/cifar.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "data/class_names.h"
#include "data/source.h"

namespace hoarfrost::data {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kSide = 32;
constexpr int64_t kChannels = 3;
constexpr uint64_t kPixels = kCifarPixels;
constexpr uint64_t kCifar10Row = kPixels + 1;
constexpr uint64_t kCifar100Row = kPixels + 2;

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

bool is_cifar(const File& file) { return has_rows(file, kCifar10Row, {10}) || has_rows(file, kCifar100Row, {20, 100}); }

class Cifar final : public DataSet::Source {
 public:
  Cifar(const std::vector<fs::path>& paths, const Request& request) {
    for (const auto& path : paths) files_.push_back(File::open(path));
    n_labels_ = !has_rows(*files_[0], kCifar10Row, {10}) && has_rows(*files_[0], kCifar100Row, {20, 100}) ? 2 : 1;
    n_row_bytes_ = kPixels + n_labels_;
    kind = n_labels_ == 1 ? "CIFAR-10" : "CIFAR-100";
    n_classes = request.format.n_classes;
    transform = Transform(request.options.preprocessing, {{kChannels, kSide, kSide}, true, true}, request.format,
                          files_[0]->path().string());
    for (const auto& file : files_) {
      if (file->size() % n_row_bytes_ != 0) {
        throw Error(ErrorCode::kCorrupt, file->path().string(),
                    fmt::format("expected {} rows of {} bytes, the file's {} bytes are no multiple of that", kind,
                                n_row_bytes_, file->size()));
      }
      size += static_cast<int64_t>(file->size() / n_row_bytes_);
    }
    read_class_names(paths[0].parent_path());
  }

  Batch read(int64_t n) override {
    Batch batch;
    batch.x = transform.batch(read_rows(n, batch.labels), n);
    return batch;
  }

  KeptRows read_kept(int64_t n) override {
    std::vector<int64_t> labels;
    const Tensor pixels = read_rows(n, labels);
    return {transform.keep(pixels, n), Tensor::vector(labels)};
  }

  void rewind() override { file_ = 0, row_ = 0; }

  void skip(int64_t n) override {
    for (; n > 0;) {
      while (row_ * n_row_bytes_ == files_[file_]->size()) ++file_, row_ = 0;
      const auto n_rows = std::min<uint64_t>(static_cast<uint64_t>(n), files_[file_]->size() / n_row_bytes_ - row_);
      row_ += n_rows;
      n -= static_cast<int64_t>(n_rows);
    }
  }

  [[nodiscard]] std::string example_name(int64_t i) const override {
    for (const auto& file : files_) {
      const auto n = static_cast<int64_t>(file->size() / n_row_bytes_);
      if (i < n) return fmt::format("{}: example {}", file->path().filename().string(), i);
      i -= n;
    }
    return Source::example_name(i);
  }

 private:
  Tensor read_rows(int64_t n, std::vector<int64_t>& labels) {
    Tensor pixels(DType::kUInt8, {n, kChannels, kSide, kSide});
    uint8_t* target = pixels.mutable_values<uint8_t>().data();
    labels.reserve(static_cast<size_t>(n));
    for (int64_t i = 0; i < n;) {
      while (row_ * n_row_bytes_ == files_[file_]->size()) ++file_, row_ = 0;
      const uint64_t n_left = files_[file_]->size() / n_row_bytes_ - row_;
      const uint64_t n_rows = std::min<uint64_t>(static_cast<uint64_t>(n - i), n_left);
      rows_.resize(n_rows * n_row_bytes_);
      files_[file_]->read(row_ * n_row_bytes_, rows_);
      for (uint64_t k = 0; k < n_rows; ++k, ++i, ++row_) {
        const std::byte* row = rows_.data() + k * n_row_bytes_;
        labels.push_back(label_of(row));
        std::memcpy(target + static_cast<uint64_t>(i) * kPixels, row + n_labels_, kPixels);
      }
    }
    return pixels;
  }

  [[nodiscard]] bool is_coarse() const { return n_labels_ == 2 && n_classes == kCoarseClasses; }

  // CIFAR-100's fine label, or the coarse one for a model of 20 classes.
  [[nodiscard]] int64_t label_of(const std::byte* row) const {
    const auto label = static_cast<int64_t>(row[n_labels_ == 2 && !is_coarse() ? 1 : 0]);
    if (n_classes != 0 && label >= n_classes)
      expect_label(label, n_classes, fmt::format("{}: row {}", files_[file_]->path().string(), row_ + 1));
    return label;
  }

  void read_class_names(const fs::path& folder) {
    const char* const file = n_labels_ == 1 ? "batches.meta.txt"
                             : is_coarse()  ? "coarse_label_names.txt"
                                            : "fine_label_names.txt";
    if (fs::exists(folder / file)) class_names = data::read_class_names(folder / file, 0).names;
  }

  std::vector<std::shared_ptr<const File>> files_;
  size_t n_labels_ = 1;
  uint64_t n_row_bytes_ = kCifar10Row;
  std::vector<std::byte> rows_;
  size_t file_ = 0;
  uint64_t row_ = 0;
};

// CIFAR's files of that split; those of the other one when there are none.
std::vector<fs::path> cifar_files(const fs::path& folder, Split split) {
  std::vector<fs::path> test, train;
  for (const auto& file : files_in(folder)) {
    const std::string name = file.filename().string();
    if (name == "test_batch.bin" || name == "test.bin") test.push_back(file);
    if ((name.starts_with("data_batch_") && name.ends_with(".bin")) || name == "train.bin") train.push_back(file);
  }
  const auto& wanted = split == Split::kTest ? test : train;
  return wanted.empty() ? (split == Split::kTest ? train : test) : wanted;
}

}  // namespace

Opened open_cifar(const Request& request) {
  if (request.file) {
    if (!is_cifar(*request.file)) return nullptr;
    return std::make_unique<Cifar>(std::vector{request.path}, request);
  }
  for (const char* inner : {"", "cifar-10-batches-bin", "cifar-100-binary"}) {
    if (!fs::is_directory(request.path / inner)) continue;
    const auto files = cifar_files(request.path / inner, request.options.split);
    if (!files.empty()) return std::make_unique<Cifar>(files, request);
  }
  return nullptr;
}

}  // namespace hoarfrost::data
