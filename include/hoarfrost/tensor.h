// Shapes, element types and tensors. A Tensor is a type, a shape and a view of bytes with an owner: memory, or a range
// of a file that is mapped only when somebody looks at the values. Copying a Tensor copies the view, never the bytes.
#pragma once

#include <hoarfrost/file.h>

#include <complex>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost {

// Element types with the numbers of TensorFlow's types.proto. A reference type (VariableV2's output) is kRef + type.
enum class DType : int {
  kInvalid = 0,
  kFloat32 = 1,
  kFloat64 = 2,
  kInt32 = 3,
  kUInt8 = 4,
  kInt16 = 5,
  kInt8 = 6,
  kString = 7,
  kComplex64 = 8,
  kInt64 = 9,
  kBool = 10,
  kQInt8 = 11,
  kQUInt8 = 12,
  kQInt32 = 13,
  kBFloat16 = 14,
  kQInt16 = 15,
  kQUInt16 = 16,
  kUInt16 = 17,
  kComplex128 = 18,
  kFloat16 = 19,
  kResource = 20,
  kVariant = 21,
  kUInt32 = 22,
  kUInt64 = 23,
  kRef = 100,
};

// "float32", "int64", …, as Keras and NumPy spell them.
std::string_view dtype_name(DType dtype);
// The reverse; nullopt for a name that is none.
std::optional<DType> dtype_from_name(std::string_view name);
// Bytes of one element; 0 for strings, resources and variants, whose size is not fixed.
size_t dtype_size(DType dtype);

constexpr int64_t kUnknown = -1;  // a size that is known only when the graph runs: Keras' None

// Sizes along the axes, outermost first, kUnknown among them, or no known rank at all.
class Shape {
 public:
  Shape() = default;  // a scalar
  Shape(std::initializer_list<int64_t> sizes) : sizes_(sizes) {}
  explicit Shape(std::vector<int64_t> sizes) : sizes_(std::move(sizes)) {}
  static Shape unknown_rank();

  [[nodiscard]] bool has_rank() const { return has_rank_; }
  [[nodiscard]] int rank() const { return static_cast<int>(sizes_.size()); }
  // axis may be negative, counted from the last. Throws Error{kInvalidArgument} outside the rank.
  [[nodiscard]] int64_t operator[](int axis) const { return sizes_[normalized(axis)]; }
  int64_t& operator[](int axis) { return sizes_[normalized(axis)]; }
  // axis counted from the first, in [0, rank).
  [[nodiscard]] size_t normalized(int axis) const;
  [[nodiscard]] int64_t last() const { return (*this)[-1]; }
  [[nodiscard]] const std::vector<int64_t>& sizes() const { return sizes_; }
  [[nodiscard]] bool is_static() const;
  // Product of the sizes. Throws Error{kInvalidArgument} when one is unknown or the product does not fit 63 bits.
  [[nodiscard]] int64_t n_elements() const;
  void push_back(int64_t size) { sizes_.push_back(size); }
  // "[?, 32, 32, 3]"; "<unknown>" without a rank.
  [[nodiscard]] std::string to_string() const;
  bool operator==(const Shape&) const = default;

 private:
  std::vector<int64_t> sizes_;
  bool has_rank_ = true;
};

// NumPy's broadcasting of two shapes (kUnknown with 1 or kUnknown stays unknown; with n > 1 becomes n).
// Throws Error{kMismatch} when the shapes do not meet.
Shape broadcast(const Shape& a, const Shape& b);

class Tensor {
 public:
  Tensor() = default;
  // Zeroed memory. Throws Error{kInvalidArgument} for a shape with unknown sizes.
  Tensor(DType dtype, Shape shape);
  // A view of a file. Throws Error{kCorrupt} when the range lies outside the file or does not fit dtype and shape.
  Tensor(DType dtype, Shape shape, FileRange range);
  // A view of foreign memory that `owner` keeps alive.
  Tensor(DType dtype, Shape shape, std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
  // A string tensor.
  Tensor(Shape shape, std::vector<std::string> strings);

  // The elements of `head`, whose last one is repeated until `shape` is full. It remembers how few it was made of, for
  // TensorFlow's files say such a tensor by those few. Throws Error{kInvalidArgument} for an empty head or a string
  // one.
  static Tensor repeating(const Tensor& head, Shape shape);

  template <typename T>
  static Tensor of(Shape shape, std::span<const T> values);
  template <typename T>
  static Tensor of(Shape shape, std::initializer_list<T> values) {
    return of<T>(std::move(shape), std::span<const T>(values.begin(), values.size()));
  }
  template <typename T>
  static Tensor scalar(T value) {
    return of<T>({}, {value});
  }
  template <typename T>
  static Tensor vector(const std::vector<T>& values) {
    return of<T>({static_cast<int64_t>(values.size())}, std::span<const T>(values));
  }

  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] int64_t n_elements() const { return shape_.n_elements(); }
  [[nodiscard]] uint64_t n_bytes() const { return n_bytes_; }
  [[nodiscard]] bool empty() const { return dtype_ == DType::kInvalid; }

  // How many elements say all of them, for a tensor made by repeating(); else n_elements().
  [[nodiscard]] int64_t n_said() const { return n_said_ > 0 ? n_said_ : n_elements(); }

  // The bytes; maps the file when they are a range of one.
  [[nodiscard]] std::span<const std::byte> bytes() const;
  // What keeps the bytes alive: of a resource, the thing itself.
  [[nodiscard]] const std::shared_ptr<const void>& owner() const { return owner_; }
  // For a writer that can copy from file to file; nullptr when the bytes are in memory.
  [[nodiscard]] const FileRange* file_range() const { return range_ ? &*range_ : nullptr; }
  // The values. Throws Error{kInvalidArgument} when T is not the tensor's type. A view of a file need not be aligned
  // for T: x86-64 and AArch64 read it all the same, and aligned() gives a copy where a library asks for alignment.
  template <typename T>
  [[nodiscard]] std::span<const T> values() const;
  // To fill a tensor just made. Only for tensors whose memory nobody else views.
  template <typename T>
  [[nodiscard]] std::span<T> mutable_values();
  [[nodiscard]] std::span<std::byte> mutable_bytes();
  [[nodiscard]] const std::vector<std::string>& strings() const;

  // The same bytes under another shape with as many elements. Throws Error{kMismatch}.
  [[nodiscard]] Tensor reshaped(Shape shape) const;
  // A copy in memory that nobody else views. Not for strings.
  [[nodiscard]] Tensor copied() const;
  // Itself, or a copy in memory when the bytes are not aligned for their type.
  [[nodiscard]] Tensor aligned() const;
  // For who has copied the values of a view of a file: its pages stop counting as memory until somebody looks again.
  void release() const;
  // The values as another numeric type (float16 and bfloat16 included, rounded to nearest even); itself when it is
  // that.
  [[nodiscard]] Tensor cast(DType dtype) const;

 private:
  void check_type(DType wanted) const;
  DType dtype_ = DType::kInvalid;
  Shape shape_;
  uint64_t n_bytes_ = 0;
  int64_t n_said_ = 0;
  std::optional<FileRange> range_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<const std::vector<std::string>> strings_;
};

// The DType of a C++ type.
template <typename T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>)
    return DType::kFloat32;
  else if constexpr (std::is_same_v<T, double>)
    return DType::kFloat64;
  else if constexpr (std::is_same_v<T, int32_t>)
    return DType::kInt32;
  else if constexpr (std::is_same_v<T, uint8_t>)
    return DType::kUInt8;
  else if constexpr (std::is_same_v<T, int16_t>)
    return DType::kInt16;
  else if constexpr (std::is_same_v<T, int8_t>)
    return DType::kInt8;
  else if constexpr (std::is_same_v<T, int64_t>)
    return DType::kInt64;
  else if constexpr (std::is_same_v<T, bool>)
    return DType::kBool;
  else if constexpr (std::is_same_v<T, uint16_t>)
    return DType::kUInt16;
  else if constexpr (std::is_same_v<T, uint32_t>)
    return DType::kUInt32;
  else if constexpr (std::is_same_v<T, uint64_t>)
    return DType::kUInt64;
  else if constexpr (std::is_same_v<T, std::complex<float>>)
    return DType::kComplex64;
  else if constexpr (std::is_same_v<T, std::complex<double>>)
    return DType::kComplex128;
  else
    static_assert(sizeof(T) == 0, "no DType for this type");
}

template <typename T>
std::span<const T> Tensor::values() const {
  check_type(dtype_of<T>());
  const auto b = bytes();
  return {reinterpret_cast<const T*>(b.data()), b.size() / sizeof(T)};
}

template <typename T>
std::span<T> Tensor::mutable_values() {
  check_type(dtype_of<T>());
  const auto b = mutable_bytes();
  return {reinterpret_cast<T*>(b.data()), b.size() / sizeof(T)};
}

template <typename T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  Tensor result(dtype_of<T>(), std::move(shape));
  result.check_type(dtype_of<T>());
  const auto target = result.template mutable_values<T>();
  for (size_t i = 0; i < target.size() && i < values.size(); ++i) target[i] = values[i];
  return result;
}

// Reads element i of a numeric tensor as a double, whatever its type. Made once per tensor, it costs a switch per
// element.
class Reader {
 public:
  explicit Reader(const Tensor& tensor);
  double operator[](int64_t i) const {
    if (dtype_ != DType::kFloat32) return read(i);
    float value;  // nearly every tensor: worth a branch of its own, the references live on it
    std::memcpy(&value, data_ + i * 4, sizeof value);
    return value;
  }
  [[nodiscard]] const Shape& shape() const { return tensor_.shape(); }
  [[nodiscard]] const Tensor& tensor() const { return tensor_; }

 private:
  [[nodiscard]] double read(int64_t i) const;
  Tensor tensor_;
  DType dtype_;
  const std::byte* data_;
};

float half_to_float(uint16_t bits);
uint16_t float_to_half(float value);
float bfloat16_to_float(uint16_t bits);
uint16_t float_to_bfloat16(float value);

}  // namespace hoarfrost
