#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensor.h>

#include <cstring>

namespace hoarfrost {
namespace {

constexpr std::align_val_t kAlignment{64};  // a cache line and an AVX-512 register

std::shared_ptr<std::byte> allocate(uint64_t n_bytes) {
  auto* memory = static_cast<std::byte*>(::operator new(std::max<uint64_t>(n_bytes, 1), kAlignment));
  std::memset(memory, 0, n_bytes);
  return {memory, [](std::byte* p) { ::operator delete(p, kAlignment); }};
}

uint64_t bytes_for(DType dtype, const Shape& shape) {
  uint64_t n_bytes = 0;
  if (__builtin_mul_overflow(static_cast<uint64_t>(shape.n_elements()), dtype_size(dtype), &n_bytes)) {
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("a tensor of shape {} does not fit in memory", shape.to_string()));
  }
  return n_bytes;
}

template <typename T>
T load(const std::byte* data, int64_t i) {
  T value;
  std::memcpy(&value, data + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}

template <typename T>
void store(std::byte* data, int64_t i, double value) {
  const T typed = static_cast<T>(value);
  std::memcpy(data + i * static_cast<int64_t>(sizeof(T)), &typed, sizeof(T));
}

void store_as(DType dtype, std::byte* data, int64_t i, double value) {
  switch (dtype) {
    case DType::kFloat32:
      return store<float>(data, i, value);
    case DType::kFloat64:
      return store<double>(data, i, value);
    case DType::kInt32:
      return store<int32_t>(data, i, value);
    case DType::kUInt8:
      return store<uint8_t>(data, i, value);
    case DType::kInt16:
      return store<int16_t>(data, i, value);
    case DType::kInt8:
      return store<int8_t>(data, i, value);
    case DType::kInt64:
      return store<int64_t>(data, i, value);
    case DType::kBool:
      return store<uint8_t>(data, i, value != 0 ? 1 : 0);
    case DType::kUInt16:
      return store<uint16_t>(data, i, value);
    case DType::kUInt32:
      return store<uint32_t>(data, i, value);
    case DType::kUInt64:
      return store<uint64_t>(data, i, value);
    case DType::kFloat16:
      return store<uint16_t>(data, i, float_to_half(static_cast<float>(value)));
    case DType::kBFloat16:
      return store<uint16_t>(data, i, float_to_bfloat16(static_cast<float>(value)));
    default:
      throw Error(ErrorCode::kUnsupported, "", fmt::format("cannot convert numbers to {}", dtype_name(dtype)));
  }
}

}  // namespace

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)), n_bytes_(bytes_for(dtype, shape_)) {
  auto memory = allocate(n_bytes_);
  bytes_ = {memory.get(), n_bytes_};
  owner_ = std::move(memory);
}

Tensor::Tensor(DType dtype, Shape shape, FileRange range)
    : dtype_(dtype), shape_(std::move(shape)), n_bytes_(bytes_for(dtype, shape_)), range_(std::move(range)) {
  const uint64_t file_bytes = range_->file->size();
  if (range_->n_bytes != n_bytes_ || range_->offset > file_bytes || n_bytes_ > file_bytes - range_->offset) {
    throw Error(
        ErrorCode::kCorrupt, range_->file->path().string(),
        fmt::format("expected {} bytes for a {} tensor {} at offset {}, found {} bytes in a file of {}", n_bytes_,
                    dtype_name(dtype_), shape_.to_string(), range_->offset, range_->n_bytes, file_bytes));
  }
}

Tensor::Tensor(DType dtype, Shape shape, std::span<const std::byte> bytes, std::shared_ptr<const void> owner)
    : dtype_(dtype),
      shape_(std::move(shape)),
      n_bytes_(bytes_for(dtype, shape_)),
      bytes_(bytes),
      owner_(std::move(owner)) {
  if (bytes.size() != n_bytes_) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("expected {} bytes for shape {}, found {}", n_bytes_, shape_.to_string(), bytes.size()));
  }
}

Tensor::Tensor(Shape shape, std::vector<std::string> strings)
    : dtype_(DType::kString),
      shape_(std::move(shape)),
      strings_(std::make_shared<std::vector<std::string>>(std::move(strings))) {
  if (static_cast<size_t>(shape_.n_elements()) != strings_->size()) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("{} strings do not fill the shape {}", strings_->size(), shape_.to_string()));
  }
  for (const auto& s : *strings_) n_bytes_ += s.size();
}

Tensor Tensor::repeating(const Tensor& head, Shape shape) {
  const size_t n_element = dtype_size(head.dtype());
  if (n_element == 0 || head.n_bytes() == 0 || head.n_elements() > shape.n_elements()) {
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("{} elements cannot be repeated to {}", head.n_elements(), shape.to_string()));
  }
  Tensor result(head.dtype(), std::move(shape));
  const auto target = result.mutable_bytes();
  std::memcpy(target.data(), head.bytes().data(), head.n_bytes());
  for (size_t i = head.n_bytes(); i < target.size(); i += n_element)
    std::memcpy(target.data() + i, target.data() + i - n_element, n_element);
  result.n_said_ = head.n_elements();
  return result;
}

std::span<const std::byte> Tensor::bytes() const {
  if (!range_) return bytes_;
  if (n_bytes_ == 0) return {};
  return range_->file->bytes().subspan(range_->offset, range_->n_bytes);
}

Tensor Tensor::aligned() const {
  const size_t alignment = std::max<size_t>(dtype_size(dtype_), 1);
  return reinterpret_cast<uintptr_t>(bytes().data()) % alignment == 0 ? *this : copied();
}

Tensor Tensor::copied() const {
  Tensor copy(dtype_, shape_);
  if (const FileRange* range =
          file_range()) {  // not through the mapping, whose pages would count as memory beside the copy
    range->file->read(range->offset, copy.mutable_bytes());
  } else {
    std::memcpy(copy.mutable_bytes().data(), bytes().data(), n_bytes_);
  }
  return copy;
}

void Tensor::release() const {
  if (const FileRange* range = file_range()) range->file->release(range->offset, range->n_bytes);
}

std::span<std::byte> Tensor::mutable_bytes() {
  if (range_ || !owner_) throw Error(ErrorCode::kInvalidArgument, "", "a view of a file cannot be written to");
  n_said_ = 0;
  return {const_cast<std::byte*>(bytes_.data()), bytes_.size()};
}

const std::vector<std::string>& Tensor::strings() const {
  check_type(DType::kString);
  if (strings_ == nullptr)
    throw Error(ErrorCode::kUnsupported, "", "strings cannot be moved or made here, only compared");
  return *strings_;
}

void Tensor::check_type(DType wanted) const {
  if (dtype_ != wanted) {
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("expected a {} tensor, found {}", dtype_name(wanted), dtype_name(dtype_)));
  }
}

Tensor Tensor::reshaped(Shape shape) const {
  if (shape.n_elements() != n_elements()) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("a tensor {} cannot be seen as {}", shape_.to_string(), shape.to_string()));
  }
  Tensor result = *this;
  result.shape_ = std::move(shape);
  return result;
}

Tensor Tensor::cast(DType dtype) const {
  if (dtype == dtype_) return *this;
  if (dtype == DType::kString)
    throw Error(ErrorCode::kUnsupported, "", fmt::format("cannot convert {} to strings", dtype_name(dtype_)));
  Tensor result(dtype, shape_);
  const Reader reader(*this);
  const auto target = result.mutable_bytes();
  const int64_t n = n_elements();
  for (int64_t i = 0; i < n; ++i) store_as(dtype, target.data(), i, reader[i]);
  return result;
}

Reader::Reader(const Tensor& tensor) : tensor_(tensor), dtype_(tensor.dtype()), data_(tensor.bytes().data()) {
  if (dtype_size(dtype_) == 0) {
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("expected numbers, found a {} tensor", dtype_name(dtype_)));
  }
}

double Reader::read(int64_t i) const {
  switch (dtype_) {
    case DType::kFloat64:
      return load<double>(data_, i);
    case DType::kInt32:
      return load<int32_t>(data_, i);
    case DType::kUInt8:
      return load<uint8_t>(data_, i);
    case DType::kInt16:
      return load<int16_t>(data_, i);
    case DType::kInt8:
      return load<int8_t>(data_, i);
    case DType::kInt64:
      return static_cast<double>(load<int64_t>(data_, i));
    case DType::kBool:
      return load<uint8_t>(data_, i) != 0 ? 1 : 0;
    case DType::kUInt16:
      return load<uint16_t>(data_, i);
    case DType::kUInt32:
      return load<uint32_t>(data_, i);
    case DType::kUInt64:
      return static_cast<double>(load<uint64_t>(data_, i));
    case DType::kFloat16:
      return half_to_float(load<uint16_t>(data_, i));
    case DType::kBFloat16:
      return bfloat16_to_float(load<uint16_t>(data_, i));
    default:
      throw Error(ErrorCode::kUnsupported, "", fmt::format("cannot read {} as numbers", dtype_name(dtype_)));
  }
}

}  // namespace hoarfrost
