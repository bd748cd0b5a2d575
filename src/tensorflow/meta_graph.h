// A MetaGraphDef as a part of a file: a .meta, or one of a SavedModel's.
#pragma once

#include <hoarfrost/tensorflow.h>

#include "tensorflow/proto/meta_graph.pb.h"

namespace hoarfrost::tensorflow {

// Throws Error{kCorrupt | kUnsupported} without the file's name.
MetaGraph decode_meta_graph(std::string_view message, const std::shared_ptr<const File>& file);
MetaGraph meta_graph_from_proto(const proto::MetaGraphDef& message);

}  // namespace hoarfrost::tensorflow
