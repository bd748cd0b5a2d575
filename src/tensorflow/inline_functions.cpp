#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "tensorflow/attribute.h"
#include "tensorflow/function_library.h"

namespace hoarfrost::tensorflow {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

constexpr int kDeepest = 64;            // calls within calls: a function that calls itself has no end
constexpr size_t kMostNodes = 1 << 20;  // a few bytes of functions can stand for any number of nodes

// Where nodes come to stand: a node that takes nothing runs when `pivot` does, so that it belongs to its branch or
// loop.
struct Place {
  int depth = 0;
  Node* pivot = nullptr;
};

struct Body {
  std::vector<Endpoint> outputs;
  std::vector<Node*> effects;  // what must run though no output needs it
};

class Inliner {
 public:
  explicit Inliner(Graph& graph) : graph_(graph), library_(graph.library) {}

  void run() {
    for (const auto& node : graph_.nodes()) given_.insert(node.get());
    for (size_t i = 0; i < graph_.size(); ++i) {  // what is put in is appended, and looked at in its turn
      Node& node = *graph_.nodes()[i];
      try {
        expand(node);
      } catch (Error& error) {
        error.within(fmt::format("node `{}`", node.name()));
        throw;
      }
    }
    for (const auto& node : graph_.nodes()) {
      for (Endpoint& input : node->inputs) input = actual(input);
    }
    remove_unused();
    graph_.library.clear();
  }

 private:
  void expand(Node& node) {
    const std::string op = node.op();
    const bool is_direct = library_.find(op) != nullptr;
    if (calling_op(op) == nullptr && !is_direct) return;
    const Place place = place_of(node);
    if (place.depth >= kDeepest)
      throw Error(ErrorCode::kUnsupported, "", fmt::format("functions call each other more than {} deep", kDeepest));
    if (is_direct) return call(node, op, place);
    if (op == "PartitionedCall" || op == "StatefulPartitionedCall") return call(node, function_of(node, "f"), place);
    if (op == "If" || op == "StatelessIf") return lower_if(node, place);
    if (op == "While" || op == "StatelessWhile") return lower_while(node, place);
    throw Error(ErrorCode::kUnsupported, "", fmt::format("{} cannot be put in the place of its call", op));
  }

  [[nodiscard]] Place place_of(const Node& node) const {
    const auto found = places_.find(&node);
    return found == places_.end() ? Place{} : found->second;
  }

  static std::string function_of(const Node& node, std::string_view key) {
    return node.get<graph::FunctionName>(key).name;
  }

  Node& add(const std::string& op, const std::string& name, std::vector<Endpoint> inputs, const Place& place) {
    if (graph_.size() >= kMostNodes)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("with its functions the graph has more than {} nodes", kMostNodes));
    Node& node = graph_.add(op, graph_.unique_name(name), std::move(inputs));
    places_[&node] = place;
    return node;
  }

  void call(Node& node, const std::string& function, const Place& place) {
    finish(node, instantiate(function, node.inputs, node.name(), {place.depth + 1, place.pivot}));
  }

  // The calling node itself passes on what came out, so that its name stays.
  void finish(Node& node, const Body& body) {
    for (size_t i = 0; !given_.contains(&node) && i < body.outputs.size(); ++i)
      replaced_[{&node, static_cast<int>(i)}] = body.outputs[i];
    for (Node* effect : body.effects) node.control_inputs.push_back(effect);
    node.attributes.clear();
    node.inputs = body.outputs;
    if (body.outputs.empty()) {
      node.set_op("NoOp");
      return;
    }
    std::vector<DType> types;
    for (const Endpoint& output : body.outputs) types.push_back(types_.at(output));
    node.set_op(types.size() == 1 ? "Identity" : "IdentityN");
    if (types.size() == 1)
      node.set("T", types[0]);
    else
      node.set("T", types);
  }

  // Of what was put in, nodes that nothing needs would look like outputs of the graph.
  void remove_unused() {
    std::unordered_set<const Node*> needed;
    std::vector<const Node*> open(given_.begin(), given_.end());
    while (!open.empty()) {
      const Node* node = open.back();
      open.pop_back();
      if (!needed.insert(node).second) continue;
      for (const Endpoint& input : node->inputs) open.push_back(input.node);
      open.insert(open.end(), node->control_inputs.begin(), node->control_inputs.end());
    }
    graph_.retain([&](const Node& node) { return needed.contains(&node); });
  }

  // Within functions a use of a call is one of what came out of it.
  [[nodiscard]] Endpoint actual(Endpoint endpoint) const {
    for (auto found = replaced_.find(endpoint); found != replaced_.end(); found = replaced_.find(endpoint))
      endpoint = found->second;
    return endpoint;
  }

  Body instantiate(const std::string& name, const std::vector<Endpoint>& arguments, const std::string& prefix,
                   const Place& place) {
    const proto::FunctionDef& function = library_.get(name);
    try {
      return instantiate(function, arguments, prefix, place);
    } catch (Error& error) {
      error.within(fmt::format("function `{}`", name));
      throw;
    }
  }

  Body instantiate(const proto::FunctionDef& function, const std::vector<Endpoint>& arguments,
                   const std::string& prefix, const Place& place) {
    const auto& signature = function.signature();
    if (static_cast<size_t>(signature.input_arg_size()) != arguments.size()) {
      throw Error(ErrorCode::kCorrupt, "",
                  fmt::format("it takes {} arguments, found {}", signature.input_arg_size(), arguments.size()));
    }
    Names names;
    for (int i = 0; i < signature.input_arg_size(); ++i)
      names.arguments[signature.input_arg(i).name()] = arguments[static_cast<size_t>(i)];
    for (const auto& message : function.node_def()) names.nodes[message.name()] = &add_node(message, prefix, place);
    for (const auto& message : function.node_def()) connect(*names.nodes.at(message.name()), message, names, place);
    Body body;
    for (const auto& output : signature.output_arg()) {
      const auto found = function.ret().find(output.name());
      if (found == function.ret().end())
        throw Error(ErrorCode::kCorrupt, "", fmt::format("nothing is given for its output `{}`", output.name()));
      body.outputs.push_back(endpoint_of(found->second, names));
      types_[body.outputs.back()] = static_cast<DType>(output.type());
    }
    for (const auto& [key, node] : function.control_ret()) {
      const auto found = names.nodes.find(node);
      if (found != names.nodes.end() && found->second->op() != "ReadVariableOp") body.effects.push_back(found->second);
    }
    std::ranges::sort(body.effects, {}, [](const Node* node) { return node->name(); });
    return body;
  }

  struct Names {
    std::unordered_map<std::string_view, Endpoint> arguments;
    std::unordered_map<std::string_view, Node*> nodes;
  };

  Node& add_node(const proto::NodeDef& message, const std::string& prefix, const Place& place) {
    Node& node = add(message.op(), prefix + "/" + message.name(), {}, place);
    node.device = message.device();
    node.attributes = attributes_of(message);
    return node;
  }

  // Read once for all calls: constants are then views of one memory.
  const std::map<std::string, graph::Attribute>& attributes_of(const proto::NodeDef& message) {
    const auto [found, is_new] = attributes_.try_emplace(&message);
    if (!is_new) return found->second;
    for (const auto& [key, value] : message.attr()) {
      if (key == "_class") continue;  // names of nodes of the function
      try {
        found->second.emplace(key, attribute_from_proto(value, {}, budget_));
      } catch (Error& error) {
        error.within(fmt::format("node `{}`: attribute `{}`", message.name(), key));
        throw;
      }
    }
    return found->second;
  }

  void connect(Node& node, const proto::NodeDef& message, const Names& names, const Place& place) const {
    for (const auto& input : message.input()) {
      if (!input.starts_with('^')) {
        node.inputs.push_back(endpoint_of(input, names));
        continue;
      }
      const std::string_view name = std::string_view(input).substr(1);
      if (const auto argument = names.arguments.find(name); argument != names.arguments.end()) {
        node.control_inputs.push_back(argument->second.node);
      } else if (const auto found = names.nodes.find(name); found != names.nodes.end()) {
        node.control_inputs.push_back(found->second);
      } else {
        unknown(input);
      }
    }
    if (node.inputs.empty() && place.pivot != nullptr) node.control_inputs.push_back(place.pivot);
  }

  [[nodiscard]] Endpoint endpoint_of(std::string_view input, const Names& names) const {
    const FunctionInput parsed = parse_function_input(input);
    const auto argument = names.arguments.find(parsed.node);
    if (argument != names.arguments.end() && (parsed.argument.empty() || !names.nodes.contains(parsed.node)))
      return argument->second;
    const auto found = names.nodes.find(parsed.node);
    if (found == names.nodes.end() || parsed.argument.empty()) unknown(input);
    return {found->second, output_index(*found->second, parsed, library_)};
  }

  [[noreturn]] static void unknown(std::string_view input) {
    throw Error(ErrorCode::kCorrupt, "", fmt::format("`{}` is neither a node nor an argument of it", input));
  }

  // TensorFlow 1's cond: a Switch for each argument, a Merge for each output.
  void lower_if(Node& node, const Place& place) {
    const Endpoint condition = node.input(0);
    if (node.get<DType>("Tcond") != DType::kBool)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("its condition is {}; expected bool", dtype_name(node.get<DType>("Tcond"))));
    const auto types = types_of(node, "Tin", node.inputs.size() - 1);
    std::vector<Endpoint> taken[2];
    for (size_t i = 0; i + 1 < node.inputs.size(); ++i) {
      Node& gate = add("Switch", fmt::format("{}/Switch_{}", node.name(), i), {node.inputs[i + 1], condition}, place);
      gate.set("T", types[i]);
      for (int branch = 0; branch < 2; ++branch) taken[branch].push_back(gate.output(branch));
    }
    Node& pivots = add("Switch", node.name() + "/Switch", {condition, condition}, place);
    pivots.set("T", DType::kBool);
    Body bodies[2];
    for (int branch = 0; branch < 2; ++branch) {
      Node& pivot =
          add("Identity", node.name() + (branch == 0 ? "/switch_f" : "/switch_t"), {pivots.output(branch)}, place);
      pivot.set("T", DType::kBool);
      bodies[branch] = instantiate(function_of(node, branch == 0 ? "else_branch" : "then_branch"), taken[branch],
                                   node.name() + (branch == 0 ? "/else" : "/then"), {place.depth + 1, &pivot});
    }
    if (bodies[0].outputs.size() != bodies[1].outputs.size())
      throw Error(
          ErrorCode::kCorrupt, "",
          fmt::format("its branches give {} and {} outputs", bodies[1].outputs.size(), bodies[0].outputs.size()));
    Body merged;
    for (size_t i = 0; i < bodies[0].outputs.size(); ++i) {
      const DType type = types_.at(bodies[0].outputs[i]);
      Node& merge =
          add("Merge", fmt::format("{}/Merge_{}", node.name(), i), {bodies[0].outputs[i], bodies[1].outputs[i]}, place);
      merge.set("T", type).set("N", 2);
      merged.outputs.push_back(merge.output());
      types_[merge.output()] = type;
    }
    finish(node, merged);
  }

  // TensorFlow 1's while loop: Enter, Merge, Switch, NextIteration and Exit for each variable.
  void lower_while(Node& node, const Place& place) {
    const size_t n = node.inputs.size();
    const auto types = types_of(node, "T", n);
    if (n == 0) throw Error(ErrorCode::kUnsupported, "", "a loop without variables");
    std::vector<Node*> merges;
    std::vector<Endpoint> at_merges;
    for (size_t i = 0; i < n; ++i) {
      Node& enter = add("Enter", fmt::format("{}/Enter_{}", node.name(), i), {node.inputs[i]}, place);
      enter.set("T", types[i]).set("frame_name", node.name()).set("is_constant", false);
      enter.set("parallel_iterations", node.get_or<int64_t>("parallel_iterations", 10));
      Node& merge = add("Merge", fmt::format("{}/Merge_{}", node.name(), i), {enter.output()}, place);
      merge.set("T", types[i]).set("N", 2);
      merges.push_back(&merge);
      at_merges.push_back(merge.output());
    }
    const Body condition =
        instantiate(function_of(node, "cond"), at_merges, node.name() + "/cond", {place.depth + 1, merges[0]});
    if (condition.outputs.size() != 1) throw Error(ErrorCode::kCorrupt, "", "its condition gives no single value");
    Node& goes_on = add("LoopCond", node.name() + "/LoopCond", {condition.outputs[0]}, place);
    Body result;
    std::vector<Endpoint> arguments;
    for (size_t i = 0; i < n; ++i) {
      Node& gate =
          add("Switch", fmt::format("{}/Switch_{}", node.name(), i), {merges[i]->output(), goes_on.output()}, place);
      gate.set("T", types[i]);
      Node& exit = add("Exit", fmt::format("{}/Exit_{}", node.name(), i), {gate.output(0)}, place);
      exit.set("T", types[i]);
      arguments.push_back(gate.output(1));
      result.outputs.push_back(exit.output());
      types_[exit.output()] = types[i];
    }
    Node& pivot = add("Identity", node.name() + "/pivot", {arguments[0]}, place);
    pivot.set("T", types[0]);
    const Body body =
        instantiate(function_of(node, "body"), arguments, node.name() + "/body", {place.depth + 1, &pivot});
    if (body.outputs.size() != n)
      throw Error(ErrorCode::kCorrupt, "",
                  fmt::format("its body gives {} values for {} variables", body.outputs.size(), n));
    for (size_t i = 0; i < n; ++i) {
      Node& next = add("NextIteration", fmt::format("{}/NextIteration_{}", node.name(), i), {body.outputs[i]}, place);
      next.set("T", types[i]);
      merges[i]->inputs.push_back(next.output());
    }
    finish(node, result);
  }

  static std::vector<DType> types_of(const Node& node, std::string_view key, size_t n) {
    if (n == 0) return {};
    const auto& types = node.get<std::vector<DType>>(key);
    if (types.size() != n)
      throw Error(ErrorCode::kCorrupt, "", fmt::format("it has {} inputs and {} types", n, types.size()));
    return types;
  }

  Graph& graph_;
  const FunctionLibrary library_;
  ExpansionBudget budget_;
  std::unordered_map<const proto::NodeDef*, std::map<std::string, graph::Attribute>> attributes_;
  std::unordered_set<const Node*> given_;  // nodes of the graph as it came
  std::unordered_map<const Node*, Place> places_;
  std::map<Endpoint, Endpoint> replaced_;
  std::map<Endpoint, DType> types_;
};

}  // namespace

void inline_functions(Graph& graph) {
  const auto calls = [](const auto& node) { return calling_op(node->op()) != nullptr; };
  if (graph.library.empty() && std::ranges::none_of(graph.nodes(), calls)) return;
  Inliner(graph).run();
}

}  // namespace hoarfrost::tensorflow
