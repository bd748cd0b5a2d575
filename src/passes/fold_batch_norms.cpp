#include <hoarfrost/passes.h>

#include <algorithm>
#include <optional>

#include "passes/affine.h"
#include "passes/edit.h"

namespace hoarfrost::passes {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

// A node that gives each channel a sum of products with weights of its own.
struct Linear {
  Node* node = nullptr;
  size_t weights = 1;  // which input
  Channels channels;
  // Of the weights' elements, row-major: channel = element / inner % n.
  int64_t inner = 1;
};

// The weights' layouts are TensorFlow's: [h, w, in, out], [h, w, in, multiplier] whose channels are in * multiplier +
// m, [h, w, out, in] transposed, [in, out].
std::optional<Linear> linear_of(Node& node) {
  const auto& op = node.op();
  Linear result{&node, 1, {}, 1};
  const Tensor* weights = node.inputs.size() > 1 ? const_value(node.inputs[1]) : nullptr;
  if (weights == nullptr || weights->dtype() != DType::kFloat32) return std::nullopt;
  const Shape& shape = weights->shape();
  const auto format = node.get_or<std::string>("data_format", "");
  if (op == "MatMul" && shape.rank() == 2) {
    const bool is_transposed = node.get_or<bool>("transpose_b", false);
    result.channels = {shape[is_transposed ? 0 : 1], 2, false};
    result.inner = is_transposed ? shape[1] : 1;
  } else if (op == "Conv2D" && shape.rank() == 4) {
    result.channels = {shape[3], 4, format == "NCHW"};
  } else if (op == "DepthwiseConv2dNative" && shape.rank() == 4) {
    result.channels = {shape[2] * shape[3], 4, format == "NCHW"};
  } else if (op == "Conv2DBackpropInput" && shape.rank() == 4) {
    result.channels = {shape[2], 4, format == "NCHW"};
    result.inner = shape[3];
  } else if (op == "Conv3D" && shape.rank() == 5 && format != "NCDHW") {
    result.channels = {shape[4], 5, false};
  } else {
    return std::nullopt;
  }
  return result;
}

Tensor scaled(const Tensor& weights, const Linear& linear, const std::vector<double>& scale) {
  Tensor result(DType::kFloat32, weights.shape());
  const auto target = result.mutable_values<float>();
  const auto source = weights.values<float>();
  for (size_t i = 0; i < target.size(); ++i) {
    const auto channel = static_cast<int64_t>(i) / linear.inner % linear.channels.n;
    target[i] = static_cast<float>(source[i] * scale[static_cast<size_t>(channel)]);
  }
  weights.release();
  return result;
}

class BatchNormFolder {
 public:
  BatchNormFolder(Graph& graph, const graph::Signature& signature)
      : graph_(graph), signature_(signature), uses_(graph) {}

  int fold() {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes()) nodes.push_back(node.get());
    int n_folded = 0;
    for (Node* node : nodes) {
      const auto linear = linear_of(*node);
      if (linear && linear->channels.n > 0) n_folded += fold(*linear);
    }
    return n_folded;
  }

 private:
  // The chain of affine nodes behind it becomes part of the weights and one BiasAdd under the last one's name.
  int fold(const Linear& linear) {
    Node* last = linear.node;
    std::optional<Affine> whole;
    int n = 0;
    for (Node* user = uses_.only_user(*last, signature_); user != nullptr; user = uses_.only_user(*last, signature_)) {
      const auto affine = affine_of(*user, last->output(), linear.channels);
      if (!affine || gives_more(*user)) break;
      whole = whole ? whole->then(*affine) : *affine;
      last = user;
      ++n;
    }
    if (!whole || (!whole->has_scale && n < 2)) return 0;
    if (whole->has_scale)
      set_weights(linear, scaled(*const_value(linear.node->inputs[linear.weights]), linear, whole->scale));
    become_bias(*last, linear, whole->offset);
    return n;
  }

  // A FusedBatchNorm gives statistics too.
  [[nodiscard]] bool gives_more(const Node& node) const {
    const auto is_another = [&](const Endpoint& endpoint) { return endpoint.node == &node && endpoint.index != 0; };
    if (std::ranges::any_of(signature_.outputs, is_another)) return true;
    return std::ranges::any_of(uses_.of(node),
                               [&](const Node* user) { return std::ranges::any_of(user->inputs, is_another); });
  }

  void set_weights(const Linear& linear, Tensor value) {
    Endpoint& input = linear.node->inputs[linear.weights];
    if (input.node->op() == "Const" && uses_.only_user(*input.node, signature_) == linear.node) {
      input.node->set("value", std::move(value));
    } else {
      input = graph_.add_const(graph_.unique_name(input.node->name() + "/folded"), std::move(value)).output();
    }
  }

  void become_bias(Node& node, const Linear& linear, const std::vector<double>& offset) {
    const std::vector<float> values(offset.begin(), offset.end());
    Node& bias = graph_.add_const(graph_.unique_name(node.name() + "/bias"), Tensor::vector(values));
    node.set_op("BiasAdd");
    node.attributes.clear();
    node.set("T", DType::kFloat32).set("data_format", linear.channels.is_first ? "NCHW" : "NHWC");
    node.inputs = {linear.node->output(), bias.output()};
  }

  Graph& graph_;
  const graph::Signature& signature_;
  Uses uses_;
};

int fold_batch_norms(Graph& graph, graph::Signature& signature, const PassOptions& /*options*/) {
  const int n_folded = BatchNormFolder(graph, signature).fold();
  strip_unused(graph, signature);
  return n_folded;
}

}  // namespace

extern const Pass pass_fold_batch_norms;
const Pass pass_fold_batch_norms{"fold_batch_norms",
                                 "BatchNormalization, and what else scales channels by constants, becomes part of the "
                                 "convolution or dense layer before it",
                                 true, fold_batch_norms};

}  // namespace hoarfrost::passes
