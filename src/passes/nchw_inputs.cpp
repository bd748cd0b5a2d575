#include <fmt/format.h>
#include <hoarfrost/passes.h>

#include <map>

#include "passes/edit.h"

namespace hoarfrost::passes {

std::vector<graph::Endpoint> nchw_inputs(const graph::Signature& signature) {
  std::vector<graph::Endpoint> result;
  for (const auto& input : signature.inputs) {
    const auto shape = input.node->get_or<Shape>("shape", Shape::unknown_rank());
    const auto dtype = input.node->get_or<DType>("dtype", DType::kInvalid);
    const bool is_real =
        dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 || dtype == DType::kUInt8;
    if (shape.has_rank() && shape.rank() == 4 && is_real) result.push_back(input);
  }
  return result;
}

namespace {

int put_channels_first(graph::Graph& graph, graph::Signature& signature, const PassOptions& /*options*/) {
  std::map<graph::Endpoint, graph::Endpoint> turned;
  const auto inputs = nchw_inputs(signature);
  for (const auto& input : inputs) {
    graph::Node& placeholder = *input.node;
    const auto shape = placeholder.get<Shape>("shape");
    placeholder.set("shape", Shape{shape[0], shape[3], shape[1], shape[2]});
    placeholder.attributes.erase("_output_shapes");
    graph::Node& order =
        graph.add_const(graph.unique_name(placeholder.name() + "/nhwc/perm"), Tensor::vector<int32_t>({0, 2, 3, 1}));
    graph::Node& transpose = graph.add("Transpose", graph.unique_name(placeholder.name() + "/nhwc"),
                                       {{}, order.output()});  // its input comes once the others are turned
    transpose.set("T", placeholder.get<DType>("dtype")).set("Tperm", DType::kInt32);
    turned[input] = transpose.output();
  }
  redirect(graph, turned);
  for (const auto& [input, transpose] : turned) transpose.node->inputs[0] = input;
  return static_cast<int>(2 * inputs.size());
}

}  // namespace

extern const Pass pass_nchw_inputs;
const Pass pass_nchw_inputs{"nchw_inputs",
                            "Inputs of four axes take channels first: [N, C, H, W], transposed within the graph", false,
                            put_channels_first};

}  // namespace hoarfrost::passes
