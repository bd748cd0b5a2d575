#include "data/rows.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace hoarfrost::data {
namespace {

class ArraySet final : public DataSet::Source {
 public:
  ArraySet(ArrayPair arrays, const Request& request) : arrays_(std::move(arrays)) {
    kind = arrays_.kind;
    n_classes = request.format.n_classes;
    const Shape& shape = arrays_.examples.shape();
    size = shape[0];
    if (size == 0) throw Error(ErrorCode::kCorrupt, request.path.string(), "the data set is empty");
    const RawFormat raw{Shape(std::vector<int64_t>(shape.sizes().begin() + 1, shape.sizes().end())), arrays_.is_planes,
                        arrays_.examples.dtype() == DType::kUInt8};
    transform = Transform(request.options.preprocessing, raw, request.format, arrays_.examples.where());
    check_labels(request.options.any_targets);
  }

  Batch read(int64_t n) override {
    Batch batch{transform.batch(arrays_.examples.next(n), n), {}};
    const Reader labels(arrays_.labels.next(n));
    batch.labels.reserve(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i)
      batch.labels.push_back(is_one_hot_ ? one_hot_label(labels, i) : index_label(labels, i));
    return batch;
  }

  KeptRows read_kept(int64_t n) override {
    return {transform.keep(arrays_.examples.next(n), n), arrays_.labels.next(n)};
  }

  void rewind() override {
    arrays_.examples.rewind();
    arrays_.labels.rewind();
  }

  void skip(int64_t n) override {
    arrays_.examples.skip(n);
    arrays_.labels.skip(n);
  }

 private:
  void check_labels(bool may_be_any) {
    const Shape& shape = arrays_.labels.shape();
    const std::string& where = arrays_.labels.where();
    if (shape[0] != size)
      throw Error(ErrorCode::kMismatch, where,
                  fmt::format("expected {} labels, one per example, found {}", size, shape[0]));
    if (may_be_any) return;
    if (shape.rank() > 2)
      throw Error(ErrorCode::kMismatch, where,
                  fmt::format("expected labels [n] or one-hot rows [n, classes], found {}", shape.to_string()));
    is_one_hot_ = shape.rank() == 2 && shape[1] != 1;
    if (is_one_hot_ && n_classes != 0 && shape[1] != n_classes) {
      throw Error(ErrorCode::kMismatch, where,
                  fmt::format("its one-hot rows have {} classes, the model has {}", shape[1], n_classes));
    }
    if (is_one_hot_) n_classes = shape[1];
  }

  [[nodiscard]] std::string place(int64_t i) const {
    return fmt::format("{}: row {}", arrays_.labels.where(), position + i);
  }

  [[nodiscard]] int64_t index_label(const Reader& labels, int64_t i) const {
    const double label = labels[i];
    if (label != std::floor(label) || !(std::abs(label) < 1e15))
      throw Error(ErrorCode::kCorrupt, place(i), fmt::format("expected a class index, found {}", label));
    const auto index = static_cast<int64_t>(label);
    if (index < 0 || (n_classes != 0 && index >= n_classes)) expect_label(index, n_classes, place(i));
    return index;
  }

  [[nodiscard]] int64_t one_hot_label(const Reader& labels, int64_t i) const {
    int64_t label = -1;
    bool is_right = true;
    for (int64_t c = 0; c < n_classes; ++c) {
      const double value = labels[i * n_classes + c];
      is_right = is_right && (value == 0 || (value == 1 && label < 0));
      if (value == 1) label = c;
    }
    if (!is_right || label < 0)
      throw Error(ErrorCode::kCorrupt, place(i), "expected a one-hot row: a single 1 among zeros");
    return label;
  }

  ArrayPair arrays_;
  bool is_one_hot_ = false;
};

// Values that are neither 0 nor 1 may not be looked at as bool.
void normalize_bools(std::span<std::byte> bytes) {
  for (std::byte& b : bytes) b = b == std::byte{0} ? std::byte{0} : std::byte{1};
}

void expect_rows(const Shape& shape, const std::string& where) {
  if (shape.rank() > 0) return;
  throw Error(ErrorCode::kCorrupt, where, "expected an array with one example per row, found a single number");
}

}  // namespace

void swap_bytes(std::span<std::byte> bytes, DType dtype) {
  const bool is_complex = dtype == DType::kComplex64 || dtype == DType::kComplex128;
  const size_t n = dtype_size(dtype) / (is_complex ? 2 : 1);
  for (size_t i = 0; i + n <= bytes.size(); i += n)
    std::reverse(bytes.begin() + static_cast<int64_t>(i), bytes.begin() + static_cast<int64_t>(i + n));
}

Rows::Rows(std::unique_ptr<ByteStream> stream, DType dtype, Shape shape, bool is_big_endian, std::string where)
    : stream_(std::move(stream)),
      dtype_(dtype),
      shape_(std::move(shape)),
      is_big_endian_(is_big_endian),
      where_(std::move(where)) {
  expect_rows(shape_, where_);
  n_row_bytes_ = dtype_size(dtype_);
  for (size_t axis = 1; axis < shape_.sizes().size(); ++axis)
    n_row_bytes_ *= static_cast<uint64_t>(shape_.sizes()[axis]);
}

Rows::Rows(const Tensor& array, std::string where)
    : whole_(array), dtype_(array.dtype()), shape_(array.shape()), where_(std::move(where)) {
  expect_rows(shape_, where_);
  n_row_bytes_ = shape_[0] == 0 ? 0 : array.n_bytes() / static_cast<uint64_t>(shape_[0]);
}

Tensor Rows::next(int64_t n) {
  Shape shape = shape_;
  shape[0] = n;
  const uint64_t begin = static_cast<uint64_t>(row_) * n_row_bytes_;
  row_ += n;
  if (!stream_) {
    // A view that keeps the array alive.
    const auto owner = std::make_shared<Tensor>(whole_);
    return {dtype_, shape, owner->bytes().subspan(begin, static_cast<uint64_t>(n) * n_row_bytes_), owner};
  }
  Tensor rows(dtype_, shape);
  const auto target = rows.mutable_bytes();
  stream_->read(target);
  if (is_big_endian_) swap_bytes(target, dtype_);
  if (dtype_ == DType::kBool) normalize_bools(target);
  return rows;
}

void Rows::rewind() {
  if (stream_) stream_->rewind();
  row_ = 0;
}

void Rows::skip(int64_t n) {
  if (stream_) stream_->skip(static_cast<uint64_t>(n) * n_row_bytes_);
  row_ += n;
}

Opened open_arrays(ArrayPair arrays, const Request& request) {
  return std::make_unique<ArraySet>(std::move(arrays), request);
}

}  // namespace hoarfrost::data
