#include "tensorflow/tensor_proto.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cstring>

#include "tensorflow/wire.h"

namespace hoarfrost::tensorflow {
namespace {

[[noreturn]] void unsupported(DType dtype) {
  const auto name = dtype_name(dtype);
  throw Error(ErrorCode::kUnsupported, "",
              fmt::format("a constant of type {} cannot be kept",
                          name.empty() ? std::to_string(static_cast<int>(dtype)) : std::string(name)));
}

// A typed field into `tensor`'s elements of type T; the rest stay zeros.
template <typename T, typename Field>
void fill(Tensor& tensor, const Field& values) {
  const auto target = tensor.mutable_bytes();
  const size_t n = target.size() / sizeof(T);
  const auto n_values = static_cast<size_t>(values.size());
  if (n_values > n) corrupt(fmt::format("{} values for the shape {}", n_values, tensor.shape().to_string()));
  for (size_t i = 0; i < n_values; ++i) {
    const T value = static_cast<T>(values[static_cast<int>(i)]);
    std::memcpy(target.data() + i * sizeof(T), &value, sizeof(T));
  }
}

// Complex numbers stand as pairs of real ones.
template <typename T, typename Field>
void fill_pairs(Tensor& tensor, const Field& values) {
  if (values.size() % 2 != 0) corrupt("a complex constant with half a number");
  struct Pairs {
    const Field& field;
    [[nodiscard]] int size() const { return field.size() / 2; }
    std::complex<T> operator[](int i) const { return {field[2 * i], field[2 * i + 1]}; }
  };
  fill<std::complex<T>>(tensor, Pairs{values});
}

void fill_numbers(Tensor& tensor, const proto::TensorProto& m) {
  switch (tensor.dtype()) {
    case DType::kFloat32:
      return fill<float>(tensor, m.float_val());
    case DType::kFloat64:
      return fill<double>(tensor, m.double_val());
    case DType::kInt32:
    case DType::kQInt32:
      return fill<int32_t>(tensor, m.int_val());
    case DType::kUInt8:
    case DType::kQUInt8:
      return fill<uint8_t>(tensor, m.int_val());
    case DType::kInt8:
    case DType::kQInt8:
      return fill<int8_t>(tensor, m.int_val());
    case DType::kInt16:
    case DType::kQInt16:
      return fill<int16_t>(tensor, m.int_val());
    case DType::kUInt16:
    case DType::kQUInt16:
      return fill<uint16_t>(tensor, m.int_val());
    case DType::kFloat16:
    case DType::kBFloat16:
      return fill<uint16_t>(tensor, m.half_val());
    case DType::kInt64:
      return fill<int64_t>(tensor, m.int64_val());
    case DType::kBool:
      return fill<uint8_t>(tensor, m.bool_val());
    case DType::kUInt32:
      return fill<uint32_t>(tensor, m.uint32_val());
    case DType::kUInt64:
      return fill<uint64_t>(tensor, m.uint64_val());
    case DType::kComplex64:
      return fill_pairs<float>(tensor, m.scomplex_val());
    case DType::kComplex128:
      return fill_pairs<double>(tensor, m.dcomplex_val());
    default:
      unsupported(tensor.dtype());
  }
}

int64_t n_values(DType dtype, const proto::TensorProto& m) {
  switch (dtype) {
    case DType::kFloat32:
      return m.float_val_size();
    case DType::kFloat64:
      return m.double_val_size();
    case DType::kFloat16:
    case DType::kBFloat16:
      return m.half_val_size();
    case DType::kInt64:
      return m.int64_val_size();
    case DType::kBool:
      return m.bool_val_size();
    case DType::kUInt32:
      return m.uint32_val_size();
    case DType::kUInt64:
      return m.uint64_val_size();
    case DType::kComplex64:
      return m.scomplex_val_size() / 2;
    case DType::kComplex128:
      return m.dcomplex_val_size() / 2;
    default:
      return m.int_val_size();
  }
}

// Strings in tensor_content: their lengths as varints, then their bytes (TensorFlow's port::EncodeStringList).
std::vector<std::string> strings_of_content(std::string_view content, size_t n) {
  if (n > content.size()) corrupt(fmt::format("{} strings in {} bytes", n, content.size()));
  std::vector<uint64_t> lengths(n);
  for (auto& length : lengths) length = read_varint(content);
  std::vector<std::string> strings;
  strings.reserve(n);
  for (const uint64_t length : lengths) {
    if (length > content.size()) corrupt("a string that reaches past its tensor");
    strings.emplace_back(content.substr(0, length));
    content.remove_prefix(length);
  }
  return strings;
}

Tensor strings_from_proto(const proto::TensorProto& m, std::string_view content, Shape shape, ExpansionBudget& budget) {
  const auto n = static_cast<size_t>(shape.n_elements());
  if (!content.empty()) return Tensor(std::move(shape), strings_of_content(content, n));
  const auto n_values = static_cast<size_t>(m.string_val_size());
  if (n_values > n) corrupt(fmt::format("{} values for the shape {}", n_values, shape.to_string()));
  const std::string last = n_values == 0 ? "" : m.string_val(static_cast<int>(n_values) - 1);
  if (n > n_values) {
    uint64_t n_bytes = 0;
    if (__builtin_mul_overflow(n - n_values, sizeof(std::string) + last.size(), &n_bytes)) n_bytes = UINT64_MAX;
    budget.take(n_bytes);
  }
  std::vector<std::string> strings(m.string_val().begin(), m.string_val().end());
  strings.resize(n, last);
  return Tensor(std::move(shape), std::move(strings));
}

template <typename T, typename Add>
void add_values(const Tensor& tensor, Add add) {
  const auto bytes = tensor.bytes().first(static_cast<size_t>(tensor.n_said()) * dtype_size(tensor.dtype()));
  for (size_t i = 0; i + sizeof(T) <= bytes.size(); i += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes.data() + i, sizeof(T));
    add(value);
  }
}

}  // namespace

void ExpansionBudget::take(uint64_t n_bytes) {
  if (n_bytes > left_) corrupt(fmt::format("a constant claims {} bytes that the file does not have", n_bytes));
  left_ -= n_bytes;
}

Shape shape_from_proto(const proto::TensorShapeProto& message) {
  if (message.unknown_rank()) return Shape::unknown_rank();
  Shape shape;
  for (const auto& dim : message.dim()) {
    if (dim.size() < kUnknown) corrupt(fmt::format("a shape with the size {}", dim.size()));
    shape.push_back(dim.size());
  }
  return shape;
}

Shape static_shape_from_proto(const proto::TensorShapeProto& message) {
  Shape shape = shape_from_proto(message);
  int64_t n = 1;
  bool is_countable = shape.is_static();
  for (const int64_t size : shape.sizes()) is_countable = is_countable && !__builtin_mul_overflow(n, size, &n);
  if (!is_countable) corrupt(fmt::format("a tensor of shape {}", shape.to_string()));
  return shape;
}

void shape_to_proto(const Shape& shape, proto::TensorShapeProto& message) {
  if (!shape.has_rank()) message.set_unknown_rank(true);
  for (const int64_t size : shape.sizes()) message.add_dim()->set_size(size);
}

Tensor tensor_from_proto(const proto::TensorProto& message, std::optional<FileRange> content, ExpansionBudget& budget) {
  const auto dtype = static_cast<DType>(message.dtype());
  Shape shape = static_shape_from_proto(message.tensor_shape());
  if (dtype == DType::kString) {
    std::string_view bytes = message.tensor_content();
    if (content) bytes = content->file->text().substr(content->offset, content->n_bytes);
    return strings_from_proto(message, bytes, std::move(shape), budget);
  }
  const size_t element_bytes = dtype_size(dtype);
  if (element_bytes == 0) unsupported(dtype);
  uint64_t n_bytes = 0;
  if (__builtin_mul_overflow(static_cast<uint64_t>(shape.n_elements()), element_bytes, &n_bytes)) n_bytes = UINT64_MAX;
  const uint64_t n_content = content ? content->n_bytes : message.tensor_content().size();
  if (n_content != 0) {
    if (n_content != n_bytes) {
      corrupt(fmt::format("expected {} bytes for a {} tensor {}, found {}", n_bytes, dtype_name(dtype),
                          shape.to_string(), n_content));
    }
    if (content) return Tensor(dtype, std::move(shape), std::move(*content));
    Tensor tensor(dtype, std::move(shape));
    std::memcpy(tensor.mutable_bytes().data(), message.tensor_content().data(), n_bytes);
    return tensor;
  }
  budget.take(n_bytes);
  const int64_t n_said = n_values(dtype, message);
  if (n_said == 0 || n_said >= shape.n_elements()) {
    Tensor tensor(dtype, std::move(shape));
    fill_numbers(tensor, message);
    return tensor;
  }
  Tensor head(dtype, {n_said});
  fill_numbers(head, message);
  return Tensor::repeating(head, std::move(shape));
}

bool has_content(const Tensor& tensor) {
  const int64_t n = tensor.n_elements();
  return dtype_size(tensor.dtype()) != 0 && n > 1 && tensor.n_said() == n;
}

void tensor_to_proto(const Tensor& tensor, proto::TensorProto& m) {
  m.set_dtype(static_cast<proto::DataType>(tensor.dtype()));
  shape_to_proto(tensor.shape(), *m.mutable_tensor_shape());
  if (has_content(tensor)) return;
  switch (tensor.dtype()) {
    case DType::kString:
      for (const auto& s : tensor.strings()) m.add_string_val(s);
      return;
    case DType::kFloat32:
      return add_values<float>(tensor, [&](float v) { m.add_float_val(v); });
    case DType::kFloat64:
      return add_values<double>(tensor, [&](double v) { m.add_double_val(v); });
    case DType::kInt32:
    case DType::kQInt32:
      return add_values<int32_t>(tensor, [&](int32_t v) { m.add_int_val(v); });
    case DType::kUInt8:
    case DType::kQUInt8:
      return add_values<uint8_t>(tensor, [&](uint8_t v) { m.add_int_val(v); });
    case DType::kInt8:
    case DType::kQInt8:
      return add_values<int8_t>(tensor, [&](int8_t v) { m.add_int_val(v); });
    case DType::kInt16:
    case DType::kQInt16:
      return add_values<int16_t>(tensor, [&](int16_t v) { m.add_int_val(v); });
    case DType::kUInt16:
    case DType::kQUInt16:
      return add_values<uint16_t>(tensor, [&](uint16_t v) { m.add_int_val(v); });
    case DType::kFloat16:
    case DType::kBFloat16:
      return add_values<uint16_t>(tensor, [&](uint16_t v) { m.add_half_val(v); });
    case DType::kInt64:
      return add_values<int64_t>(tensor, [&](int64_t v) { m.add_int64_val(v); });
    case DType::kBool:
      return add_values<uint8_t>(tensor, [&](uint8_t v) { m.add_bool_val(v != 0); });
    case DType::kUInt32:
      return add_values<uint32_t>(tensor, [&](uint32_t v) { m.add_uint32_val(v); });
    case DType::kUInt64:
      return add_values<uint64_t>(tensor, [&](uint64_t v) { m.add_uint64_val(v); });
    case DType::kComplex64:
      return add_values<float>(tensor, [&](float v) { m.add_scomplex_val(v); });
    case DType::kComplex128:
      return add_values<double>(tensor, [&](double v) { m.add_dcomplex_val(v); });
    default:
      unsupported(tensor.dtype());
  }
}

}  // namespace hoarfrost::tensorflow
