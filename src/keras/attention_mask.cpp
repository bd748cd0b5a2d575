#include "keras/attention_mask.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

Value expand_mask(Lowering& lowering, const Value& x, int64_t axis) {
  Value result = lowering.op("ExpandDims", {x, lowering.int_scalar("ExpandDims/dim", axis)}, {{"Tdim", DType::kInt32}});
  result.shape =
      x.shape.has_rank() ? Shape(std::vector<int64_t>(static_cast<size_t>(x.shape.rank()) + 1, kUnknown)) : x.shape;
  return result;
}

Value as_bool(Lowering& lowering, const Value& x) {
  if (x.dtype == DType::kBool) return x;
  Value result = lowering.raw_op("Cast", "Cast", {x}, DType::kBool, {{"SrcT", x.dtype}, {"DstT", DType::kBool}});
  result.shape = x.shape;
  return result;
}

// 0, 1, … of as many as x has steps, int32.
Value steps(Lowering& lowering, const Value& x) {
  const Value n = x.shape[1] != kUnknown ? lowering.int_scalar("range/limit", x.shape[1]) : size_of(lowering, x, 1);
  return lowering.raw_op("range", "Range",
                         {lowering.int_scalar("range/start", 0), n, lowering.int_scalar("range/delta", 1)},
                         DType::kInt32, {{"Tidx", DType::kInt32}});
}

Value compare(Lowering& lowering, std::string_view op, const Value& a, const Value& b) {
  return lowering.raw_op(op, op, {a, b}, DType::kBool, {{"T", a.dtype}});
}

}  // namespace

Value lower_attention_mask(Lowering& lowering, const AttentionMasks& masks, const Value& query, const Value& key) {
  Value result;
  int rank = 0;
  const auto add = [&](const Value& mask, int mask_rank) {
    result = result.tensor ? lowering.raw_op("LogicalAnd", "LogicalAnd", {result, mask}, DType::kBool, {}) : mask;
    rank = std::max(rank, mask_rank);
  };
  if (masks.query.tensor) add(expand_mask(lowering, as_bool(lowering, masks.query), -1), 3);
  if (masks.value.tensor) add(expand_mask(lowering, as_bool(lowering, masks.value), -2), 3);
  if (masks.key.tensor && masks.key.tensor != masks.value.tensor)
    add(expand_mask(lowering, as_bool(lowering, masks.key), -2), 3);
  if (masks.is_causal || masks.window > 0) {
    const Value row = expand_mask(lowering, steps(lowering, query), -1);
    const Value column = expand_mask(lowering, steps(lowering, key), 0);
    if (masks.is_causal) add(expand_mask(lowering, compare(lowering, "GreaterEqual", row, column), 0), 3);
    if (masks.window > 0) {
      const Value distance = lowering.op("Abs", {lowering.named_op("sub", "Sub", {row, column})});
      add(expand_mask(lowering, compare(lowering, "Less", distance, lowering.int_scalar("Less/y", masks.window)), 0),
          3);
    }
  }
  if (masks.given.tensor) add(as_bool(lowering, masks.given), masks.given.shape.rank());
  result.shape = Shape(std::vector<int64_t>(static_cast<size_t>(rank), kUnknown));
  return result;
}

Value lower_masked_scores(Lowering& lowering, const Value& scores, Value mask, int n_axes) {
  while (mask.shape.rank() < scores.shape.rank()) mask = expand_mask(lowering, mask, -2 * n_axes - 1);
  const double least = scores.dtype == DType::kFloat16 ? -65504.0 : -1e9;
  const Value seen =
      lowering.raw_op("softmax/Cast", "Cast", {mask}, scores.dtype, {{"SrcT", DType::kBool}, {"DstT", scores.dtype}});
  const Value hidden = lowering.named_op("softmax/sub", "Sub", {lowering.scalar("softmax/sub/x", 1, scores), seen});
  Value result = lowering.named_op(
      "softmax/add", "Add",
      {scores, lowering.named_op("softmax/mul", "Mul", {hidden, lowering.scalar("softmax/mul/y", least, scores)})});
  result.shape = scores.shape;
  return result;
}

Value lower_unseen_as_zero(Lowering& lowering, const Value& softmax, Value mask, int n_axes) {
  while (mask.shape.rank() < softmax.shape.rank()) mask = expand_mask(lowering, mask, -2 * n_axes - 1);
  const Value seen =
      lowering.raw_op("softmax/Cast", "Cast", {mask}, softmax.dtype, {{"SrcT", DType::kBool}, {"DstT", softmax.dtype}});
  Value result = lowering.named_op("softmax/mul", "Mul", {softmax, seen});
  result.shape = softmax.shape;
  return result;
}

std::vector<double> masked_softmax(std::vector<double> scores, const std::vector<bool>& is_seen) {
  if (std::ranges::find(is_seen, true) == is_seen.end())
    return std::vector<double>(scores.size(), 1.0 / static_cast<double>(scores.size()));
  double largest = -HUGE_VAL;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (is_seen[i]) largest = std::max(largest, scores[i]);
  }
  double sum = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    scores[i] = is_seen[i] ? std::exp(scores[i] - largest) : 0;
    sum += scores[i];
  }
  for (double& score : scores) score /= sum;
  return scores;
}

}  // namespace hoarfrost::keras
