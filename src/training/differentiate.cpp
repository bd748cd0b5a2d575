#include "training/differentiate.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <set>
#include <unordered_set>

namespace hoarfrost::training {

#define HOARFROST_GRADIENTS(name) std::span<const GradientSpec> name##_gradients();
#include "training/gradients/gradients.def"
#undef HOARFROST_GRADIENTS

namespace {

bool is_float(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 || dtype == DType::kBFloat16;
}

// The nodes between the sources and the target, in the order in which they run: those that a source reaches through
// floats, and that the target needs.
std::vector<Node*> nodes_between(Builder& builder, Endpoint target, std::span<const Endpoint> sources) {
  std::unordered_set<const Node*> reached;
  for (const Endpoint& source : sources) reached.insert(source.node);
  std::vector<Node*> order = graph::topological_order(builder.graph());
  for (const Node* node : order) {
    const GradientSpec* spec = find_gradient(node->op());
    if (spec != nullptr && spec->gradients == nullptr) continue;
    const bool is_reached = std::ranges::any_of(node->inputs, [&](const Endpoint& input) {
      return reached.contains(input.node) && is_float(builder.dtype(input));
    });
    if (is_reached) reached.insert(node);
  }
  std::unordered_set<const Node*> needed{target.node};
  for (const Node* node : order | std::views::reverse) {
    if (!needed.contains(node)) continue;
    for (const Endpoint& input : node->inputs) needed.insert(input.node);
  }
  std::erase_if(order, [&](const Node* node) { return !reached.contains(node) || !needed.contains(node); });
  return order;
}

class Differentiation {
 public:
  Differentiation(Builder& builder, Endpoint target, std::span<const Endpoint> sources)
      : builder_(builder), sources_(sources.begin(), sources.end()), nodes_(nodes_between(builder, target, sources)) {
    between_.insert(nodes_.begin(), nodes_.end());
    const DType dtype = builder.dtype(target);
    builder.enter("gradients");
    gradients_[target].push_back(builder.scalar(1, dtype));
  }

  std::vector<Endpoint> run(std::span<const Endpoint> sources) {
    for (Node* node : nodes_ | std::views::reverse) {
      if (!sources_.contains(node->output())) visit(*node);
    }
    std::vector<Endpoint> result;
    for (const Endpoint& source : sources) {
      builder_.enter("gradients/" + source.node->name());
      const auto gradient = total(source);
      result.push_back(gradient ? gradient : builder_.add("ZerosLike", {source}));
    }
    return result;
  }

 private:
  Endpoint total(Endpoint endpoint) {
    const auto found = gradients_.find(endpoint);
    if (found == gradients_.end()) return {};
    if (found->second.size() > 1) found->second = {builder_.sum_of(found->second)};
    return found->second[0];
  }

  void visit(Node& node) {
    Flow flow{builder_, node, {}, {}};
    builder_.enter("gradients/" + node.name());
    const auto last = gradients_.upper_bound({&node, INT32_MAX});
    int n_outputs = 0;
    for (auto at = gradients_.lower_bound({&node, 0}); at != last; ++at)
      n_outputs = std::max(n_outputs, at->first.index + 1);
    if (n_outputs == 0) return;
    for (int i = 0; i < n_outputs; ++i) flow.by_outputs.push_back(total({&node, i}));
    for (const Endpoint& input : node.inputs) {
      flow.is_wanted.push_back(between_.contains(input.node) && is_float(builder_.dtype(input)));
    }
    const GradientSpec* spec = find_gradient(node.op());
    if (spec == nullptr) {
      throw Error(ErrorCode::kUnsupported, fmt::format("node `{}`", node.name()),
                  fmt::format("{} has no gradient: the model cannot be trained", node.op()));
    }
    if (spec->gradients == nullptr) return;
    const auto by_inputs = spec->gradients(flow);
    for (size_t i = 0; i < by_inputs.size() && i < node.inputs.size(); ++i) {
      if (by_inputs[i] && flow.is_wanted[i]) gradients_[node.inputs[i]].push_back(by_inputs[i]);
    }
  }

  Builder& builder_;
  std::set<Endpoint> sources_;
  std::vector<Node*> nodes_;
  std::unordered_set<const Node*> between_;
  std::map<Endpoint, std::vector<Endpoint>> gradients_;  // of the target by the endpoint: terms of a sum
};

}  // namespace

Endpoint Flow::alike(std::string_view op, std::vector<Endpoint> inputs) const {
  Attributes attributes;
  for (const auto& [key, value] : node.attributes) attributes.emplace_back(key, value);
  return builder.add(op, std::move(inputs), attributes);
}

std::vector<const GradientSpec*> all_gradients() {
  std::vector<const GradientSpec*> result;
#define HOARFROST_GRADIENTS(name) \
  for (const GradientSpec& spec : name##_gradients()) result.push_back(&spec);
#include "training/gradients/gradients.def"
#undef HOARFROST_GRADIENTS
  return result;
}

const GradientSpec* find_gradient(std::string_view op) {
  static const auto kByName = [] {
    std::map<std::string_view, const GradientSpec*> result;
    for (const GradientSpec* spec : all_gradients()) result.emplace(spec->op, spec);
    return result;
  }();
  const auto found = kByName.find(op);
  return found == kByName.end() ? nullptr : found->second;
}

std::span<const NotDifferentiable> not_differentiable() {
  constexpr std::string_view kNoLayer = "no layer with weights lowers to it";
  constexpr std::string_view kOnlyGradient = "it is a gradient itself, and second derivatives are not taken";
  constexpr std::string_view kLoop = "loops are not differentiated: layers that train are unrolled";
  constexpr std::string_view kQuantization = "quantization-aware layers are not trained here";
  static constexpr NotDifferentiable kOps[] = {
      {"FloorMod", kNoLayer},
      {"Atan2", kNoLayer},
      {"Prod", kNoLayer},
      {"Cumprod", kNoLayer},
      {"TopKV2", kNoLayer},
      {"LRN", kNoLayer},
      {"GatherNd", kNoLayer},
      {"ScatterNd", kNoLayer},
      {"SparseToDense", kNoLayer},
      {"MatrixInverse", kNoLayer},
      {"MatrixDeterminant", kNoLayer},
      {"MatrixSolve", kNoLayer},
      {"MatrixTriangularSolve", kNoLayer},
      {"Cholesky", kNoLayer},
      {"Qr", kNoLayer},
      {"FakeQuantWithMinMaxArgs", kQuantization},
      {"FakeQuantWithMinMaxVars", kQuantization},
      {"FakeQuantWithMinMaxVarsPerChannel", kQuantization},
      {"TruncateMod", kNoLayer},
      {"BitwiseAnd", kNoLayer},
      {"BitwiseOr", kNoLayer},
      {"BitwiseXor", kNoLayer},
      {"LeftShift", kNoLayer},
      {"RightShift", kNoLayer},
      {"Invert", kNoLayer},
      {"Lgamma", kNoLayer},
      {"Digamma", kNoLayer},
      {"IdentityN", kNoLayer},
      {"PlaceholderWithDefault", kNoLayer},
      {"PreventGradient", "it exists to refuse"},
      {"Assert", kLoop},
      {"Enter", kLoop},
      {"RefEnter", kLoop},
      {"Exit", kLoop},
      {"RefExit", kLoop},
      {"NextIteration", kLoop},
      {"RefNextIteration", kLoop},
      {"LoopCond", kLoop},
      {"Switch", kLoop},
      {"RefSwitch", kLoop},
      {"Merge", kLoop},
      {"RefMerge", kLoop},
      {"TensorArrayV3", kLoop},
      {"TensorArrayWriteV3", kLoop},
      {"TensorArrayReadV3", kLoop},
      {"TensorArrayScatterV3", kLoop},
      {"TensorArrayGatherV3", kLoop},
      {"TensorArraySizeV3", kLoop},
      {"Concat", "ConcatV2 is what layers lower to"},
      {"Conv2DBackpropFilter", kOnlyGradient},
      {"Conv3DBackpropFilterV2", kOnlyGradient},
      {"DepthwiseConv2dNativeBackpropFilter", kOnlyGradient},
      {"DepthwiseConv2dNativeBackpropInput", kOnlyGradient},
      {"MaxPoolGrad", kOnlyGradient},
      {"MaxPool3DGrad", kOnlyGradient},
      {"AvgPoolGrad", kOnlyGradient},
      {"AvgPool3DGrad", kOnlyGradient},
      {"FusedBatchNormGrad", kOnlyGradient},
      {"FusedBatchNormGradV2", kOnlyGradient},
      {"FusedBatchNormGradV3", kOnlyGradient},
      {"BiasAddGrad", kOnlyGradient},
      {"ReluGrad", kOnlyGradient},
      {"Relu6Grad", kOnlyGradient},
      {"EluGrad", kOnlyGradient},
      {"SigmoidGrad", kOnlyGradient},
      {"TanhGrad", kOnlyGradient},
      {"UnsortedSegmentSum", kOnlyGradient},
      {"ImageProjectiveTransformV3",
       "what TensorFlow takes for its gradient is not the derivative: random layers stand before the first weight"},
  };
  return kOps;
}

std::vector<const Node*> nodes_without_gradient(Builder& builder, Endpoint target, std::span<const Endpoint> sources) {
  std::vector<const Node*> result;
  const std::set<Endpoint> given(sources.begin(), sources.end());
  for (Node* node : nodes_between(builder, target, sources)) {
    if (!given.contains(node->output()) && find_gradient(node->op()) == nullptr) result.push_back(node);
  }
  return result;
}

std::vector<Endpoint> differentiate(Builder& builder, Endpoint target, std::span<const Endpoint> sources) {
  return Differentiation(builder, target, sources).run(sources);
}

}  // namespace hoarfrost::training
