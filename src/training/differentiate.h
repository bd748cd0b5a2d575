// Reverse-mode differentiation of the graph: gradients are nodes of the same graph, made of the same ops. Layers know
// nothing of it: whatever ops they lower to train, when each has a gradient (gradients/gradients.def).
#pragma once

#include <span>

#include "training/builder.h"

namespace hoarfrost::training {

// What a gradient function is told: the node, and the target's gradients by its outputs, null where nothing flows.
struct Flow {
  Builder& builder;
  const Node& node;
  std::vector<Endpoint> by_outputs;
  std::vector<bool> is_wanted;  // by input: whether a source lies behind it

  [[nodiscard]] Term term(Endpoint endpoint) const { return {&builder, endpoint}; }
  [[nodiscard]] Term x(size_t i = 0) const { return term(node.input(i)); }
  [[nodiscard]] Term y(int i = 0) const { return term({const_cast<Node*>(&node), i}); }
  [[nodiscard]] Term dy(size_t i = 0) const { return term(by_outputs.at(i)); }
  [[nodiscard]] const Shape& shape(size_t i) const { return builder.shape(node.input(i)); }
  // A new node with all the attributes of this one.
  [[nodiscard]] Endpoint alike(std::string_view op, std::vector<Endpoint> inputs) const;
};

struct GradientSpec {
  std::string_view op;
  // The target's gradients by the node's inputs, null where there is none. Called only when by_outputs[0] is there, or
  // any of them for an op of several outputs. nullptr: the outputs do not change with the inputs (or are no floats), so
  // nothing flows back.
  std::vector<Endpoint> (*gradients)(const Flow& flow);
};

// nullptr when the op has none.
const GradientSpec* find_gradient(std::string_view op);
std::vector<const GradientSpec*> all_gradients();

// Ops that have no gradient, each with the reason: training refuses models with them.
struct NotDifferentiable {
  std::string_view op;
  std::string_view reason;
};
std::span<const NotDifferentiable> not_differentiable();

// Nodes that stand between sources and target and whose op has no gradient.
std::vector<const Node*> nodes_without_gradient(Builder& builder, Endpoint target, std::span<const Endpoint> sources);

// The gradients of `target`, a scalar, by each source, of the source's shape; zeros for a source that it does not
// depend on. Throws Error{kUnsupported} naming the node and its op when there is no gradient on the way.
std::vector<Endpoint> differentiate(Builder& builder, Endpoint target, std::span<const Endpoint> sources);

}  // namespace hoarfrost::training
