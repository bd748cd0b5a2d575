// Sum, Mean, Max and Min over some axes, and Cumsum.
#include <hoarfrost/error.h>

#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {

using Gradients = std::vector<Endpoint>;

// The input's shape with ones where it was reduced.
Shape kept_shape(const Flow& flow) {
  Shape shape = flow.shape(0);
  const Tensor& axes = flow.builder.known(flow.node.input(1)).value;
  if (axes.empty()) {
    throw Error(ErrorCode::kUnsupported, "node `" + flow.node.name() + "`",
                "its axes are no constant: it has no gradient");
  }
  const Reader reader(axes);
  for (int64_t i = 0; i < axes.n_elements(); ++i) shape[static_cast<int>(reader[i])] = 1;
  return shape;
}

// x repeated to the input's shape.
Term repeated(const Flow& flow, const Term& x) {
  return {x.builder,
          x.builder->add("BroadcastTo", {x, x.builder->ints(flow.shape(0).sizes())}, {{"Tidx", DType::kInt32}})};
}

Gradients sum(const Flow& flow) {
  return {repeated(flow, flow.term(flow.builder.reshape(flow.dy(), kept_shape(flow))))};
}

Gradients mean(const Flow& flow) {
  const Shape kept = kept_shape(flow);
  const auto n = static_cast<double>(flow.shape(0).n_elements()) / static_cast<double>(kept.n_elements());
  return {repeated(flow, flow.term(flow.builder.reshape(flow.dy(), kept)) * (1 / n))};
}

// Equal maxima share: TensorFlow's _MinOrMaxGrad.
Gradients extreme(const Flow& flow) {
  Builder& builder = flow.builder;
  const Shape kept = kept_shape(flow);
  const Endpoint y = builder.reshape(flow.y(), kept);
  const Endpoint is_extreme = builder.add("Equal", {flow.x(), y});
  const Term mask{&builder, builder.cast(is_extreme, builder.dtype(flow.x()))};
  const Term n{&builder, builder.unbroadcast(mask, kept)};
  return {mask * (flow.term(builder.reshape(flow.dy(), kept)) / n)};
}

// The same sum from the other end.
Gradients cumsum(const Flow& flow) {
  const bool is_exclusive = flow.node.get_or<bool>("exclusive", false);
  const bool is_reverse = flow.node.get_or<bool>("reverse", false);
  return {flow.builder.add("Cumsum", {flow.dy(), flow.x(1)}, {{"exclusive", is_exclusive}, {"reverse", !is_reverse}})};
}

}  // namespace

std::span<const GradientSpec> reduction_gradients() {
  static constexpr GradientSpec kGradients[] = {
      {"Sum", sum}, {"Mean", mean}, {"Max", extreme}, {"Min", extreme}, {"Cumsum", cumsum},
  };
  return kGradients;
}

}  // namespace hoarfrost::training
