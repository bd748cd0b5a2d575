// Elementwise functions of two inputs that broadcast together: a row each. AddN is their sum without broadcasting.
#include <utility>

#include "ops/arithmetic.h"
#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_binary(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  need_same_type(node, inputs);
  return {of_type(inputs[0].dtype, broadcast_shapes(node, inputs[0].shape, inputs[1].shape))};
}

std::vector<Known> infer_comparison(const Node& node, Knowns inputs) {
  return {of_type(DType::kBool, infer_binary(node, inputs)[0].shape)};
}

// output[i] = f(a[i], b[i]) with a and b repeated as broadcasting says.
template <typename T, typename R, typename F>
void zip(const Tensor& a, const Tensor& b, Tensor& output, F f) {
  const T* as = a.values<T>().data();
  const T* bs = b.values<T>().data();
  R* out = output.mutable_values<R>().data();
  const Shape& shape = output.shape();
  for_each_run<2>(shape.sizes(), {broadcast_strides(a.shape(), shape), broadcast_strides(b.shape(), shape)},
                  [&](const auto& offsets, const auto& steps, int64_t n) {
                    out = zip_run(out, n, as + offsets[0], steps[0], bs + offsets[1], steps[1], f);
                  });
}

template <auto f, typename... Ts>
std::vector<Tensor> of_types(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_binary(node, known(inputs))[0]);
  with_type<Ts...>(node, output.dtype(), [&]<typename T>() { zip<T, T>(inputs[0], inputs[1], output, f); });
  return {output};
}
template <auto f>
constexpr Reference numbers =
    through_float<of_types<f, float, double, int32_t, int64_t, uint8_t, int8_t, int16_t, uint16_t, uint32_t, uint64_t>>;
template <auto f>
constexpr Reference floats = through_float<of_types<f, float, double>>;

// As numbers, after a check that no integer in the second input makes f meaningless: TensorFlow's errors
// "Integer division by zero" and "Integers to negative integer powers are not allowed".
template <bool (*is_bad)(double), auto f>
std::vector<Tensor> checked_numbers(const Node& node, Tensors inputs) {
  need_inputs(node, inputs.size(), 2);
  const DType dtype = inputs[1].dtype();
  if (!is_half(dtype) && dtype != DType::kFloat32 && dtype != DType::kFloat64) {
    const Reader divisor(inputs[1]);
    for (int64_t i = 0; i < inputs[1].n_elements(); ++i) {
      if (is_bad(divisor[i]))
        fail(ErrorCode::kInvalidArgument, node, fmt::format("an integer second input is {}", divisor[i]));
    }
  }
  return numbers<f>(node, inputs);
}
bool is_zero(double x) { return x == 0; }
bool is_negative(double x) { return x < 0; }

template <auto f>
std::vector<Tensor> compare(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_comparison(node, known(inputs))[0]);
  with_type<float, double, int32_t, int64_t, uint8_t, int8_t, int16_t, uint16_t, uint32_t, uint64_t, bool>(
      node, inputs[0].dtype(), [&]<typename T>() { zip<T, bool>(inputs[0], inputs[1], output, f); });
  return {output};
}
// Text is equal or not, byte by byte.
template <bool is_equal>
std::vector<Tensor> compare_text(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_comparison(node, known(inputs))[0]);
  const std::vector<std::string>&a = inputs[0].strings(), &b = inputs[1].strings();
  const Shape& shape = output.shape();
  bool* out = output.mutable_values<bool>().data();
  for_each_run<2>(shape.sizes(),
                  {broadcast_strides(inputs[0].shape(), shape), broadcast_strides(inputs[1].shape(), shape)},
                  [&](const auto& offsets, const auto& steps, int64_t n) {
                    for (int64_t i = 0; i < n; ++i) {
                      const auto at_a = static_cast<size_t>(offsets[0] + i * steps[0]);
                      const auto at_b = static_cast<size_t>(offsets[1] + i * steps[1]);
                      *out++ = (a[at_a] == b[at_b]) == is_equal;
                    }
                  });
  return {output};
}

template <auto f>
constexpr Reference comparison = through_float<compare<f>>;

template <bool is_equal>
std::vector<Tensor> equality(const Node& node, Tensors inputs) {
  need_inputs(node, inputs.size(), 2);
  if (inputs[0].dtype() == DType::kString) return compare_text<is_equal>(node, inputs);
  return comparison<[](auto a, auto b) { return (a == b) == is_equal; }>(node, inputs);
}

template <auto f>
constexpr Reference whole_numbers =
    of_types<f, int32_t, int64_t, uint8_t, int8_t, int16_t, uint16_t, uint32_t, uint64_t>;
// TensorFlow shifts by no more than the type's bits less one, and by nothing where the number is below zero.
template <typename T>
int shift_of(T by) {
  constexpr int kMost = static_cast<int>(8 * sizeof(T)) - 1;
  return by < 0 ? 0 : std::cmp_greater(by, kMost) ? kMost : static_cast<int>(by);
}

template <auto f>
std::vector<Tensor> logical(const Node& node, Tensors inputs) {
  need_inputs(node, inputs.size(), 2);
  need_type(node, known(inputs)[0], DType::kBool);
  return of_types<f, bool>(node, inputs);
}

std::vector<Known> infer_add_n(const Node& node, Knowns inputs) {
  need_at_least(node, inputs.size(), 1);
  need_same_type(node, inputs);
  Shape shape = Shape::unknown_rank();
  for (const Known& input : inputs) {
    if (!input.shape.has_rank()) continue;
    if (!shape.has_rank()) shape = input.shape;
    if (shape.rank() != input.shape.rank()) {
      mismatch(node, "expected inputs of one shape, found {} and {}", shape.to_string(), input.shape.to_string());
    }
    for (int axis = 0; axis < shape.rank(); ++axis) {
      shape[axis] = merged(node, shape[axis], input.shape[axis], "inputs of one shape, an axis of");
    }
  }
  return {of_type(inputs[0].dtype, shape)};
}

std::vector<Tensor> add_n(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_add_n(node, known(inputs))[0]);
  with_numbers(node, output.dtype(), [&]<typename T>() {
    const auto out = output.mutable_values<T>();
    for (size_t i = 0; i < out.size(); ++i) {
      Sum<T> sum = 0;
      for (const Tensor& input : inputs) sum = static_cast<Sum<T>>(sum + static_cast<Sum<T>>(input.values<T>()[i]));
      out[i] = static_cast<T>(sum);
    }
  });
  return {output};
}

}  // namespace

std::span<const OpSpec> binary_ops() {
  static constexpr OpSpec kOps[] = {
      {"Add", infer_binary, numbers<[](auto a, auto b) { return wrapping_sum(a, b); }>},
      {"AddV2", infer_binary, numbers<[](auto a, auto b) { return wrapping_sum(a, b); }>},
      {"AddN", infer_add_n, through_float<add_n>},
      {"Sub", infer_binary, numbers<[](auto a, auto b) { return wrapping_difference(a, b); }>},
      {"Mul", infer_binary, numbers<[](auto a, auto b) { return wrapping_product(a, b); }>},
      {"Div", infer_binary, checked_numbers<is_zero, [](auto a, auto b) { return quotient(a, b); }>},
      {"RealDiv", infer_binary, floats<[](auto a, auto b) { return a / b; }>},
      {"TruncateDiv", infer_binary, checked_numbers<is_zero, [](auto a, auto b) { return quotient(a, b); }>},
      {"FloorDiv", infer_binary, checked_numbers<is_zero, [](auto a, auto b) { return floor_quotient(a, b); }>},
      {"FloorMod", infer_binary, checked_numbers<is_zero, [](auto a, auto b) { return floor_remainder(a, b); }>},
      {"TruncateMod", infer_binary, checked_numbers<is_zero, [](auto a, auto b) { return remainder_of(a, b); }>},
      {"BitwiseAnd", infer_binary, whole_numbers<[](auto a, auto b) { return static_cast<decltype(a)>(a & b); }>},
      {"BitwiseOr", infer_binary, whole_numbers<[](auto a, auto b) { return static_cast<decltype(a)>(a | b); }>},
      {"BitwiseXor", infer_binary, whole_numbers<[](auto a, auto b) { return static_cast<decltype(a)>(a ^ b); }>},
      {"LeftShift", infer_binary, whole_numbers<[](auto a, auto b) {
         return static_cast<decltype(a)>(static_cast<std::make_unsigned_t<decltype(a)>>(a) << shift_of(b));
       }>},
      {"RightShift", infer_binary,
       whole_numbers<[](auto a, auto b) { return static_cast<decltype(a)>(a >> shift_of(b)); }>},
      {"DivNoNan", infer_binary, floats<[](auto a, auto b) { return b == 0 ? b * 0 : a / b; }>},
      {"Maximum", infer_binary, numbers<[](auto a, auto b) { return a < b || b != b ? b : a; }>},  // NaN wins
      {"Minimum", infer_binary, numbers<[](auto a, auto b) { return b < a || b != b ? b : a; }>},
      {"Pow", infer_binary, checked_numbers<is_negative, [](auto a, auto b) { return power(a, b); }>},
      {"SquaredDifference", infer_binary, numbers<[](auto a, auto b) {
         const auto d = wrapping_difference(a, b);
         return wrapping_product(d, d);
       }>},
      {"Atan2", infer_binary,
       floats<[](auto a, auto b) { return std::atan2(static_cast<double>(a), static_cast<double>(b)); }>},
      // Gradients of activations: (dy, x), or (y, dy) where the output says more.
      {"ReluGrad", infer_binary, floats<[](auto dy, auto x) { return (x > 0) ? dy : decltype(dy){0}; }>},
      {"Relu6Grad", infer_binary, floats<[](auto dy, auto x) { return (x > 0) && x < 6 ? dy : decltype(dy){0}; }>},
      {"EluGrad", infer_binary, floats<[](auto dy, auto y) { return y < 0 ? dy * (y + 1) : dy; }>},
      {"SigmoidGrad", infer_binary, floats<[](auto y, auto dy) { return dy * y * (1 - y); }>},
      {"TanhGrad", infer_binary, floats<[](auto y, auto dy) { return dy * (1 - y * y); }>},
      {"Equal", infer_comparison, equality<true>},
      {"NotEqual", infer_comparison, equality<false>},
      {"Less", infer_comparison, comparison<[](auto a, auto b) { return a < b; }>},
      {"LessEqual", infer_comparison, comparison<[](auto a, auto b) { return a <= b; }>},
      {"Greater", infer_comparison, comparison<[](auto a, auto b) { return (a > b); }>},
      {"GreaterEqual", infer_comparison, comparison<[](auto a, auto b) { return a >= b; }>},
      {"LogicalAnd", infer_comparison, logical<[](bool a, bool b) { return a && b; }>},
      {"LogicalOr", infer_comparison, logical<[](bool a, bool b) { return a || b; }>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
