// Cumsum and Cumprod along an axis (exclusive, reverse), and TopKV2 of the last one.
#include <numeric>

#include "ops/arithmetic.h"
#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_scan(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const auto axis = integer(node, inputs[1]);
  if (axis && inputs[0].shape.has_rank()) (void)normalized_axis(node, *axis, inputs[0].shape.rank());
  return infer_as_first(node, inputs);
}

template <typename T, bool is_sum>
void scan_along(const T* x, T* out, int64_t n, int64_t stride, bool is_exclusive, bool is_reverse) {
  using A = std::conditional_t<std::is_floating_point_v<T>, double, T>;
  A so_far = is_sum ? 0 : 1;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = (is_reverse ? n - 1 - i : i) * stride;
    const A before = so_far;
    const auto value = static_cast<A>(x[at]);
    so_far = is_sum ? wrapping_sum(so_far, value) : wrapping_product(so_far, value);
    out[at] = static_cast<T>(is_exclusive ? before : so_far);
  }
}

template <bool is_sum>
std::vector<Tensor> scan(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_scan(node, all)[0]);
  if (output.n_elements() == 0) return {output};
  const auto axis = static_cast<size_t>(normalized_axis(node, *integer(node, all[1]), output.shape().rank()));
  const int64_t n = output.shape().sizes()[axis];
  const int64_t stride = strides_of(output.shape())[axis];
  const bool is_exclusive = node.get_or<bool>("exclusive", false);
  const bool is_reverse = node.get_or<bool>("reverse", false);
  with_numbers(node, output.dtype(), [&]<typename T>() {
    const T* x = inputs[0].values<T>().data();
    T* out = output.mutable_values<T>().data();
    for (int64_t line = 0; line < output.n_elements() / n; ++line) {
      const int64_t at = line / stride * n * stride + line % stride;
      scan_along<T, is_sum>(x + at, out + at, n, stride, is_exclusive, is_reverse);
    }
  });
  return {output};
}

std::vector<Known> infer_top_k(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const auto k = integer(node, inputs[1]);
  Shape shape = inputs[0].shape;
  const DType index_type = node.get_or<DType>("index_type", DType::kInt32);
  if (shape.has_rank()) {
    if (shape.rank() == 0) mismatch(node, "expected an input with an axis, found a scalar");
    if (k && (*k < 0 || (shape.last() >= 0 && *k > shape.last()))) {
      mismatch(node, "expected k in [0, {}], found {}", shape.last(), *k);
    }
    shape[-1] = k.value_or(kUnknown);
  }
  return {of_type(inputs[0].dtype, shape), of_type(index_type, shape)};
}

// Greatest first; of equal ones the lower index.
template <typename T>
void top_of_row(const T* row, int64_t n, int64_t k, T* values, int64_t* indices) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::partial_sort(order.begin(), order.begin() + k, order.end(),
                    [row](int64_t a, int64_t b) { return row[a] > row[b] || (row[a] == row[b] && a < b); });
  for (int64_t i = 0; i < k; ++i) {
    indices[i] = order[static_cast<size_t>(i)];
    values[i] = row[indices[i]];
  }
}

std::vector<Tensor> top_k(const Node& node, Tensors inputs) {
  const auto outputs = infer_top_k(node, known(inputs));
  Tensor values = allocate(node, outputs[0]);
  Tensor indices = allocate(node, of_type(DType::kInt64, outputs[1].shape));
  const int64_t n = inputs[0].shape().last();
  const int64_t k = values.shape().last();
  with_numbers(node, values.dtype(), [&]<typename T>() {
    for (int64_t row = 0; k > 0 && row < values.n_elements() / k; ++row) {
      top_of_row(inputs[0].values<T>().data() + row * n, n, k, values.mutable_values<T>().data() + row * k,
                 indices.mutable_values<int64_t>().data() + row * k);
    }
  });
  return {values, indices.cast(outputs[1].dtype)};
}

}  // namespace

std::span<const OpSpec> scan_ops() {
  static constexpr OpSpec kOps[] = {
      {"Cumsum", infer_scan, through_float<scan<true>>},
      {"Cumprod", infer_scan, through_float<scan<false>>},
      {"TopKV2", infer_top_k, through_float<top_k>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
