// GraphDef as bytes, a node at a time: reading and writing take memory for the small parts only.
//
//   GraphDef   1: node NodeDef …   2: library FunctionDefLibrary   4: versions VersionDef
//   NodeDef    1: name   2: op   3: input …   4: device   5: attr { 1: key  2: value AttrValue } …
//   AttrValue  8: tensor TensorProto { …  4: tensor_content }
#pragma once

#include <hoarfrost/graph.h>

#include <map>

#include "tensorflow/message_size.h"
#include "tensorflow/proto/graph.pb.h"

namespace hoarfrost::tensorflow {

// The GraphDef in `message`, which is a part of file->text(); tensor_content of 1 KiB and more becomes a view of the
// file. Throws Error{kCorrupt | kUnsupported} whose place is the node, without the file.
graph::Graph decode_graph(std::string_view message, const std::shared_ptr<const File>& file);
// The same from a message in memory.
graph::Graph graph_from_proto(const proto::GraphDef& message);

// Where tensor_content stands in a file, by the attribute's key.
using Contents = std::map<std::string, FileRange, std::less<>>;

// Collects nodes as they are read; their inputs are names until all are known.
class GraphBuilder {
 public:
  // Throws Error{kCorrupt | kUnsupported} whose place is the node.
  void add(const proto::NodeDef& message, const Contents& contents);
  void set_versions(const proto::VersionDef& versions);
  void set_library(std::string serialized) { graph_.library = std::move(serialized); }
  // Throws Error{kCorrupt} naming node and input when an input is no node.
  graph::Graph finish();

 private:
  void connect(graph::Node& node, std::string_view input);
  void read_scalars_as_unknown();
  graph::Graph graph_;
  std::vector<std::vector<std::string>> inputs_;
  class Budget;
  std::shared_ptr<Budget> budget_;
};

// Bytes of the message, and the message itself; constants that are views of files are copied from file to file.
uint64_t encoded_size(const graph::Graph& graph);
void encode_graph(const graph::Graph& graph, OutputFile& out);

// The node without the tensor_content of its attributes' tensors.
proto::NodeDef node_to_proto(const graph::Node& node);
proto::VersionDef versions_of(const graph::Graph& graph);

}  // namespace hoarfrost::tensorflow
