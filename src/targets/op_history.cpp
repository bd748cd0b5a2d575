#include "targets/op_history.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/passes.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

#include "passes/edit.h"
#include "passes/infer_known.h"
#include "targets/dialect.h"

namespace hoarfrost::targets {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

struct NewerAttribute {
  std::string name;
  Release since;
  std::string value;  // its default, as text
};
struct History {
  Release since;
  std::vector<NewerAttribute> newer;
};

constexpr std::array<std::string_view, 4> kNames{"1.4", "1.12", "1.15", "2"};
std::string_view name_of(Release release) { return kNames[static_cast<size_t>(release)]; }

Release release_named(std::string_view name) {
  return static_cast<Release>(std::ranges::find(kNames, name) - kNames.begin());
}

std::vector<NewerAttribute> parse(std::string_view text) {
  std::vector<NewerAttribute> result;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    const size_t first = word.find(':'), second = word.find(':', first + 1);
    result.push_back({std::string(word.substr(0, first)), release_named(word.substr(first + 1, second - first - 1)),
                      std::string(word.substr(second + 1))});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

const std::map<std::string, History, std::less<>>& histories() {
  static const std::map<std::string, History, std::less<>> kHistories{
#define HOARFROST_OP(name, since, newer) {#name, {Release::since, parse(newer)}},
#include "targets/op_history.def"
#undef HOARFROST_OP
  };
  return kHistories;
}

std::string text_of(const graph::Attribute& attribute) {
  if (const auto* value = std::get_if<bool>(&attribute)) return *value ? "true" : "false";
  if (const auto* value = std::get_if<int64_t>(&attribute)) return std::to_string(*value);
  if (const auto* value = std::get_if<float>(&attribute)) return fmt::format("{:.1f}", *value);
  if (const auto* value = std::get_if<std::string>(&attribute)) return *value;
  if (const auto* value = std::get_if<DType>(&attribute)) return std::string(dtype_name(*value));
  if (std::holds_alternative<graph::EmptyList>(attribute)) return "[]";
  if (const auto* value = std::get_if<std::vector<int64_t>>(&attribute))
    return fmt::format("[{}]", fmt::join(*value, ","));
  return "?";
}

void forget_defaults(Release release, Node& node) {
  const auto found = histories().find(node.op());
  if (found == histories().end()) return;
  for (const auto& attribute : found->second.newer) {
    const auto set = node.attributes.find(attribute.name);
    if (attribute.since > release && set != node.attributes.end() && text_of(set->second) == attribute.value)
      node.attributes.erase(set);
  }
}

class Rewriter {
 public:
  Rewriter(Release release, Graph& graph) : release_(release), graph_(graph), known_(passes::infer_known(graph)) {}

  void run() {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes()) nodes.push_back(node.get());
    for (Node* node : nodes) {
      if (is_newer(node->op())) rewrite(*node);
      if (node->op() == "Conv2D" && release_ < Release::k1_15) pad_explicitly(*node);
    }
    for (const auto& node : graph_.nodes()) forget_defaults(release_, *node);
  }

 private:
  [[nodiscard]] bool is_newer(const std::string& op) const {
    const auto found = histories().find(op);
    return found != histories().end() && found->second.since > release_;
  }

  void rewrite(Node& node) {
    const auto& op = node.op();
    if (op == "AddV2") return node.set_op("Add");
    if (op == "Snapshot") return node.set_op("Identity");
    if (op == "FusedBatchNormV3" && node.get_or<DType>("T", DType::kFloat32) == DType::kFloat32) {
      node.set_op("FusedBatchNorm");
      node.attributes.erase("U");
    } else if (op == "BatchMatMulV2" && have_equal_ranks(node)) {
      node.set_op("BatchMatMul");
    } else if (op == "LeakyRelu" && node.get_or<float>("alpha", 0.2F) <= 1) {
      leaky(node);
    } else if (op == "StringLower" && release_ >= Release::k1_12 && node.get_or<std::string>("encoding", "").empty()) {
      lower_letters(node);
    } else if (op == "ClipByValue") {
      clip(node);
    } else if (op == "SelectV2" && have_equal_shapes(node)) {
      node.set_op("Select");
    }
  }

  [[nodiscard]] const Shape* shape_of(const Endpoint& endpoint) const {
    const ops::Known* known = passes::find_known(known_, endpoint);
    return known == nullptr || !known->shape.has_rank() ? nullptr : &known->shape;
  }
  // BatchMatMul does not broadcast: the leading sizes are equal, too.
  [[nodiscard]] bool have_equal_ranks(const Node& node) const {
    const Shape *a = shape_of(node.input(0)), *b = shape_of(node.input(1));
    if (a == nullptr || b == nullptr || a->rank() != b->rank()) return false;
    return std::equal(a->sizes().begin(), a->sizes().end() - 2, b->sizes().begin());
  }
  [[nodiscard]] bool have_equal_shapes(const Node& node) const {
    const Shape *a = shape_of(node.input(0)), *b = shape_of(node.input(1)), *c = shape_of(node.input(2));
    return a != nullptr && b != nullptr && c != nullptr && *a == *b && *b == *c;
  }

  Node& scalar(const std::string& name, float value) {
    return graph_.add_const(graph_.unique_name(name), Tensor::scalar(value));
  }

  // max(x, alpha x), which TensorFlow's own tf.nn.leaky_relu was before the op.
  void leaky(Node& node) {
    Node& alpha = scalar(node.name() + "/alpha", node.get_or<float>("alpha", 0.2F));
    Node& mul = graph_.add("Mul", graph_.unique_name(node.name() + "/mul"), {alpha.output(), node.input(0)});
    mul.set("T", DType::kFloat32);
    node.set_op("Maximum");
    node.attributes = {{"T", DType::kFloat32}};
    node.inputs = {mul.output(), node.inputs[0]};
  }

  // Letter by letter.
  void lower_letters(Node& node) {
    Endpoint x = node.input(0);
    const auto rule = [](char letter) {
      return std::map<std::string, graph::Attribute, std::less<>>{
          {"pattern", std::string(1, letter)},
          {"rewrite", std::string(1, static_cast<char>(letter - 'A' + 'a'))},
          {"replace_global", true}};
    };
    for (char letter = 'A'; letter < 'Z'; ++letter) {
      Node& next = graph_.add("StaticRegexReplace", graph_.unique_name(fmt::format("{}/{}", node.name(), letter)), {x});
      for (const auto& [key, value] : rule(letter)) next.set(key, value);
      x = next.output();
    }
    node.set_op("StaticRegexReplace");
    node.attributes.clear();
    for (const auto& [key, value] : rule('Z')) node.set(key, value);
    node.inputs = {x};
  }

  void clip(Node& node) {
    const DType dtype = node.get_or<DType>("T", DType::kFloat32);
    Node& least = graph_.add("Minimum", graph_.unique_name(node.name() + "/Minimum"), {node.input(0), node.input(2)});
    least.set("T", dtype);
    node.set_op("Maximum");
    node.inputs = {least.output(), node.input(1)};
  }

  void pad_explicitly(Node& node) {
    if (node.get_or<std::string>("padding", "") != "EXPLICIT") return;
    const auto& sizes = node.get<std::vector<int64_t>>("explicit_paddings");
    Tensor paddings = Tensor::vector(sizes).cast(DType::kInt32).reshaped({static_cast<int64_t>(sizes.size() / 2), 2});
    Node& constant = graph_.add_const(graph_.unique_name(node.name() + "/paddings"), std::move(paddings));
    Node& pad = graph_.add("Pad", graph_.unique_name(node.name() + "/Pad"), {node.input(0), constant.output()});
    pad.set("T", node.get_or<DType>("T", DType::kFloat32)).set("Tpaddings", DType::kInt32);
    node.inputs[0] = pad.output();
    node.set("padding", "VALID");
    node.attributes.erase("explicit_paddings");
  }

  Release release_;
  Graph& graph_;
  ops::KnownMap known_;
};

}  // namespace

void rewrite_for(Release release, Graph& graph, graph::Signature& signature) {
  Rewriter(release, graph).run();
  passes::strip_unused(graph, signature);
}

void check_for(Release release, const Graph& graph) {
  for (const auto& node : graph.nodes()) {
    const auto found = histories().find(node->op());
    if (found == histories().end()) {
      if (release != Release::k2)
        refuse(*node, fmt::format("whether TensorFlow {} has this op is not known here", name_of(release)));
      continue;
    }
    if (found->second.since > release)
      refuse(*node, fmt::format("TensorFlow {} has no such op; it came by {}", name_of(release),
                                name_of(found->second.since)));
    for (const auto& attribute : found->second.newer) {
      if (attribute.since <= release || !node->has(attribute.name)) continue;
      refuse(*node,
             fmt::format("its attribute `{}` is {}, which TensorFlow {} does not know; it came by {}", attribute.name,
                         text_of(node->attributes.at(attribute.name)), name_of(release), name_of(attribute.since)));
    }
  }
}

}  // namespace hoarfrost::targets
