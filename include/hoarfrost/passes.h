// Rewrites of graphs. Each is one free function in one file under src/passes; validate() holds before and after it.
#pragma once

#include <hoarfrost/graph.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hoarfrost::passes {

struct FreezeOptions {
  std::vector<std::string> outputs;    // nodes to keep, with all that they need
  std::vector<std::string> allowlist;  // variables to freeze; empty: all
  std::vector<std::string> denylist;   // variables to leave as they are
  // Converts the functions that take variables (tensorflow::freeze_functions); without it such graphs are refused.
  std::function<void(graph::Graph&, const std::vector<graph::FrozenArgument>&)> freeze_functions = nullptr;
};

// Makes constants of variables, as TensorFlow 2.15's convert_variables_to_constants: first extract_sub_graph, then
//   VariableV2, Variable, VarHandleOp X   Const X
//   ReadVariableOp                        Identity of the same name
//   ResourceGather(Nd)                    GatherV2 with a new Const `<name>/axis`, GatherNd
//   If, While, PartitionedCall            the same, with functions that take the value
// The order of the nodes stays. Values that the graph has no variable for are not looked at.
// Returns the number of variables frozen.
// Throws Error{kInvalidArgument}: an output that the graph has not; a variable without a value (with near names);
// Error{kMismatch}: a value of another type or shape; Error{kUnsupported}: a node that writes to a frozen variable.
int freeze(graph::Graph& graph, const graph::Variables& variables, const FreezeOptions& options);

// Keeps the nodes that `outputs` reach: through inputs, control inputs and colocation (`_class` loc:@), as TensorFlow's
// extract_sub_graph. Throws Error{kInvalidArgument} for an output that the graph has not.
void extract_sub_graph(graph::Graph& graph, const std::vector<std::string>& outputs);

// Forgets on which device each node should run.
void clear_devices(graph::Graph& graph);

// TensorFlow 2.15's remove_training_nodes: CheckNumerics nodes go, and Identity nodes that no control edge and no
// colocation names; nodes in `protected_nodes` stay. Returns the number removed.
int remove_training_nodes(graph::Graph& graph, const std::vector<std::string>& protected_nodes);

// Variables become resources, as TensorFlow 2 has them: VariableV2 a VarHandleOp of the same name, Identity a
// ReadVariableOp, Assign an AssignVariableOp. Throws Error{kUnsupported}: another node that takes a variable.
void use_resource_variables(graph::Graph& graph);

// "OLD=NEW": renames one node. Throws Error{kInvalidArgument}: no such node, a name taken, or one that TensorFlow
// forbids.
void rename(graph::Graph& graph, std::string_view old_and_new);

// Runs nodes that set variables (Assign, AssignAdd, AssignSub and their resource twins, and groups of them) in the
// given order: what freeze_graph does with --initializer_nodes, and what a Saver does with `save/restore_all`.
// RestoreV2 reads from `variables` as they are when the call is made; values that must be computed are, by the ops'
// references. Throws Error{kInvalidArgument}: no such node, or a variable without a value; Error{kUnsupported}: an op
// that cannot be run.
void run_initializers(const graph::Graph& graph, graph::Variables& variables, const std::vector<std::string>& names);

// --- optimize
// ---------------------------------------------------------------------------------------------------------------

// What a person says of the graph that is to come out.
struct PassOptions {
  int64_t batch = kUnknown;                                 // the first size of every input; kUnknown: as it is
  std::vector<std::pair<std::string, Shape>> input_shapes;  // by the input's name, "" for the only one
  std::vector<std::string> renames;                         // "OLD=NEW"
};

// One rewrite of a frozen graph. It keeps the names and the values of the signature's outputs, and the names of its
// inputs, whose values it keeps too unless its summary says otherwise. One file under src/passes ends in a
// `const Pass pass_NAME`, and its line in passes.def puts it into the order.
struct Pass {
  std::string_view name;     // "fold_constants"
  std::string_view summary;  // one line for --list
  bool is_usual = true;      // runs when nobody chooses
  // Returns how many nodes it changed, removed or added. Throws Error{kInvalidArgument} for options that make no sense
  // for this graph, Error{kUnsupported} for what it cannot say.
  int (*run)(graph::Graph& graph, graph::Signature& signature, const PassOptions& options);
};

// In the order in which they run: src/passes/passes.def.
const std::vector<const Pass*>& all_passes();
// Throws Error{kInvalidArgument} that lists the nearest names.
const Pass& find_pass(std::string_view name);
// Runs one and validates the graph. Errors name the pass.
int run_pass(const Pass& pass, graph::Graph& graph, graph::Signature& signature, const PassOptions& options);

// Keeps what the signature's outputs need, and its inputs. Returns the number of nodes removed.
int strip_unused(graph::Graph& graph, const graph::Signature& signature);

// The inputs that the pass nchw_inputs turns: those of four axes with real numbers.
std::vector<graph::Endpoint> nchw_inputs(const graph::Signature& signature);

}  // namespace hoarfrost::passes
