#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <algorithm>

namespace hoarfrost::tensorflow {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

constexpr const char* kDevice = "/device:CPU:0";  // where TensorFlow puts restoring: files are read there

struct Saved {
  Node* variable;
  DType dtype;
  [[nodiscard]] bool is_resource() const { return variable->op() == "VarHandleOp"; }
};

std::vector<Saved> find_variables(const Graph& graph, const std::vector<std::string>& names) {
  std::vector<Saved> saved;
  for (const auto& name : names) {
    Node* node = graph.find(name);
    if (node == nullptr || (node->op() != "VariableV2" && node->op() != "Variable" && node->op() != "VarHandleOp")) {
      throw Error(ErrorCode::kInvalidArgument, "",
                  fmt::format("`{}` is no variable of the graph, so it cannot be saved", name));
    }
    saved.push_back({node, node->get<DType>("dtype")});
  }
  std::ranges::sort(saved, {}, [](const Saved& s) { return s.variable->name(); });
  return saved;
}

Node& add_strings(Graph& graph, const std::string& name, std::vector<std::string> strings) {
  const auto n = static_cast<int64_t>(strings.size());
  return graph.add_const(name, Tensor({n}, std::move(strings)));
}

// A placeholder for the checkpoint's name with a default, in TensorFlow's three nodes.
Node& add_filename(Graph& graph) {
  Node& input = graph.add_const("save/filename/input", Tensor({}, std::vector<std::string>{"model"}));
  Node& filename = graph.add("PlaceholderWithDefault", "save/filename", {input.output()});
  filename.set("dtype", DType::kString).set("shape", Shape{});
  Node& constant = graph.add("PlaceholderWithDefault", "save/Const", {filename.output()});
  constant.set("dtype", DType::kString).set("shape", Shape{});
  return constant;
}

// What SaveV2 saves: a ref variable itself, or a resource's reading.
Endpoint reading(Graph& graph, const Saved& saved) {
  if (!saved.is_resource()) return saved.variable->output();
  const std::string name = saved.variable->name() + "/Read/ReadVariableOp";
  if (Node* existing = graph.find(name); existing != nullptr && existing->op() == "ReadVariableOp")
    return existing->output();
  Node& read = graph.add("ReadVariableOp", graph.unique_name(name), {saved.variable->output()});
  read.set("dtype", saved.dtype);
  return read.output();
}

Node& add_assign(Graph& graph, const Saved& saved, Endpoint value, size_t i) {
  const std::string suffix = i == 0 ? "" : fmt::format("_{}", i);
  if (saved.is_resource()) {
    Node& identity = graph.add("Identity", "save/Identity" + suffix, {value});
    identity.set("T", saved.dtype);
    Node& assign =
        graph.add("AssignVariableOp", "save/AssignVariableOp" + suffix, {saved.variable->output(), identity.output()});
    return assign.set("dtype", saved.dtype);
  }
  Node& assign = graph.add("Assign", "save/Assign" + suffix, {saved.variable->output(), value});
  assign.set("T", saved.dtype).set("_class", std::vector<std::string>{"loc:@" + saved.variable->name()});
  return assign.set("use_locking", true).set("validate_shape", true);
}

void add_save(Graph& graph, Node& filename, const std::vector<Saved>& saved, const std::vector<std::string>& names,
              const std::vector<DType>& dtypes) {
  std::vector<Endpoint> readings;
  for (const Saved& s : saved) readings.push_back(reading(graph, s));
  Node& tensor_names = add_strings(graph, "save/SaveV2/tensor_names", names);
  Node& slices = add_strings(graph, "save/SaveV2/shape_and_slices", std::vector<std::string>(names.size()));
  Node& save = graph.add("SaveV2", "save/SaveV2", {filename.output(), tensor_names.output(), slices.output()});
  save.inputs.insert(save.inputs.end(), readings.begin(), readings.end());
  save.set("dtypes", dtypes);
  Node& done = graph.add("Identity", "save/control_dependency", {filename.output()});
  done.control_inputs.push_back(&save);
  done.set("T", DType::kString).set("_class", std::vector<std::string>{"loc:@save/Const"});
}

void add_restore(Graph& graph, Node& filename, const std::vector<Saved>& saved, const std::vector<std::string>& names,
                 const std::vector<DType>& dtypes) {
  Node& tensor_names = add_strings(graph, "save/RestoreV2/tensor_names", names);
  Node& slices = add_strings(graph, "save/RestoreV2/shape_and_slices", std::vector<std::string>(names.size()));
  Node& restore = graph.add("RestoreV2", "save/RestoreV2", {filename.output(), tensor_names.output(), slices.output()});
  restore.set("dtypes", dtypes);
  for (Node* node : {&tensor_names, &slices, &restore}) node->device = kDevice;
  std::vector<Node*> assigns;
  for (size_t i = 0; i < saved.size(); ++i)
    assigns.push_back(&add_assign(graph, saved[i], restore.output(static_cast<int>(i)), i));
  Node& all = graph.add("NoOp", "save/restore_all");
  all.control_inputs = assigns;
  std::ranges::sort(all.control_inputs, {}, [](const Node* node) { return node->name(); });
}

}  // namespace

void add_saver(Graph& graph, const std::vector<std::string>& variables) {
  if (graph.find("save/restore_all") != nullptr) {
    throw Error(ErrorCode::kInvalidArgument, "", "the graph has a saver already: it has a node `save/restore_all`");
  }
  if (variables.empty()) throw Error(ErrorCode::kInvalidArgument, "", "a graph without variables has nothing to save");
  const auto saved = find_variables(graph, variables);
  std::vector<std::string> names;
  std::vector<DType> dtypes;
  for (const Saved& s : saved) {
    names.push_back(s.variable->name());
    dtypes.push_back(s.dtype);
  }
  Node& filename = add_filename(graph);
  add_save(graph, filename, saved, names, dtypes);
  add_restore(graph, filename, saved, names, dtypes);
}

}  // namespace hoarfrost::tensorflow
