// Choosing typed loops once per op.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

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

// A reference that only moves elements, for text too: it moves their numbers, and the texts follow.
template <Reference reference>
std::vector<Tensor> moving_text(const Node& node, Tensors inputs) {
  const auto is_text = [](const Tensor& t) { return t.dtype() == DType::kString; };
  if (std::ranges::none_of(inputs, is_text)) return reference(node, inputs);
  std::vector<const std::string*> texts;
  std::vector<Tensor> numbered(inputs.begin(), inputs.end());
  for (Tensor& tensor : numbered) {
    if (!is_text(tensor)) continue;
    Tensor numbers(DType::kInt64, tensor.shape());
    for (size_t i = 0; i < tensor.strings().size(); ++i) {
      numbers.mutable_values<int64_t>()[i] = static_cast<int64_t>(texts.size());
      texts.push_back(&tensor.strings()[i]);
    }
    tensor = numbers;
  }
  std::vector<Tensor> outputs = reference(node, numbered);
  for (Tensor& tensor : outputs) {
    std::vector<std::string> moved;
    for (const int64_t number : tensor.values<int64_t>()) moved.push_back(*texts[static_cast<size_t>(number)]);
    tensor = Tensor(tensor.shape(), std::move(moved));
  }
  return outputs;
}

}  // namespace hoarfrost::ops
