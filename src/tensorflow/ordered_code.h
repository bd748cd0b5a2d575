// The keys under which a checkpoint keeps the slices of a partitioned variable: TensorFlow's EncodeTensorNameSlice, in
// its OrderedCode, whose bytes sort as the numbers do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tensorflow/proto/tensor_bundle.pb.h"

namespace hoarfrost::tensorflow {

// number 0, the name, the rank, then start and length (-1: all) along each axis.
std::string slice_key(std::string_view name, const proto::TensorSliceProto& slice);

void append_ordered(std::string& out, uint64_t value);
void append_ordered_signed(std::string& out, int64_t value);
void append_ordered(std::string& out, std::string_view text);

}  // namespace hoarfrost::tensorflow
