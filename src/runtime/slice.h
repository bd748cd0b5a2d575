// Batches in slices: what treats each image on its own runs from end to end on a few images at a time, which stay in
// the cache, each thread with its own slices. What mixes or shares more than an image (dense layers read all their
// weights) stays whole.
#pragma once

#include "runtime/operation.h"

namespace hoarfrost::runtime {

// The list with the operations that can be sliced, from the inputs on, put into one operation with a body for
// `n_images` images; nullopt where that is none or only one operation, or the inputs are no batch larger than n_images.
std::optional<OperationList> sliced(const OperationList& list, int64_t n_images);

// A body for another number of images.
OperationList with_batch(const OperationList& body, int64_t n_images);

}  // namespace hoarfrost::runtime
