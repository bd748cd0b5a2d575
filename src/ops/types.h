// Choosing typed loops once per op.
#pragma once

#include <algorithm>

#include "ops/known.h"

namespace hoarfrost::ops {

// f.operator()<T>() for the T among Ts that is dtype. Throws Error{kUnsupported} when none is.
template <typename... Ts, typename F>
void with_type(const Node& node, DType dtype, F&& f) {
  const bool found = ((dtype == dtype_of<Ts>() ? (f.template operator()<Ts>(), true) : false) || ...);
  if (!found) unsupported(node, "there are no {} values of it here", dtype_name(dtype));
}
template <typename F>
void with_floats(const Node& node, DType dtype, F&& f) {
  with_type<float, double>(node, dtype, std::forward<F>(f));
}
template <typename F>
void with_numbers(const Node& node, DType dtype, F&& f) {
  with_type<float, double, int32_t, int64_t, uint8_t, int8_t, int16_t, uint16_t, uint32_t, uint64_t>(
      node, dtype, std::forward<F>(f));
}

// What a sum of T's is accumulated in: double for floats, the wrapping unsigned type of the same width for integers.
template <typename T>
struct SumOf {
  using type = std::make_unsigned_t<T>;
};
template <>
struct SumOf<float> {
  using type = double;
};
template <>
struct SumOf<double> {
  using type = double;
};
template <typename T>
using Sum = typename SumOf<T>::type;

inline bool is_half(DType dtype) { return dtype == DType::kFloat16 || dtype == DType::kBFloat16; }

using Reference = std::vector<Tensor> (*)(const Node&, Tensors);

// A reference whose 16-bit float inputs are computed as float32, and whose float32 outputs are then rounded back.
template <Reference reference>
std::vector<Tensor> through_float(const Node& node, Tensors inputs) {
  const auto half = std::ranges::find_if(inputs, [](const Tensor& t) { return is_half(t.dtype()); });
  if (half == inputs.end()) return reference(node, inputs);
  const DType dtype = half->dtype();
  std::vector<Tensor> widened(inputs.begin(), inputs.end());
  for (Tensor& tensor : widened) {
    if (is_half(tensor.dtype())) tensor = tensor.cast(DType::kFloat32);
  }
  std::vector<Tensor> outputs = reference(node, widened);
  for (Tensor& tensor : outputs) {
    if (tensor.dtype() == DType::kFloat32) tensor = tensor.cast(dtype);
  }
  return outputs;
}

}  // namespace hoarfrost::ops
