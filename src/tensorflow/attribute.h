// AttrValue to graph::Attribute and back.
#pragma once

#include <hoarfrost/graph.h>

#include "tensorflow/tensor_proto.h"

namespace hoarfrost::tensorflow {

// `content` is the tensor's tensor_content where the reader left it in the file.
// Throws Error{kCorrupt | kUnsupported}: a value that TensorFlow gives no node, or a tensor that is none.
graph::Attribute attribute_from_proto(const proto::AttrValue& value, std::optional<FileRange> content,
                                      ExpansionBudget& budget);

// Everything but the tensor_content of a single tensor; that of tensors in lists is in.
proto::AttrValue attribute_to_proto(const graph::Attribute& attribute);

// Serialised with sorted maps: same message, same bytes.
std::string serialize(const google::protobuf::MessageLite& message);
// False when the bytes are no such message. protobuf would also print its opinion on stderr, where ours alone belongs.
bool deserialize(google::protobuf::MessageLite& message, std::string_view bytes);

}  // namespace hoarfrost::tensorflow
