// TensorProto and TensorShapeProto to Tensor and Shape, and back.
#pragma once

#include <hoarfrost/tensor.h>

#include <optional>

#include "tensorflow/proto/graph.pb.h"

namespace hoarfrost::tensorflow {

// Bytes that a file may still make us allocate beyond its own size: a few bytes can claim a tensor of any size
// (TensorFlow repeats a typed field's last value), but no graph that can be written has more than this.
class ExpansionBudget {
 public:
  // Throws Error{kCorrupt} when they are used up.
  void take(uint64_t n_bytes);

 private:
  uint64_t left_ = (uint64_t{1} << 31) - 1;
};

// Throws Error{kCorrupt} for a size below -1.
Shape shape_from_proto(const proto::TensorShapeProto& message);
void shape_to_proto(const Shape& shape, proto::TensorShapeProto& message);
// A shape whose sizes are known, and whose elements can be counted. Throws Error{kCorrupt}.
Shape static_shape_from_proto(const proto::TensorShapeProto& message);

// `content` is the message's tensor_content where the reader left it in the file. A typed field with fewer values than
// elements repeats its last; none at all means zeros (TensorFlow's Tensor::FromProto).
// Throws Error{kCorrupt}: sizes that do not agree; Error{kUnsupported}: resources, variants, types of TensorFlow 2.13
// on.
Tensor tensor_from_proto(const proto::TensorProto& message, std::optional<FileRange> content, ExpansionBudget& budget);

// Whether the values go to tensor_content: numbers, at least two of them, none of them repeated (Tensor::repeating).
// TensorFlow's make_tensor_proto does so, and OpenCV finds a single element only in its typed field.
bool has_content(const Tensor& tensor);
// Everything but tensor_content. Throws Error{kUnsupported} for types that have no typed field.
void tensor_to_proto(const Tensor& tensor, proto::TensorProto& message);

}  // namespace hoarfrost::tensorflow
