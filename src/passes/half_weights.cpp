#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <cmath>
#include <map>

#include "passes/edit.h"

namespace hoarfrost::passes {
namespace {

constexpr int64_t kFewest = 16;       // elements of a constant that are worth a Cast
constexpr float kLargest = 65504.0F;  // of float16

void expect_in_range(const graph::Node& node, const Tensor& value) {
  const Tensor aligned = value.aligned();  // a copy where the file does not align it, which has to outlive the loop
  for (const float x : aligned.values<float>()) {
    if (std::isfinite(x) && std::abs(x) > kLargest) {
      throw Error(ErrorCode::kUnsupported, fmt::format("node `{}`", node.name()),
                  fmt::format("it holds {:g}, and float16 reaches to 65504; leave out the pass half_weights", x));
    }
  }
}

int run(graph::Graph& graph, graph::Signature& signature, const PassOptions& /*options*/) {
  std::vector<graph::Node*> weights;
  for (const auto& node : graph.nodes()) {
    const bool is_weight =
        node->op() == "Const" && node->get<DType>("dtype") == DType::kFloat32 && node->value().n_elements() >= kFewest;
    if (is_weight && !is_output(signature, *node)) weights.push_back(node.get());
  }
  std::map<graph::Endpoint, graph::Endpoint> casts;
  for (graph::Node* node : weights) {
    const Tensor value = node->value();
    expect_in_range(*node, value);
    become_const(*node, value.cast(DType::kFloat16));
    value.release();
    graph::Node& cast =
        graph.add("Cast", graph.unique_name(node->name() + "/float32"), std::vector<graph::Endpoint>(1));
    cast.set("SrcT", DType::kFloat16).set("DstT", DType::kFloat32);
    casts[node->output()] = cast.output();
  }
  redirect(graph, casts);
  for (const auto& [weight, cast] : casts) cast.node->inputs[0] = weight;
  return static_cast<int>(weights.size());
}

}  // namespace

extern const Pass pass_half_weights;
const Pass pass_half_weights{
    "half_weights", "Weights are kept as float16 and cast back where they are used: half the file, 11 significant bits",
    false, run};

}  // namespace hoarfrost::passes
