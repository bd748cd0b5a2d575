// Add, Subtract, Multiply, Average, Maximum, Minimum: element by element, with broadcasting; inputs of lower rank get axes of
// one after the batch. Keras 2.0 to 3.15.
#include "keras/layers/merge.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/layers/registry.h"

namespace hoarfrost::keras {

Shape expanded_after_batch(const Shape& shape, int rank) {
  std::vector<int64_t> sizes = shape.sizes();
  const auto n_missing = rank - shape.rank();
  if (n_missing > 0 && !sizes.empty()) sizes.insert(sizes.begin() + 1, static_cast<size_t>(n_missing), 1);
  return Shape(std::move(sizes));
}

graph::Endpoint merged_mask(Lowering& lowering, const Values& in, Version version) {
  Value merged;
  for (const Value& value : in) {
    if (!value.mask && version.major >= 3) return {};
    if (!value.mask || value.mask == merged.tensor) continue;
    const Value mask{value.mask, DType::kBool};
    merged = merged.tensor ? lowering.raw_op("LogicalAnd", "LogicalAnd", {merged, mask}, DType::kBool, {}) : mask;
  }
  return merged.tensor;
}

namespace {

enum class Kind { kAdd, kSubtract, kMultiply, kAverage, kMaximum, kMinimum };

struct Merge {
  Kind kind = Kind::kAdd;
  Version version;

  static Merge parse(const Config& config) {
    constexpr std::pair<std::string_view, Kind> kKinds[] = {{"Add", Kind::kAdd},         {"Subtract", Kind::kSubtract},
                                                            {"Multiply", Kind::kMultiply}, {"Average", Kind::kAverage},
                                                            {"Maximum", Kind::kMaximum},   {"Minimum", Kind::kMinimum}};
    for (const auto& [name, kind] : kKinds) {
      if (config.class_name().ends_with(name)) return {kind, config.version()};
    }
    config.unsupported("no such merge");
  }

  Shapes infer(const Shapes& in) const {
    if (kind == Kind::kSubtract) expect_inputs(in, 2);
    if (in.empty()) throw Error(ErrorCode::kMismatch, "", "expected one or more inputs, found none");
    int rank = 0;
    for (const Shape& shape : in) rank = std::max(rank, shape.rank());
    Shape out = expanded_after_batch(in[0], rank);
    for (const Shape& shape : in) out = broadcast(out, expanded_after_batch(shape, rank));
    return {out};
  }

  // tf.keras' nodes: add/add, add/add_1, average/truediv, maximum/Maximum, …
  Values lower(Lowering& lowering, const Values& in) const {
    Values expanded = in;
    int rank = 0;
    for (const Value& value : in) rank = std::max(rank, value.shape.rank());
    for (Value& value : expanded) {
      for (int axes = value.shape.rank(); axes < rank; ++axes) {
        value = lowering.op("ExpandDims", {value, lowering.int_scalar("ExpandDims/dim", 1)}, {{"Tdim", DType::kInt32}});
      }
    }
    const auto [name, op] = node();
    Value result = expanded[0];
    for (size_t i = 1; i < expanded.size(); ++i) result = lowering.named_op(name, op, {result, expanded[i]});
    if (kind == Kind::kAverage) {
      const Value count = lowering.scalar("truediv/y", static_cast<double>(in.size()), result);
      result = lowering.named_op("truediv", "RealDiv", {result, count});
    }
    result.mask = merged_mask(lowering, in, version);
    return {result};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    Shapes shapes;
    for (const Array& x : in) shapes.push_back(x.shape());
    const auto at = [x = in, merge = kind](const Index& o) {
      double result = element(x[0], o);
      for (size_t i = 1; i < x.size(); ++i) {
        const double next = element(x[i], o);
        if (merge == Kind::kAdd || merge == Kind::kAverage) result += next;
        else if (merge == Kind::kSubtract) result -= next;
        else if (merge == Kind::kMultiply) result *= next;
        else if (merge == Kind::kMaximum) result = next > result ? next : result;
        else result = next < result ? next : result;
      }
      return merge == Kind::kAverage ? result / static_cast<double>(x.size()) : result;
    };
    return {{infer(shapes)[0], at, static_cast<double>(in.size())}};
  }

 private:
  std::pair<std::string_view, std::string_view> node() const {
    switch (kind) {
      case Kind::kSubtract: return {"sub", "Sub"};
      case Kind::kMultiply: return {"mul", "Mul"};
      case Kind::kMaximum: return {"Maximum", "Maximum"};
      case Kind::kMinimum: return {"Minimum", "Minimum"};
      default: return {"add", "Add"};
    }
  }

  // The element that meets the output's: x's batch is the output's, its other axes are the output's last ones, and an
  // axis of one stands for every position.
  static double element(const Array& x, const Index& o) {
    Index i;
    const int rank = x.shape().rank();
    for (int axis = 0; axis < rank; ++axis) {
      const int64_t position = axis == 0 ? o[0] : o[axis - rank];
      i.push_back(x.size(axis) == 1 ? 0 : position);
    }
    return x[i];
  }
};

}  // namespace

const LayerSpec layer_merge = make_spec<Merge>("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum");

}  // namespace hoarfrost::keras
