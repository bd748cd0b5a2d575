// Select, SelectV2 and ClipByValue: the gradient goes where the value came from.
#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {

using Gradients = std::vector<Endpoint>;

// Select's condition may be a vector over the first axis alone; as SelectV2's it has ones behind.
Endpoint condition_of(const Flow& flow) {
  const Shape& condition = flow.shape(0);
  const Shape& value = flow.shape(1);
  if (flow.node.op() != "Select" || condition.rank() != 1 || value.rank() <= 1) return flow.node.input(0);
  Shape wide(std::vector<int64_t>(static_cast<size_t>(value.rank()), 1));
  wide[0] = condition[0];
  return flow.builder.reshape(flow.node.input(0), wide);
}

Gradients select(const Flow& flow) {
  Builder& builder = flow.builder;
  const Endpoint condition = condition_of(flow);
  const Term dy = flow.dy();
  const Endpoint zeros = dy.apply("ZerosLike");
  const DType dtype = builder.dtype(dy);
  Gradients result(3);
  if (flow.is_wanted[1]) {
    result[1] = builder.unbroadcast(builder.add("SelectV2", {condition, dy, zeros}, {{"T", dtype}}), flow.shape(1));
  }
  if (flow.is_wanted[2]) {
    result[2] = builder.unbroadcast(builder.add("SelectV2", {condition, zeros, dy}, {{"T", dtype}}), flow.shape(2));
  }
  return result;
}

// TensorFlow's _ClipByValueGrad; the limits are constants of their layers.
Gradients clip(const Flow& flow) {
  Builder& builder = flow.builder;
  const Term dy = flow.dy();
  const Endpoint is_below = builder.add("Less", {flow.x(0), flow.x(1)});
  const Endpoint is_above = builder.add("Greater", {flow.x(0), flow.x(2)});
  const Endpoint is_clipped = builder.add("LogicalOr", {is_below, is_above});
  const DType dtype = builder.dtype(dy);
  const Endpoint zeros = dy.apply("ZerosLike");
  Gradients result(3);
  const auto chosen = [&](Endpoint condition, Endpoint yes, Endpoint no, size_t i) {
    return builder.unbroadcast(builder.add("SelectV2", {condition, yes, no}, {{"T", dtype}}), flow.shape(i));
  };
  if (flow.is_wanted[0]) result[0] = chosen(is_clipped, zeros, dy, 0);
  if (flow.is_wanted[1]) result[1] = chosen(is_below, dy, zeros, 1);
  if (flow.is_wanted[2]) result[2] = chosen(is_above, dy, zeros, 2);
  return result;
}

}  // namespace

std::span<const GradientSpec> select_gradients() {
  static constexpr GradientSpec kGradients[] = {
      {"Select", select},
      {"SelectV2", select},
      {"ClipByValue", clip},
  };
  return kGradients;
}

}  // namespace hoarfrost::training
