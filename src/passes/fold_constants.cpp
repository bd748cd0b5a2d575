#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <algorithm>
#include <map>

#include "passes/edit.h"
#include "passes/infer_known.h"

namespace hoarfrost::passes {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

constexpr uint64_t kMaxGrowth = 1 << 16;  // bytes by which a folded constant may be larger than what it is made of

// It tells programs that quantize what levels the weights are for, and they ask for the weights as they were.
bool marks_quantization(const Node& node) { return node.op().starts_with("FakeQuantWithMinMax"); }

class ConstantFolder {
 public:
  ConstantFolder(Graph& graph, const graph::Signature& signature)
      : graph_(graph), signature_(signature), known_(infer_known(graph)) {}

  int fold() {
    for (Node* node : graph::topological_order(graph_)) {
      if (node->op() == "Const" || !is_pure(*node) || marks_quantization(*node)) continue;
      if (is_output(signature_, *node) || !fold_value(*node)) fold_reshape(*node);
    }
    redirect(graph_, replaced_);
    return n_folded_;
  }

 private:
  // By running it, or by what is known of it without: the Shape of a tensor whose sizes are known.
  bool fold_value(Node& node) {
    // Another name of a constant: its bytes stay in the file that they are a view of.
    const Tensor* named = node.op() == "Identity" && node.inputs.size() == 1 && node.inputs[0].index == 0
                              ? const_value(node.inputs[0])
                              : nullptr;
    if (named != nullptr) return replace(node, {*named});
    const auto inputs = constants(node);
    if (inputs) return !is_too_large(node, *inputs) && replace(node, ops::run_node(node, *inputs));
    const ops::Known* output = find_known(known_, node.output());
    const bool is_single = find_known(known_, node.output(1)) == nullptr;
    if (output == nullptr || output->value.empty() || !is_single) return false;
    return replace(node, {output->value});
  }

  static std::optional<std::vector<Tensor>> constants(const Node& node) {
    if (node.inputs.empty() || ops::find_op(node.op()) == nullptr || ops::find_op(node.op())->reference == nullptr)
      return std::nullopt;
    std::vector<Tensor> values;
    for (const Endpoint& input : node.inputs) {
      const Tensor* value = input.index == 0 ? const_value(input) : nullptr;
      if (value == nullptr) return std::nullopt;
      values.push_back(value->aligned());
    }
    return values;
  }

  bool is_too_large(const Node& node, const std::vector<Tensor>& inputs) const {
    uint64_t n_in = 0, n_out = 0;
    for (const Tensor& input : inputs) n_in += input.n_bytes();
    for (int i = 0;; ++i) {
      const ops::Known* output = find_known(known_, {const_cast<Node*>(&node), i});
      if (output == nullptr) return i == 0 || n_out > n_in + kMaxGrowth;
      if (!output->shape.is_static()) return true;
      n_out += static_cast<uint64_t>(output->shape.n_elements()) * dtype_size(output->dtype);
    }
  }

  // One output: the node itself becomes the constant and keeps its name.
  bool replace(Node& node, std::vector<Tensor> values) {
    ++n_folded_;
    if (values.size() == 1) {
      become_const(node, std::move(values[0]));
      return true;
    }
    for (size_t i = 0; i < values.size(); ++i) {
      Node& made = graph_.add_const(graph_.unique_name(fmt::format("{}/folded_{}", node.name(), i)), values[i]);
      replaced_[node.output(static_cast<int>(i))] = made.output();
    }
    return true;
  }

  // Keras' Flatten over TensorFlow 1 computes [batch, n]: with one size open, that is the constant [-1, n].
  void fold_reshape(Node& node) {
    if (node.op() != "Reshape" || node.inputs.size() != 2 || node.inputs[1].node->op() == "Const") return;
    const ops::Known* shape = find_known(known_, node.inputs[1]);
    if (shape == nullptr || shape->sizes.empty() || !shape->shape.is_static()) return;
    const bool is_whole = shape->shape.n_elements() == static_cast<int64_t>(shape->sizes.size());
    if (!is_whole || std::ranges::count_if(shape->sizes, [](int64_t size) { return size < 0; }) > 1) return;
    std::vector<int64_t> sizes = shape->sizes;
    for (int64_t& size : sizes) size = size < 0 ? -1 : size;
    // A zero among the sizes leaves -1 nothing to be.
    if (std::ranges::find(sizes, 0) != sizes.end()) return;
    Node& made = graph_.add_const(graph_.unique_name(node.name() + "/shape"), Tensor::vector(sizes).cast(shape->dtype));
    node.inputs[1] = made.output();
    ++n_folded_;
  }

  Graph& graph_;
  const graph::Signature& signature_;
  ops::KnownMap known_;
  std::map<Endpoint, Endpoint> replaced_;
  int n_folded_ = 0;
};

int fold_constants(Graph& graph, graph::Signature& signature, const PassOptions& /*options*/) {
  const int n_folded = ConstantFolder(graph, signature).fold();
  strip_unused(graph, signature);
  return n_folded;
}

}  // namespace

extern const Pass pass_fold_constants;
const Pass pass_fold_constants{
    "fold_constants", "What follows from constants alone, and from shapes that are known, is computed once and for all",
    true, fold_constants};

}  // namespace hoarfrost::passes
