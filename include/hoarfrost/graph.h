// The one representation of everything: TensorFlow's operations and variables. Keras is lowered to it, TensorFlow's
// files are read into it and written from it, passes rewrite it, the runtime runs it.
#pragma once

#include <hoarfrost/tensor.h>

#include <compare>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace hoarfrost::graph {

class Node;

// One output of a node: TensorFlow's "name:index".
struct Endpoint {
  Node* node = nullptr;
  int index = 0;
  explicit operator bool() const { return node != nullptr; }
  auto operator<=>(const Endpoint&) const =
      default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 means the compiler's 0
  // "name" for output 0, else "name:index", as NodeDef writes inputs.
  [[nodiscard]] std::string name() const;
};

// A function call held in an attribute (If's then_branch); `attributes` is the serialised map as it was read.
struct FunctionName {
  std::string name;
  std::string serialized;  // tensorflow.NameAttrList
  bool operator==(const FunctionName&) const = default;
};
struct EmptyList {  // a list whose element type the wire does not tell
  bool operator==(const EmptyList&) const = default;
};

// The kinds of tensorflow.AttrValue.
using Attribute = std::variant<std::string, int64_t, float, bool, DType, Shape, Tensor, FunctionName, EmptyList,
                               std::vector<std::string>, std::vector<int64_t>, std::vector<float>, std::vector<bool>,
                               std::vector<DType>, std::vector<Shape>, std::vector<Tensor>, std::vector<FunctionName>>;

class Node {
 public:
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& op() const { return op_; }
  void set_op(std::string op) { op_ = std::move(op); }

  std::vector<Endpoint> inputs;
  std::vector<Node*> control_inputs;  // run before this node, without data
  std::string device;
  std::map<std::string, Attribute> attributes;  // sorted: same graph, same bytes

  Node& set(std::string_view key, Attribute value);
  // Literals would otherwise become bool or be ambiguous.
  Node& set(std::string_view key, const char* value) { return set(key, Attribute(std::string(value))); }
  Node& set(std::string_view key, int value) { return set(key, Attribute(int64_t{value})); }
  Node& set(std::string_view key, int64_t value) { return set(key, Attribute(value)); }
  Node& set(std::string_view key, bool value) { return set(key, Attribute(value)); }
  Node& set(std::string_view key, float value) { return set(key, Attribute(value)); }
  [[nodiscard]] bool has(std::string_view key) const { return attributes.contains(std::string(key)); }
  // The attribute as T. Throws Error{kCorrupt} naming the node when it is missing or of another kind.
  template <typename T>
  [[nodiscard]] const T& get(std::string_view key) const;
  // The attribute, or `fallback` when it is missing (TensorFlow leaves default attributes out).
  template <typename T>
  [[nodiscard]] T get_or(std::string_view key, T fallback) const;
  [[nodiscard]] DType type(std::string_view key = "T") const { return get<DType>(key); }
  // A const output: the "value" of a Const node.
  [[nodiscard]] const Tensor& value() const { return get<Tensor>("value"); }
  // Input i. Throws Error{kCorrupt} when the node has fewer.
  [[nodiscard]] Endpoint input(size_t i) const;
  [[nodiscard]] Endpoint output(int index = 0) { return {this, index}; }

 private:
  friend class Graph;
  [[noreturn]] void wrong_attribute(std::string_view key) const;
  std::string name_;
  std::string op_;
};

class Graph {
 public:
  Graph() = default;
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;
  [[nodiscard]] Graph clone() const;

  // Appends a node. Throws Error{kCorrupt} when the name is taken or empty.
  Node& add(std::string op, std::string name, std::vector<Endpoint> inputs = {});
  Node& add_const(std::string name, Tensor value);
  // `name`, or TensorFlow's uniquified `name_1`, `name_2`, … when it is taken.
  [[nodiscard]] std::string unique_name(std::string_view name) const;
  [[nodiscard]] Node* find(std::string_view name) const;
  void rename(Node& node, std::string name);
  // Every use of `from`, data and control alike, becomes a use of `to`.
  void replace_uses(Endpoint from, Endpoint to);
  // Keeps the nodes for which `keep` is true; nobody kept may use one that is not.
  template <typename Predicate>
  void retain(Predicate keep);

  // In file order, which need not be topological.
  [[nodiscard]] const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  [[nodiscard]] size_t size() const { return nodes_.size(); }

  int producer = 24;  // GraphDef.versions: TensorFlow 1.4 and all later ones load it
  int min_consumer = 0;
  std::string library;  // serialised tensorflow.FunctionDefLibrary, kept as it was read

 private:
  void forget(const Node& node);
  std::vector<std::unique_ptr<Node>> nodes_;
  std::unordered_map<std::string_view, Node*> by_name_;  // views of Node::name_
};

// Values of variables by the name of their VariableV2 or VarHandleOp node, sorted as a checkpoint sorts them.
using Variables = std::map<std::string, Tensor>;

// What a graph is called from outside with.
struct Signature {
  std::vector<Endpoint> inputs;  // Placeholders, in the model's order
  std::vector<Endpoint> outputs;
};

// An input of a node that calls functions (If, While, PartitionedCall), where a variable stood and its value stands
// now.
struct FrozenArgument {
  Node* caller = nullptr;
  int input = 0;
  DType dtype = DType::kInvalid;
  Shape shape;
};

// Nodes such that each comes after its inputs and control inputs; a loop's back edge (into Merge from NextIteration) is
// not counted. Throws Error{kCorrupt} naming a node of a cycle.
std::vector<Node*> topological_order(const Graph& graph);

// Throws Error{kCorrupt}: an input that is no node of this graph, a negative index, a cycle.
void validate(const Graph& graph);

// The node or output that a person means: "name", "name:0", "^name" is none. Throws Error{kInvalidArgument} that lists
// the nearest names and the graph's real outputs. A name the graph has not, but whose stem it has once ("input_1_1" for
// "input_1"), is taken, and `note`, when given, says so.
Endpoint resolve(const Graph& graph, std::string_view name, std::string* note = nullptr);

// Nodes that no other node uses: what a graph gives. Const, NoOp and Assign nodes are none.
std::vector<Node*> terminal_nodes(const Graph& graph);

// The names of `graph` (or of any list) nearest to `name` by edit distance, best first.
std::vector<std::string> nearest_names(std::string_view name, const std::vector<std::string>& among, size_t n = 3);

template <typename T>
const T& Node::get(std::string_view key) const {
  const auto found = attributes.find(std::string(key));
  const T* value = found == attributes.end() ? nullptr : std::get_if<T>(&found->second);
  if (value == nullptr) wrong_attribute(key);
  return *value;
}

template <typename T>
T Node::get_or(std::string_view key, T fallback) const {
  return has(key) ? get<T>(key) : fallback;
}

template <typename Predicate>
void Graph::retain(Predicate keep) {
  std::erase_if(nodes_, [&](const std::unique_ptr<Node>& node) {
    if (keep(*node)) return false;
    forget(*node);
    return true;
  });
}

}  // namespace hoarfrost::graph
