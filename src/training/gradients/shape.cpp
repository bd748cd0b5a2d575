// Ops that put the same elements into another shape, or several tensors together, and Cast.
#include <hoarfrost/error.h>

#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {

using Gradients = std::vector<Endpoint>;

Gradients reshaped(const Flow& flow) { return {flow.builder.reshape(flow.dy(), flow.shape(0))}; }
Gradients passed(const Flow& flow) { return {flow.dy()}; }
Gradients cast(const Flow& flow) { return {flow.builder.cast(flow.dy(), flow.builder.dtype(flow.x()))}; }

Gradients transpose(const Flow& flow) {
  const Tensor& permutation = flow.builder.known(flow.node.input(1)).value;
  if (permutation.empty()) {
    throw Error(ErrorCode::kUnsupported, "node `" + flow.node.name() + "`",
                "its permutation is no constant: it has no gradient");
  }
  std::vector<int64_t> inverse(static_cast<size_t>(permutation.n_elements()));
  const Reader reader(permutation);
  for (size_t i = 0; i < inverse.size(); ++i)
    inverse[static_cast<size_t>(reader[static_cast<int64_t>(i)])] = static_cast<int64_t>(i);
  return {flow.builder.add("Transpose", {flow.dy(), flow.builder.ints(inverse)}, {{"Tperm", DType::kInt32}})};
}

Endpoint slice(Builder& builder, Endpoint x, const std::vector<int64_t>& begin, const Shape& size) {
  return builder.add("Slice", {x, builder.ints(begin), builder.ints(size.sizes())}, {{"Index", DType::kInt32}});
}

// Each input's part of the gradient, cut out.
Gradients concatenated(const Flow& flow) {
  const size_t n = flow.node.inputs.size() - 1;
  const Shape& whole = flow.builder.shape(flow.y());
  const Tensor& axis_value = flow.builder.known(flow.node.input(n)).value;
  const size_t axis = whole.normalized(static_cast<int>(Reader(axis_value)[0]));
  std::vector<int64_t> begin(static_cast<size_t>(whole.rank()), 0);
  Gradients result(n + 1);
  for (size_t i = 0; i < n; ++i) {
    if (flow.is_wanted[i]) result[i] = slice(flow.builder, flow.dy(), begin, flow.shape(i));
    begin[axis] += flow.shape(i)[static_cast<int>(axis)];
  }
  return result;
}

Gradients packed(const Flow& flow) {
  const Shape& whole = flow.builder.shape(flow.y());
  const size_t axis = whole.normalized(static_cast<int>(flow.node.get_or<int64_t>("axis", 0)));
  std::vector<int64_t> begin(static_cast<size_t>(whole.rank()), 0);
  Shape size = whole;
  size[static_cast<int>(axis)] = 1;
  Gradients result;
  for (size_t i = 0; i < flow.node.inputs.size(); ++i) {
    begin[axis] = static_cast<int64_t>(i);
    result.push_back(flow.is_wanted[i]
                         ? flow.builder.reshape(slice(flow.builder, flow.dy(), begin, size), flow.shape(i))
                         : Endpoint{});
  }
  return result;
}

// The gradients of all outputs, zeros where nothing flows.
std::vector<Endpoint> all_gradients_of(const Flow& flow, size_t n) {
  std::vector<Endpoint> result;
  for (size_t i = 0; i < n; ++i) {
    const bool flows = i < flow.by_outputs.size() && flow.by_outputs[i];
    result.push_back(flows ? flow.by_outputs[i] : flow.builder.add("ZerosLike", {flow.y(static_cast<int>(i))}));
  }
  return result;
}

Gradients unpacked(const Flow& flow) {
  const auto n = flow.node.get<int64_t>("num");
  const auto axis = flow.node.get_or<int64_t>("axis", 0);
  return {flow.builder.add("Pack", all_gradients_of(flow, static_cast<size_t>(n)), {{"N", n}, {"axis", axis}})};
}

template <size_t i_value, size_t i_axis>
Gradients split(const Flow& flow) {
  const auto n = flow.node.get<int64_t>("num_split");
  std::vector<Endpoint> parts = all_gradients_of(flow, static_cast<size_t>(n));
  parts.push_back(flow.node.input(i_axis));
  Gradients result(flow.node.inputs.size());
  result[i_value] = flow.builder.add("ConcatV2", std::move(parts), {{"N", n}, {"Tidx", DType::kInt32}});
  return result;
}

}  // namespace

std::span<const GradientSpec> shape_gradients() {
  static constexpr GradientSpec kGradients[] = {
      {"Reshape", reshaped},      {"Squeeze", reshaped},     {"ExpandDims", reshaped}, {"Identity", passed},
      {"Snapshot", passed},       {"CheckNumerics", passed}, {"Cast", cast},           {"Transpose", transpose},
      {"ConcatV2", concatenated}, {"Pack", packed},          {"Unpack", unpacked},     {"Split", split<1, 0>},
      {"SplitV", split<0, 2>},
  };
  return kGradients;
}

}  // namespace hoarfrost::training
