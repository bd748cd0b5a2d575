// Ops whose outputs are elements of their input, repeated, left out or in another order. Which one goes where is found
// by running the op on the elements' numbers, and the gradient is a sum by these: one function for all of them.
#include <hoarfrost/error.h>

#include <numeric>

#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {

using Gradients = std::vector<Endpoint>;

[[noreturn]] void refuse(const Flow& flow, std::string_view what) {
  throw Error(ErrorCode::kUnsupported, "node `" + flow.node.name() + "`",
              flow.node.op() + " " + std::string(what) + ": it has no gradient, and the model cannot be trained");
}

// 1, 2, … in the input's place, for 0 is what paddings are filled with.
Tensor numbers_moved(const Flow& flow) {
  const Shape& shape = flow.shape(0);
  std::vector<int32_t> numbers(static_cast<size_t>(shape.n_elements()));
  std::iota(numbers.begin(), numbers.end(), 1);
  std::vector<Tensor> inputs{Tensor::of<int32_t>(shape, std::span<const int32_t>(numbers))};
  for (size_t i = 1; i < flow.node.inputs.size(); ++i) {
    inputs.push_back(flow.builder.known(flow.node.input(i)).value);
    if (inputs.back().empty()) refuse(flow, "has an input that says what to move and is no constant");
    // PadV2's value: what is padded with comes from nowhere.
    if (inputs.back().dtype() == flow.builder.dtype(flow.x()))
      inputs.back() = Tensor(DType::kInt32, inputs.back().shape());
  }
  graph::Graph alone;
  Node& node = alone.add(flow.node.op(), flow.node.name());
  node.attributes = flow.node.attributes;
  return ops::run_node(node, inputs).at(0);
}

Gradients moved(const Flow& flow) {
  Builder& builder = flow.builder;
  const Tensor numbers = numbers_moved(flow);
  std::vector<int32_t> places(numbers.values<int32_t>().begin(), numbers.values<int32_t>().end());
  for (int32_t& place : places) --place;
  const Shape& shape = flow.shape(0);
  const Endpoint flat = builder.reshape(flow.dy(), {static_cast<int64_t>(places.size())});
  const Endpoint n = builder.constant(Tensor::scalar(static_cast<int32_t>(shape.n_elements())));
  const Endpoint sums = builder.add("UnsortedSegmentSum", {flat, builder.constant(Tensor::vector(places)), n},
                                    {{"Tindices", DType::kInt32}, {"Tnumsegments", DType::kInt32}});
  return {builder.reshape(sums, shape)};
}

const Tensor& constant_input(const Flow& flow, size_t i) {
  const Tensor& value = flow.builder.known(flow.node.input(i)).value;
  if (value.empty()) refuse(flow, "has an input that says what to move and is no constant");
  return value;
}

// Cut off what was padded.
Gradients padded(const Flow& flow) {
  const Tensor& paddings = constant_input(flow, 1);
  const Reader reader(paddings);
  std::vector<int64_t> begin;
  for (int64_t i = 0; i < paddings.n_elements(); i += 2) begin.push_back(static_cast<int64_t>(reader[i]));
  Builder& builder = flow.builder;
  const Term inner = flow.term(builder.add(
      "Slice", {flow.dy(), builder.ints(begin), builder.ints(flow.shape(0).sizes())}, {{"Index", DType::kInt32}}));
  if (flow.node.inputs.size() < 3 || !flow.is_wanted[2]) return {inner};
  // PadV2's value fills what is left.
  const Term outer = flow.term(builder.reduce_all("Sum", flow.dy())) - flow.term(builder.reduce_all("Sum", inner));
  return {inner, {}, outer};
}

// Pad with zeros what was cut off.
Gradients sliced(const Flow& flow) {
  const Tensor& begins = constant_input(flow, 1);
  const Reader reader(begins);
  std::vector<int32_t> paddings;
  for (int axis = 0; axis < flow.shape(0).rank(); ++axis) {
    const auto begin = static_cast<int64_t>(reader[axis]);
    paddings.push_back(static_cast<int32_t>(begin));
    paddings.push_back(static_cast<int32_t>(flow.shape(0)[axis] - begin - flow.builder.shape(flow.dy())[axis]));
  }
  const Shape shape{flow.shape(0).rank(), 2};
  return {flow.builder.add(
      "Pad", {flow.dy(), flow.builder.constant(Tensor::of<int32_t>(shape, std::span<const int32_t>(paddings)))},
      {{"Tpaddings", DType::kInt32}})};
}

Gradients space_to_batch(const Flow& flow) {
  return {
      flow.builder.add("BatchToSpaceND", {flow.dy(), flow.x(1), flow.x(2)},
                       {{"Tblock_shape", flow.builder.dtype(flow.x(1))}, {"Tcrops", flow.builder.dtype(flow.x(2))}})};
}
Gradients batch_to_space(const Flow& flow) {
  return {flow.builder.add(
      "SpaceToBatchND", {flow.dy(), flow.x(1), flow.x(2)},
      {{"Tblock_shape", flow.builder.dtype(flow.x(1))}, {"Tpaddings", flow.builder.dtype(flow.x(2))}})};
}

Gradients reversed(const Flow& flow) {
  return {flow.builder.add("ReverseV2", {flow.dy(), flow.x(1)}, {{"Tidx", flow.builder.dtype(flow.x(1))}})};
}

Gradients broadcast(const Flow& flow) { return {flow.builder.unbroadcast(flow.dy(), flow.shape(0))}; }

// Rows picked by values that are known only when the graph runs, along the first axis.
Gradients gathered(const Flow& flow) {
  Builder& builder = flow.builder;
  const bool has_axis = flow.node.inputs.size() == 3;
  const bool is_first = !has_axis || Reader(constant_input(flow, 2))[0] == 0;
  if (!is_first || flow.node.get_or<int64_t>("batch_dims", 0) != 0) {
    if (builder.known(flow.node.input(1)).value.empty()) refuse(flow, "along an axis behind the first");
    return moved(flow);
  }
  const Endpoint n = builder.constant(Tensor::scalar(static_cast<int32_t>(flow.shape(0)[0])));
  return {builder.add("UnsortedSegmentSum", {flow.dy(), flow.x(1), n},
                      {{"Tindices", builder.dtype(flow.x(1))}, {"Tnumsegments", DType::kInt32}})};
}

// Linear and separable: rows and columns each by a matrix, which is what the op makes of the identity.
Gradients bilinear(const Flow& flow) {
  Builder& builder = flow.builder;
  const Shape& in = flow.shape(0);
  const Shape& out = builder.shape(flow.y());
  graph::Graph alone;
  Node& node = alone.add(flow.node.op(), flow.node.name());
  node.attributes = flow.node.attributes;
  const auto matrix = [&](int64_t from, int64_t to) {
    std::vector<float> identity(static_cast<size_t>(from * from), 0.0F);
    for (int64_t i = 0; i < from; ++i) identity[static_cast<size_t>(i * from + i)] = 1;
    const Tensor inputs[] = {Tensor::of<float>({1, from, 1, from}, std::span<const float>(identity)),
                             Tensor::vector(std::vector<int32_t>{static_cast<int32_t>(to), 1})};
    return builder.constant(ops::run_node(node, inputs).at(0).reshaped({to, from}));
  };
  const Endpoint rows = builder.add("Einsum", {flow.dy(), matrix(in[1], out[1])},
                                    {{"N", int64_t{2}}, {"equation", std::string("nhwc,hH->nHwc")}});
  const Endpoint both = builder.add("Einsum", {rows, matrix(in[2], out[2])},
                                    {{"N", int64_t{2}}, {"equation", std::string("nhwc,wW->nhWc")}});
  return {builder.cast(both, builder.dtype(flow.x()))};
}

}  // namespace

std::span<const GradientSpec> movement_gradients() {
  static constexpr GradientSpec kGradients[] = {
      {"StridedSlice", moved},
      {"MirrorPad", moved},
      {"SpaceToDepth", moved},
      {"DepthToSpace", moved},
      {"Tile", moved},
      {"ResizeNearestNeighbor", moved},
      {"ResizeBilinear", bilinear},
      {"Pad", padded},
      {"PadV2", padded},
      {"Slice", sliced},
      {"SpaceToBatchND", space_to_batch},
      {"BatchToSpaceND", batch_to_space},
      {"ReverseV2", reversed},
      {"BroadcastTo", broadcast},
      {"Gather", gathered},
      {"GatherV2", gathered},
  };
  return kGradients;
}

}  // namespace hoarfrost::training
