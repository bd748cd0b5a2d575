#include "keras/merge.h"

#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/mask_versions.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

Shape expanded_after_batch(const Shape& shape, int rank) {
  std::vector<int64_t> sizes = shape.sizes();
  const auto n_missing = rank - shape.rank();
  if (n_missing > 0 && !sizes.empty()) sizes.insert(sizes.begin() + 1, static_cast<size_t>(n_missing), 1);
  return Shape(std::move(sizes));
}

// The element that meets the output's: x's batch is the output's, its other axes are the output's last ones, and an
// axis of one stands for every position.
double element(const Array& x, const Index& o) {
  Index i;
  const int rank = x.shape().rank();
  for (int axis = 0; axis < rank; ++axis) {
    const int64_t position = axis == 0 ? o[0] : o[axis - rank];
    i.push_back(x.size(axis) == 1 ? 0 : position);
  }
  return x[i];
}

}  // namespace

Shape merged_shape(const Shapes& in) {
  if (in.empty()) throw Error(ErrorCode::kMismatch, "", "expected one or more inputs, found none");
  int rank = 0;
  for (const Shape& shape : in) rank = std::max(rank, shape.rank());
  Shape out = expanded_after_batch(in[0], rank);
  for (const Shape& shape : in) out = broadcast(out, expanded_after_batch(shape, rank));
  return out;
}

graph::Endpoint merged_mask(Lowering& lowering, const Values& in, Version version) {
  const bool is_or = unites_masks(version);
  const std::string_view op = is_or ? "LogicalOr" : "LogicalAnd";
  Value merged;
  for (const Value& value : in) {
    if (!value.mask && is_or) return {};
    if (!value.mask || value.mask == merged.tensor) continue;
    const Value mask{value.mask, DType::kBool};
    merged = merged.tensor ? lowering.raw_op(op, op, {merged, mask}, DType::kBool, {}) : mask;
  }
  return merged.tensor;
}

Value lower_merge(std::string_view name, std::string_view op, Version version, Lowering& lowering, const Values& in) {
  Values expanded = in;
  int rank = 0;
  for (const Value& value : in) rank = std::max(rank, value.shape.rank());
  for (Value& value : expanded) {
    for (int n_axes = value.shape.rank(); n_axes < rank; ++n_axes) {
      value = lowering.op("ExpandDims", {value, lowering.int_scalar("ExpandDims/dim", 1)}, {{"Tdim", DType::kInt32}});
    }
  }
  Value result = expanded[0];
  for (size_t i = 1; i < expanded.size(); ++i) result = lowering.named_op(name, op, {result, expanded[i]});
  result.mask = merged_mask(lowering, in, version);
  return result;
}

Formula merge_reference(const Arrays& in, double (*merge)(double, double)) {
  const Shapes shapes = shapes_of(in);
  const auto at = [x = in, merge](const Index& o) {
    double result = element(x[0], o);
    for (size_t i = 1; i < x.size(); ++i) result = merge(result, element(x[i], o));
    return result;
  };
  return {merged_shape(shapes), at, static_cast<double>(in.size())};
}

}  // namespace hoarfrost::keras
