// A MetaGraphDef as a part of a file: a .meta, or one of a SavedModel's.
#pragma once

#include <hoarfrost/tensorflow.h>

#include "tensorflow/proto/meta_graph.pb.h"

namespace hoarfrost::tensorflow {

// Throws Error{kCorrupt | kUnsupported} without the file's name.
MetaGraph decode_meta_graph(std::string_view message, const std::shared_ptr<const File>& file);
MetaGraph meta_graph_from_proto(const proto::MetaGraphDef& message);

// All of a MetaGraphDef but its graph: the saver (when add_saver has been here) and the collections of variables.
proto::MetaGraphDef describe_meta_graph(const graph::Graph& graph, const std::vector<std::string>& variables,
                                        const std::vector<std::string>& trainable);

// What stands before and behind the graph in the message, and the length of it all.
struct EncodedMetaGraph {
  std::string head;
  std::string tail;
  uint64_t n_bytes = 0;
};
EncodedMetaGraph encode_around(const graph::Graph& graph, const proto::MetaGraphDef& rest);

}  // namespace hoarfrost::tensorflow
