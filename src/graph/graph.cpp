#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/graph.h>

namespace hoarfrost::graph {

std::string Endpoint::name() const { return index == 0 ? node->name() : fmt::format("{}:{}", node->name(), index); }

Node& Node::set(std::string_view key, Attribute value) {
  attributes.insert_or_assign(std::string(key), std::move(value));
  return *this;
}

Endpoint Node::input(size_t i) const {
  if (i >= inputs.size()) {
    throw Error(ErrorCode::kCorrupt, fmt::format("node `{}`", name_),
                fmt::format("{} needs at least {} inputs, found {}", op_, i + 1, inputs.size()));
  }
  return inputs[i];
}

void Node::wrong_attribute(std::string_view key) const {
  throw Error(ErrorCode::kCorrupt, fmt::format("node `{}`", name_),
              has(key) ? fmt::format("attribute `{}` of {} is of the wrong kind", key, op_)
                       : fmt::format("{} has no attribute `{}`", op_, key));
}

Graph Graph::clone() const {
  Graph copy;
  copy.producer = producer;
  copy.min_consumer = min_consumer;
  copy.library = library;
  std::unordered_map<const Node*, Node*> twin;
  for (const auto& node : nodes_) {
    Node& made = copy.add(node->op(), node->name());
    made.device = node->device;
    made.attributes = node->attributes;
    twin.emplace(node.get(), &made);
  }
  for (const auto& node : nodes_) {
    Node& made = *twin.at(node.get());
    for (const Endpoint& input : node->inputs) made.inputs.push_back({twin.at(input.node), input.index});
    for (const Node* control : node->control_inputs) made.control_inputs.push_back(twin.at(control));
  }
  return copy;
}

Node& Graph::add(std::string op, std::string name, std::vector<Endpoint> inputs) {
  if (name.empty()) throw Error(ErrorCode::kCorrupt, "", fmt::format("a {} node has no name", op));
  auto node = std::make_unique<Node>();
  node->op_ = std::move(op);
  node->name_ = std::move(name);
  node->inputs = std::move(inputs);
  if (!by_name_.emplace(node->name_, node.get()).second) {
    throw Error(ErrorCode::kCorrupt, "", fmt::format("two nodes are named `{}`", node->name_));
  }
  nodes_.push_back(std::move(node));
  return *nodes_.back();
}

Node& Graph::add_const(std::string name, Tensor value) {
  Node& node = add("Const", std::move(name));
  node.set("dtype", value.dtype());
  node.set("value", std::move(value));
  return node;
}

std::string Graph::unique_name(std::string_view name) const {
  if (find(name) == nullptr) return std::string(name);
  for (int i = 1;; ++i) {
    std::string candidate = fmt::format("{}_{}", name, i);
    if (find(candidate) == nullptr) return candidate;
  }
}

Node* Graph::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

void Graph::rename(Node& node, std::string name) {
  if (name == node.name_) return;
  if (name.empty() || find(name) != nullptr) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("node `{}`", node.name_),
                fmt::format("cannot be renamed `{}`: {}", name,
                            name.empty() ? "the name is empty" : "another node has that name"));
  }
  by_name_.erase(node.name_);
  node.name_ = std::move(name);
  by_name_.emplace(node.name_, &node);
}

void Graph::replace_uses(Endpoint from, Endpoint to) {
  for (const auto& node : nodes_) {
    for (Endpoint& input : node->inputs) {
      if (input == from) input = to;
    }
    for (Node*& control : node->control_inputs) {
      if (control == from.node) control = to.node;
    }
  }
}

void Graph::forget(const Node& node) { by_name_.erase(node.name_); }

}  // namespace hoarfrost::graph
