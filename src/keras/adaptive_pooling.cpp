#include "keras/adaptive_pooling.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "keras/contraction.h"

namespace hoarfrost::keras {
namespace {

// First element and the one behind the last, for each of n windows over an axis.
std::vector<std::pair<int64_t, int64_t>> windows(int64_t size, int64_t n) {
  std::vector<std::pair<int64_t, int64_t>> result;
  for (int64_t i = 0; i < n; ++i) {
    const float first = std::floor(static_cast<float>(i) * static_cast<float>(size) / static_cast<float>(n));
    const float end = std::ceil(static_cast<float>(i + 1) * static_cast<float>(size) / static_cast<float>(n));
    result.emplace_back(std::min<int64_t>(static_cast<int64_t>(first), size - 1),
                        std::min<int64_t>(static_cast<int64_t>(end), size));
  }
  return result;
}

// rows: [size, elements] -> [n, elements]
Value lower_means(Lowering& lowering, const Value& rows, int64_t size, int64_t n) {
  Tensor weights(DType::kFloat32, {n, size});
  const auto values = weights.mutable_values<float>();
  std::ranges::fill(values, 0.0F);
  const auto all = windows(size, n);
  for (size_t i = 0; i < all.size(); ++i) {
    for (int64_t k = all[i].first; k < all[i].second; ++k)
      values[i * static_cast<size_t>(size) + static_cast<size_t>(k)] =
          1.0F / static_cast<float>(all[i].second - all[i].first);
  }
  return lowering.op("MatMul", {lowering.constant("MatMul/windows", weights.cast(rows.dtype)), rows},
                     {{"transpose_a", false}, {"transpose_b", false}});
}

// A window that is shorter than the longest meets its last element again, which changes no maximum.
Value lower_maxima(Lowering& lowering, const Value& rows, int64_t size, int64_t n) {
  const auto all = windows(size, n);
  int64_t longest = 0;
  for (const auto& [first, end] : all) longest = std::max(longest, end - first);
  std::vector<int64_t> from;
  for (const auto& [first, end] : all) {
    for (int64_t k = 0; k < longest; ++k) from.push_back(std::min(first + k, end - 1));
  }
  Value y = lowering.raw_op("Gather", "Gather", {rows, lowering.ints("Gather/indices", from)}, rows.dtype,
                            {{"Tparams", rows.dtype}, {"Tindices", DType::kInt32}, {"validate_indices", true}});
  y = lowering.reshape(y, {n, longest, kUnknown});
  return lowering.op("Max", {y, lowering.ints("Max/reduction_indices", {1})},
                     {{"keep_dims", false}, {"Tidx", DType::kInt32}});
}

}  // namespace

AdaptivePooling parse_adaptive_pooling(const Config& config, size_t rank, bool is_max) {
  config.ignore({"data_format"});
  const AdaptivePooling pooling{config.get_ints({"output_size"}, rank), is_max};
  for (const int64_t size : pooling.output_size) {
    if (size < 1) config.fail(fmt::format("`output_size` must be 1 or more, found {}", size));
  }
  return pooling;
}

Shapes infer_adaptive_pooling(const AdaptivePooling& pooling, const Shapes& in) {
  expect_inputs(in, 1);
  expect_rank(in[0], static_cast<int>(pooling.output_size.size()) + 2);
  Shape out = in[0];
  for (size_t axis = 0; axis < pooling.output_size.size(); ++axis)
    out[static_cast<int>(axis) + 1] = pooling.output_size[axis];
  for (int axis = 1; axis < out.rank(); ++axis) {
    if (in[0][axis] < 1)
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("every size but the batch's must be known, found {}", in[0].to_string()));
  }
  return {out};
}

Values lower_adaptive_pooling(const AdaptivePooling& pooling, Lowering& lowering, const Values& in) {
  Value x = in[0];
  (void)infer_adaptive_pooling(pooling, {x.shape});
  for (size_t i = 0; i < pooling.output_size.size(); ++i) {
    const auto axis = static_cast<int64_t>(i) + 1;
    std::vector<int64_t> to_front{axis};
    std::vector<int64_t> back;
    for (int64_t a = 0; a < x.shape.rank(); ++a) {
      if (a != axis) to_front.push_back(a);
      back.push_back(a < axis ? a + 1 : a == axis ? 0 : a);
    }
    const Value front = lower_transpose(lowering, x, to_front);
    const int64_t size = front.shape[0];
    const int64_t n = pooling.output_size[i];
    const Value rows = lowering.reshape(front, {size, kUnknown});
    Value y = pooling.is_max ? lower_maxima(lowering, rows, size, n) : lower_means(lowering, rows, size, n);
    Shape shape = front.shape;
    shape[0] = n;
    shape[1] = kUnknown;
    y = lowering.reshape(y, shape);
    shape[1] = front.shape[1];
    y.shape = shape;
    x = lower_transpose(lowering, y, back);
  }
  return {x};
}

Formulas adaptive_pooling_reference(const AdaptivePooling& pooling, const Arrays& in) {
  const Shape out = infer_adaptive_pooling(pooling, {in[0].shape()})[0];
  double cost = 1;
  for (size_t i = 0; i < pooling.output_size.size(); ++i)
    cost *= static_cast<double>(in[0].size(static_cast<int>(i) + 1)) / static_cast<double>(pooling.output_size[i]) + 1;
  const auto at = [x = in[0], pooling](const Index& o) {
    Index first = o;
    Shape window;
    for (size_t i = 0; i < pooling.output_size.size(); ++i) {
      const int axis = static_cast<int>(i) + 1;
      const auto [from, end] = windows(x.size(axis), pooling.output_size[i])[static_cast<size_t>(o[axis])];
      first[axis] = from;
      window.push_back(end - from);
    }
    double sum = 0;
    double largest = -std::numeric_limits<double>::infinity();
    for (int64_t k = 0; k < window.n_elements(); ++k) {
      const Index within = Index::at_offset(window, k);
      Index position = first;
      for (int axis = 0; axis < window.rank(); ++axis) position[axis + 1] += within[axis];
      sum += x[position];
      largest = std::max(largest, x[position]);
    }
    return pooling.is_max ? largest : sum / static_cast<double>(window.n_elements());
  };
  return {{out, at, cost}};
}

}  // namespace hoarfrost::keras
