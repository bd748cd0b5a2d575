#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <set>

#include "tensorflow/attribute.h"
#include "tensorflow/function_library.h"

namespace hoarfrost::tensorflow {
namespace {

using graph::FrozenArgument;
using graph::Graph;
using graph::Node;

// TensorFlow numbers the new names in the order of the old ones' numbers, then names.
std::map<std::string, std::string> frozen_names(const FunctionLibrary& library) {
  std::vector<std::tuple<int64_t, std::string, std::string>> parsed;
  for (const auto& function : library.message().function()) {
    const std::string& name = function.signature().name();
    const size_t underscore = name.rfind('_');
    int64_t number = -1;
    std::string stem = name;
    if (underscore != std::string::npos) {
      const char* end = name.data() + name.size();
      const auto result = std::from_chars(name.data() + underscore + 1, end, number);
      if (result.ec == std::errc() && result.ptr == end && underscore + 1 < name.size() && number >= 0)
        stem = name.substr(0, underscore);
      else
        number = -1;
    }
    parsed.emplace_back(number, stem, name);
  }
  std::ranges::sort(parsed);
  std::map<std::string, std::string> names;
  int64_t next = 0;
  for (const auto& [number, stem, name] : parsed) {
    std::string frozen = fmt::format("{}_frozen_{}", stem, next++);
    while (library.find(frozen) != nullptr) frozen = fmt::format("{}_frozen_{}", stem, next++);
    names[name] = frozen;
  }
  return names;
}

// One function's argument that was a variable and is now its value.
struct Argument {
  std::string function;
  int index;
  DType dtype;
  bool is_of_body;  // of a While's body, whose outputs have its arguments' types
  auto operator<=>(const Argument&) const = default;
};

class FunctionFreezer {
 public:
  explicit FunctionFreezer(Graph& graph) : graph_(graph), library_(graph.library) {}

  void convert(const FrozenArgument& argument) {
    Node& node = *argument.caller;
    try {
      convert_caller(node, argument);
    } catch (Error& error) {
      error.within(fmt::format("node `{}`", node.name()));
      throw;
    }
    while (!open_.empty()) {
      const Argument next = open_.front();
      open_.pop_front();
      if (!done_.insert(next).second) continue;
      try {
        convert_argument(next);
      } catch (Error& error) {
        error.within(fmt::format("function `{}`", next.function));
        throw;
      }
    }
  }

  void rename() {
    const auto names = frozen_names(library_);
    std::map<std::string, std::string> changed;
    for (const Argument& argument : done_) changed[argument.function] = names.at(argument.function);
    for (auto& function : *library_.message().mutable_function()) {
      const auto found = changed.find(function.signature().name());
      if (found != changed.end()) function.mutable_signature()->set_name(found->second);
      for (auto& node : *function.mutable_node_def()) {
        for (auto& [key, value] : *node.mutable_attr()) rename_in(value, changed);
      }
    }
    for (const auto& node : graph_.nodes()) {
      for (auto& [key, attribute] : node->attributes) {
        if (auto* function = std::get_if<graph::FunctionName>(&attribute)) rename_in(*function, changed);
        if (auto* functions = std::get_if<std::vector<graph::FunctionName>>(&attribute)) {
          for (auto& each : *functions) rename_in(each, changed);
        }
      }
    }
    graph_.library = serialize(library_.message());
  }

 private:
  static void rename_in(graph::FunctionName& function, const std::map<std::string, std::string>& changed) {
    const auto found = changed.find(function.name);
    if (found == changed.end()) return;
    proto::NameAttrList message;
    (void)deserialize(message, function.serialized);
    message.set_name(found->second);
    function = {found->second, serialize(message)};
  }

  static void rename_in(proto::AttrValue& value, const std::map<std::string, std::string>& changed) {
    const auto rename_one = [&](proto::NameAttrList& function) {
      const auto found = changed.find(function.name());
      if (found != changed.end()) function.set_name(found->second);
    };
    if (value.has_func()) rename_one(*value.mutable_func());
    if (!value.has_list()) return;
    for (auto& function : *value.mutable_list()->mutable_func()) rename_one(function);
  }

  void convert_caller(Node& node, const FrozenArgument& argument) {
    const CallingOp& op = *calling_op(node.op());
    const int index = argument.input - op.first_argument;
    auto types = node.get<std::vector<DType>>(op.types);
    if (index < 0 || static_cast<size_t>(index) >= types.size())
      throw Error(ErrorCode::kCorrupt, "", "it has more inputs than types");
    types[static_cast<size_t>(index)] = argument.dtype;
    node.set(op.types, types);
    if (op.op.ends_with("While") && node.has("output_shapes")) {
      if (const auto* shapes = std::get_if<std::vector<Shape>>(&node.attributes.at("output_shapes"))) {
        auto changed = *shapes;
        if (static_cast<size_t>(index) < changed.size()) changed[static_cast<size_t>(index)] = argument.shape;
        node.set("output_shapes", changed);
      }
    }
    for (const auto key : op.functions) {
      const auto& attribute = node.attributes.find(std::string(key));
      if (attribute == node.attributes.end()) continue;
      if (const auto* one = std::get_if<graph::FunctionName>(&attribute->second))
        enqueue(one->name, index, argument.dtype, key);
      if (const auto* list = std::get_if<std::vector<graph::FunctionName>>(&attribute->second)) {
        for (const auto& each : *list) enqueue(each.name, index, argument.dtype, key);
      }
    }
  }

  void enqueue(const std::string& function, int index, DType dtype, std::string_view key) {
    open_.push_back({function, index, dtype, key == "body"});
  }

  void convert_argument(const Argument& argument) {
    proto::FunctionDef& function = library_.get(argument.function);
    auto& signature = *function.mutable_signature();
    if (argument.index >= signature.input_arg_size())
      throw Error(ErrorCode::kCorrupt, "",
                  fmt::format("it takes {} arguments, found more", signature.input_arg_size()));
    const auto type = static_cast<proto::DataType>(argument.dtype);
    auto& input = *signature.mutable_input_arg(argument.index);
    input.set_type(type);
    input.clear_handle_data();
    if (argument.is_of_body && argument.index < signature.output_arg_size()) {
      signature.mutable_output_arg(argument.index)->set_type(type);
    }
    forget_shapes(function, argument.index);
    follow(function, input.name(), true, argument.dtype);
  }

  // What TensorFlow knew of the handle's shape is not the value's.
  static void forget_shapes(proto::FunctionDef& function, int index) {
    const auto open = [](proto::AttrValue& value, int i) {
      if (i >= value.list().shape_size()) return;
      auto& shape = *value.mutable_list()->mutable_shape(i);
      shape.clear_dim();
      shape.set_unknown_rank(true);
    };
    if (const auto found = function.mutable_attr()->find("_input_shapes"); found != function.mutable_attr()->end())
      open(found->second, index);
    const auto attributes = function.mutable_arg_attr()->find(static_cast<uint32_t>(index));
    if (attributes == function.mutable_arg_attr()->end()) return;
    auto& of_argument = *attributes->second.mutable_attr();
    if (const auto found = of_argument.find("_output_shapes"); found != of_argument.end()) open(found->second, 0);
  }

  // Every use of `name` within the function: of an argument, or of a node that passes it on.
  void follow(proto::FunctionDef& function, const std::string& name, bool is_argument, DType dtype) {
    if (!followed_.insert({&function, name, is_argument}).second) return;
    for (int n = 0; n < function.node_def_size(); ++n) {
      for (int i = 0; i < function.node_def(n).input_size(); ++i) {
        const std::string& input = function.node_def(n).input(i);
        if (input.starts_with('^')) continue;
        const FunctionInput parsed = parse_function_input(input);
        if (parsed.node == name && parsed.argument.empty() == is_argument) convert_use(function, n, i, dtype);
      }
    }
  }

  void convert_use(proto::FunctionDef& function, int n, int input, DType dtype) {
    proto::NodeDef& node = *function.mutable_node_def(n);
    static const std::set<std::string, std::less<>> kPassing = {"Enter",         "Exit",   "Identity",
                                                                "NextIteration", "Switch", "Merge"};
    if (const CallingOp* op = calling_op(node.op())) {
      convert_inner_caller(node, *op, input - op->first_argument, dtype);
    } else if (kPassing.contains(node.op())) {
      if (node.op() != "Merge" && input != 0) return;
      (*node.mutable_attr())["T"].set_type(static_cast<proto::DataType>(dtype));
      node.mutable_attr()->erase("_output_shapes");
      follow(function, std::string(node.name()), false, dtype);
    } else if (node.op() == "ReadVariableOp") {
      become(node, "Identity", {{"dtype", "T"}});
      rename_outputs(function, node.name(), ":value:", ":output:");
    } else if (node.op() == "ResourceGather") {
      convert_gather(function, n);
    } else if (node.op() == "ResourceGatherNd") {
      become(node, "GatherNd", {{"dtype", "Tparams"}, {"Tindices", "Tindices"}});
    } else {
      throw Error(ErrorCode::kUnsupported, fmt::format("node `{}`", node.name()),
                  fmt::format("{} takes a variable, which a frozen graph has not; name outputs that do not need it, or "
                              "put the variable on the denylist",
                              node.op()));
    }
  }

  void convert_inner_caller(proto::NodeDef& node, const CallingOp& op, int index, DType dtype) {
    auto& types = *(*node.mutable_attr())[std::string(op.types)].mutable_list();
    if (index < 0 || index >= types.type_size())
      throw Error(ErrorCode::kCorrupt, fmt::format("node `{}`", node.name()), "it has more inputs than types");
    types.set_type(index, static_cast<proto::DataType>(dtype));
    for (const auto key : op.functions) {
      const auto found = node.attr().find(std::string(key));
      if (found == node.attr().end()) continue;
      if (found->second.has_func()) enqueue(found->second.func().name(), index, dtype, key);
      for (const auto& each : found->second.list().func()) enqueue(each.name(), index, dtype, key);
    }
  }

  // TensorFlow keeps the first input and the colocation of what it makes anew; the rest of the inputs are data too.
  static void become(proto::NodeDef& node, const char* op,
                     const std::vector<std::pair<const char*, const char*>>& types) {
    google::protobuf::Map<std::string, proto::AttrValue> attributes;
    for (const auto& [from, to] : types) {
      if (node.attr().contains(from)) attributes[to] = node.attr().at(from);
    }
    if (node.attr().contains("_class")) attributes["_class"] = node.attr().at("_class");
    node.set_op(op);
    *node.mutable_attr() = attributes;
    node.clear_device();
    std::vector<std::string> inputs;
    for (const auto& input : node.input()) {
      if (!input.starts_with('^')) inputs.push_back(input);
    }
    node.clear_input();
    for (const auto& input : inputs) node.add_input(input);
  }

  static void convert_gather(proto::FunctionDef& function, int n) {
    if (const auto& attributes = function.node_def(n).attr();
        attributes.contains("batch_dims") && attributes.at("batch_dims").i() != 0)
      throw Error(ErrorCode::kUnsupported, fmt::format("node `{}`", function.node_def(n).name()),
                  "a ResourceGather with batch_dims; expected 0");
    std::string axis_name = function.node_def(n).name() + "/axis";
    while (std::ranges::any_of(function.node_def(), [&](const auto& other) { return other.name() == axis_name; }))
      axis_name += "_1";
    proto::NodeDef& axis = *function.add_node_def();
    proto::NodeDef& node = *function.mutable_node_def(n);  // after the addition, which may move it
    const auto index_type = node.attr().contains("Tindices") ? node.attr().at("Tindices").type() : proto::DT_INT32;
    axis.set_name(axis_name);
    axis.set_op("Const");
    (*axis.mutable_attr())["dtype"].set_type(index_type);
    auto& value = *(*axis.mutable_attr())["value"].mutable_tensor();
    value.set_dtype(index_type);
    value.mutable_tensor_shape();
    if (index_type == proto::DT_INT64)
      value.add_int64_val(0);
    else
      value.add_int_val(0);
    become(node, "GatherV2", {{"dtype", "Tparams"}, {"Tindices", "Tindices"}});
    (*node.mutable_attr())["Taxis"].set_type(index_type);
    node.add_input(axis_name + ":output:0");
  }

  static void rename_outputs(proto::FunctionDef& function, const std::string& node, std::string_view from,
                             std::string_view to) {
    const std::string prefix = node + std::string(from);
    const auto renamed = [&](const std::string& input) { return node + std::string(to) + input.substr(prefix.size()); };
    for (auto& other : *function.mutable_node_def()) {
      for (auto& input : *other.mutable_input()) {
        if (input.starts_with(prefix)) input = renamed(input);
      }
    }
    for (auto& [key, input] : *function.mutable_ret()) {
      if (input.starts_with(prefix)) input = renamed(input);
    }
  }

  Graph& graph_;
  FunctionLibrary library_;
  std::deque<Argument> open_;
  std::set<Argument> done_;
  std::set<std::tuple<const proto::FunctionDef*, std::string, bool>> followed_;
};

}  // namespace

void freeze_functions(Graph& graph, const std::vector<FrozenArgument>& arguments) {
  if (arguments.empty()) return;
  FunctionFreezer freezer(graph);
  for (const auto& argument : arguments) freezer.convert(argument);
  freezer.rename();
}

}  // namespace hoarfrost::tensorflow
