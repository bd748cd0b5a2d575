#include "keras/masked_merge.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/mask_versions.h"
#include "keras/merge.h"

namespace hoarfrost::keras {
namespace {

void expect_alike(const Values& in) {
  for (const Value& x : in) {
    bool is_alike = x.shape.rank() == 3;  // [batch, time, features], for a mask is [batch, time]
    for (int axis = 0; is_alike && axis < 3; ++axis)
      is_alike = x.shape[axis] == in[0].shape[axis] || x.shape[axis] == kUnknown || in[0].shape[axis] == kUnknown;
    if (!is_alike)
      throw Error(
          ErrorCode::kUnsupported, "",
          fmt::format("merging masked inputs of shapes {} and {} is not converted; sequences of vectors, all of "
                      "one shape, are",
                      in[0].shape.to_string(), x.shape.to_string()));
  }
}

// y where `mask` holds, z elsewhere. Its shape is y's, by which every program can choose.
Value chosen(Lowering& lowering, const graph::Endpoint& mask, const Value& y, const Value& z) {
  const Value steps =
      lowering.raw_op("ExpandDims", "ExpandDims", {{mask, DType::kBool}, lowering.int_scalar("ExpandDims/dim", -1)},
                      DType::kBool, {{"T", DType::kBool}, {"Tdim", DType::kInt32}});
  const Value never = lowering.raw_op("Less", "Less", {y, y}, DType::kBool, {{"T", y.dtype}});
  const Value all = lowering.raw_op("LogicalOr", "LogicalOr", {steps, never}, DType::kBool, {});
  Value result = lowering.raw_op("Select", "Select", {all, y, z}, y.dtype, {{"T", y.dtype}});
  result.shape = y.shape;
  return result;
}

Value filled_like(Lowering& lowering, const char* op, const Value& x) { return lowering.op(op, {x}); }

Value either(Lowering& lowering, const graph::Endpoint& a, const graph::Endpoint& b) {
  if (a == b) return {a, DType::kBool};
  return lowering.raw_op("LogicalOr", "LogicalOr", {{a, DType::kBool}, {b, DType::kBool}}, DType::kBool, {});
}

Value masked_product(Lowering& lowering, const Values& in) {
  const bool is_masked = std::ranges::all_of(in, [](const Value& x) { return bool(x.mask); });
  Value result;
  graph::Endpoint mask;
  for (const Value& x : in) {
    const Value factor = x.mask ? chosen(lowering, x.mask, x, filled_like(lowering, "OnesLike", x)) : x;
    result = result.tensor ? lowering.named_op("mul", "Mul", {result, factor}) : factor;
    result.shape = in[0].shape;
    if (is_masked) mask = mask ? either(lowering, mask, x.mask).tensor : x.mask;
  }
  if (is_masked) result = chosen(lowering, mask, result, filled_like(lowering, "ZerosLike", result));
  result.mask = mask;
  return result;
}

Value masked_extreme(MergeOp op, Lowering& lowering, const Values& in) {
  Value result = in[0];
  graph::Endpoint mask = in[0].mask;
  for (size_t i = 1; i < in.size(); ++i) {
    Value x = in[i];
    if (x.mask) x = chosen(lowering, x.mask, x, result);
    if (mask) result = chosen(lowering, mask, result, x);
    mask = mask && in[i].mask ? either(lowering, mask, in[i].mask).tensor : graph::Endpoint();
    result = lowering.named_op(op, op, {result, x});
    result.shape = in[0].shape;
  }
  result.mask = mask;
  return result;
}

double product_at(const Arrays& in, const Index& o, const std::vector<bool>& counts) {
  double result = 1;
  bool is_masked = true, is_seen = false;
  for (size_t i = 0; i < in.size(); ++i) {
    if (counts[i]) result *= in[i][o];
    is_masked = is_masked && in[i].mask != nullptr;
    is_seen = is_seen || counts[i];
  }
  return is_masked && !is_seen ? 0 : result;
}

// What an input does not count at is what came before it; what did not count so far is what comes.
double extreme_at(MergeOp op, const Arrays& in, const Index& o, const std::vector<bool>& counts) {
  double result = in[0][o];
  bool is_masked = in[0].mask != nullptr, has_counted = counts[0];
  for (size_t i = 1; i < in.size(); ++i) {
    const double x = counts[i] ? in[i][o] : result;
    const double before = is_masked && !has_counted ? x : result;
    is_masked = is_masked && in[i].mask != nullptr;
    has_counted = has_counted || counts[i];
    result = op == "Maximum" ? std::max(before, x) : std::min(before, x);
  }
  return result;
}

}  // namespace

bool merges_by_masks(Version version, const Values& in) {
  return unites_masks(version) && std::ranges::any_of(in, [](const Value& x) { return bool(x.mask); });
}

Value lower_masked_merge(MergeOp op, Lowering& lowering, const Values& in) {
  expect_alike(in);
  return op == "Mul" ? masked_product(lowering, in) : masked_extreme(op, lowering, in);
}

Formula masked_merge_reference(MergeOp op, Version version, const Arrays& in) {
  const bool has_masks =
      unites_masks(version) && std::ranges::any_of(in, [](const Array& x) { return x.mask != nullptr; });
  if (!has_masks) {
    if (op == "Mul") return merge_reference(in, [](double a, double b) { return a * b; });
    if (op == "Maximum") return merge_reference(in, [](double a, double b) { return a > b ? a : b; });
    return merge_reference(in, [](double a, double b) { return a < b ? a : b; });
  }
  const auto at = [in, op](const Index& o) {
    Index step;
    for (int axis = 0; axis + 1 < o.rank(); ++axis) step.push_back(o[axis]);
    std::vector<bool> counts;
    for (const Array& x : in) counts.push_back(x.mask == nullptr || (*x.mask)[step] != 0);
    return op == "Mul" ? product_at(in, o, counts) : extreme_at(op, in, o, counts);
  };
  return {in[0].shape(), at, static_cast<double>(in.size())};
}

}  // namespace hoarfrost::keras
