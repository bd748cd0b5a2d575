// HDF5 files as data sets: contiguous datasets are read where they lie, chunked ones in blocks of rows.
#include <hoarfrost/error.h>

#include <algorithm>
#include <cstring>

#include "data/array_file.h"
#include "hdf5/tree.h"

namespace hoarfrost::data {
namespace {

constexpr uint64_t kBlockBytes = 16 << 20;

// The rows of a dataset, a block of them at a time: each block is a process of its own that reads.
class HdfRows final : public ByteStream {
 public:
  HdfRows(std::shared_ptr<const hdf5::Tree> tree, std::string path, const hdf5::Tree::Description& described)
      : tree_(std::move(tree)), path_(std::move(path)), n_rows_(described.shape[0]) {
    const uint64_t n_bytes = static_cast<uint64_t>(described.shape.n_elements()) * dtype_size(described.dtype);
    n_row_bytes_ = n_rows_ == 0 ? 0 : n_bytes / static_cast<uint64_t>(n_rows_);
    n_block_rows_ = std::clamp<int64_t>(static_cast<int64_t>(kBlockBytes / std::max<uint64_t>(n_row_bytes_, 1)), 1,
                                        std::max<int64_t>(n_rows_, 1));
  }

  void read(std::span<std::byte> target) override {
    while (!target.empty()) {
      if (at_ == block_.n_bytes()) fill();
      const size_t n = std::min<size_t>(target.size(), block_.n_bytes() - at_);
      std::memcpy(target.data(), block_.bytes().data() + at_, n);
      target = target.subspan(n);
      at_ += n;
    }
  }
  void rewind() override { row_ = 0, at_ = 0, block_ = {}; }

 private:
  void fill() {
    const int64_t n = std::min(n_block_rows_, n_rows_ - row_);
    block_ = {};  // not two at a time
    block_ = tree_->rows(path_, row_, n);
    row_ += n;
    at_ = 0;
  }

  std::shared_ptr<const hdf5::Tree> tree_;
  std::string path_;
  int64_t n_rows_ = 0;
  uint64_t n_row_bytes_ = 0;
  int64_t n_block_rows_ = 1;
  int64_t row_ = 0;  // of the next block
  Tensor block_;
  size_t at_ = 0;
};

Rows dataset_rows(const std::shared_ptr<const hdf5::Tree>& tree, std::string_view name) {
  const std::string path = hdf5::join("/", name);
  const auto described = tree->describe(path);
  const std::string where = tree->where(path);
  if (described->shape.rank() == 0)
    throw Error(ErrorCode::kCorrupt, where, "expected an array with one example per row, found a single number");
  std::unique_ptr<ByteStream> stream;
  if (described->range && described->range->file)
    stream = stream_range(*described->range);
  else
    stream = std::make_unique<HdfRows>(tree, path, *described);
  return {std::move(stream), described->dtype, described->shape, false, where};
}

}  // namespace

std::optional<ArrayFile> open_hdf5_file(const Request& request) {
  if (!request.file || !hdf5::is_hdf5(std::as_bytes(std::span(request.start)))) return {};
  const std::shared_ptr<const hdf5::Tree> tree =
      hdf5::Tree::open(FileRange{request.file, 0, request.file->size()}, request.path.string());
  ArrayFile file{"HDF5", tree->children("/"), {}, {}, tree};
  file.has = [tree](std::string_view name) { return tree->kind(hdf5::join("/", name)) == hdf5::Kind::kDataset; };
  file.rows = [tree](std::string_view name) { return dataset_rows(tree, name); };
  return file;
}

Opened open_hdf5_set(const Request& request) {
  const auto file = open_hdf5_file(request);
  return file ? open_named_arrays(*file, request) : nullptr;
}

}  // namespace hoarfrost::data
