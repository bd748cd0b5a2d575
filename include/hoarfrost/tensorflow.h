// TensorFlow's files: GraphDef (.pb, .pbtxt), MetaGraphDef (.meta), SavedModel, and V2 checkpoints.
#pragma once

#include <hoarfrost/graph.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace hoarfrost::tensorflow {

// Reads a GraphDef, binary or text by what the file holds. Constants of 1 KiB and more stay views of the file.
// Throws Error{kIo | kCorrupt}.
graph::Graph read_graph(const std::filesystem::path& path);

// Writes a GraphDef, as text when the name ends in .pbtxt: same graph, same bytes. Constants that are views of files
// are copied from file to file. Throws Error{kUnsupported} before anything is written when it would pass protobuf's 2
// GiB - 1 as binary: the message names the size and what to do instead. The same limit holds for text: the text itself
// may be longer (up to four characters a byte), but TensorFlow serialises the message that it makes of it.
void write_graph(const graph::Graph& graph, const std::filesystem::path& path);
enum class Encoding { kBinary, kText };
void write_graph(const graph::Graph& graph, const std::filesystem::path& path, Encoding encoding);
// The size that write_graph would write as binary.
uint64_t graph_n_bytes(const graph::Graph& graph);

// Puts the bodies of functions in the place of their calls, until the graph has none: PartitionedCall becomes its body,
// If and While TensorFlow 1's Switch and Merge, Enter and Exit. The calling nodes stay as Identity (IdentityN), with
// their names; the function library goes. Throws Error{kCorrupt}: a function that is missing or does not fit its call;
// Error{kUnsupported}: calls more than 64 deep, a condition that is no bool, Case.
void inline_functions(graph::Graph& graph);

// The functions that take variables take their values instead, as TensorFlow 2.15's convert_variables_to_constants has
// it: ReadVariableOp becomes Identity, the functions are renamed to NAME_frozen_<n>. For passes::FreezeOptions. Throws
// Error{kUnsupported}: a function that writes to such a variable; Error{kCorrupt}.
void freeze_functions(graph::Graph& graph, const std::vector<graph::FrozenArgument>& arguments);

// A MetaGraphDef: the graph, its saver, and the names of its variables.
struct SignatureNames {
  std::map<std::string, std::string> inputs;  // argument -> "node:index"
  std::map<std::string, std::string> outputs;
};
struct MetaGraph {
  graph::Graph graph;
  std::string filename_tensor_name = "save/Const:0";
  std::string save_tensor_name = "save/control_dependency:0";
  std::string restore_op_name = "save/restore_all";
  std::vector<std::string> variables;  // the `variables` collection's nodes, where it has one
  std::map<std::string, SignatureNames> signatures;
};
// A SaverDef by itself: freeze_graph's --input_saver. Only the names of nodes are filled. Throws Error{kIo | kCorrupt}.
MetaGraph read_saver(const std::filesystem::path& path);
// Throws Error{kIo | kCorrupt}.
MetaGraph read_meta_graph(const std::filesystem::path& path);
// Writes what TensorFlow's import_meta_graph and Saver.restore accept: SaverDef (V2) when add_saver has been here, the
// `variables` and `trainable_variables` collections of VariableDefs. Throws Error{kInvalidArgument} for a variable that
// the graph has not, or that no node sets; Error{kUnsupported} as write_graph.
void write_meta_graph(const graph::Graph& graph, const std::vector<std::string>& variables,
                      const std::vector<std::string>& trainable, const std::filesystem::path& path);

// A SavedModel's MetaGraph with these tags (comma-separated, "serve"), and its variables' prefix. Throws
// Error{kInvalidArgument} that lists the tags there are.
struct SavedModel {
  MetaGraph meta_graph;
  std::filesystem::path variables_prefix;  // empty when it has no variables
};
SavedModel read_saved_model(const std::filesystem::path& folder, const std::string& tags = "serve");
// The values of its variables by their nodes. TensorFlow 2 keeps them under the names of Python objects; which is
// whose, the function says that restores them. Throws as read_checkpoint and inline_functions.
graph::Variables read_variables(const SavedModel& saved);

// An argument or a result of a signature: the name by which it is called, and what it is.
struct SignatureTensor {
  std::string key;
  graph::Endpoint endpoint;
  DType dtype = DType::kInvalid;
  Shape shape;
};
// What a SavedModel holds beside its graph, whose variables are resources that add_saver has been given.
struct SavedModelContents {
  std::vector<SignatureTensor> inputs;  // of `serving_default`
  std::vector<SignatureTensor> outputs;
  std::vector<std::string> variables;  // in creation order
  std::vector<std::string> trainable;
};
// Writes a SavedModel of one MetaGraph, tagged `serve`: saved_model.pb and variables/, which TensorFlow 1 and 2 and
// TensorFlow Serving load. saved_model.pb is written last. Returns the paths. Throws as write_meta_graph and
// write_checkpoint.
std::vector<std::filesystem::path> write_saved_model(const graph::Graph& graph, const graph::Variables& values,
                                                     const SavedModelContents& contents,
                                                     const std::filesystem::path& folder);

// Adds TensorFlow's save/ nodes for these variables (save/Const, SaveV2, RestoreV2, Assign, restore_all), sorted by
// name. Throws Error{kInvalidArgument}: no variable of the graph, none at all, or save/ nodes that are there already.
void add_saver(graph::Graph& graph, const std::vector<std::string>& variables);

// A V2 checkpoint: `PREFIX.index` and its shards. Tensors are views of the shards; CRCs are checked when `check` is
// true. Partitioned variables are put together in memory, as are all of TensorFlow's V1 format (one file, or
// PREFIX-00000-of-00002). Throws Error{kIo | kCorrupt} naming the file and the entry.
graph::Variables read_checkpoint(const std::filesystem::path& prefix, bool check = true);
// Byte for byte what TensorFlow's Saver writes for these variables in one shard, and the text file `checkpoint` beside
// it. Returns the paths written.
std::vector<std::filesystem::path> write_checkpoint(const graph::Variables& variables,
                                                    const std::filesystem::path& prefix);
// "folder", "folder/checkpoint", "prefix", "prefix.index", "prefix.meta" -> the prefix. Throws Error{kIo} saying what
// is missing.
std::filesystem::path checkpoint_prefix(const std::filesystem::path& path);

}  // namespace hoarfrost::tensorflow
