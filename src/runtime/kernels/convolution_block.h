// Blocks of convolution, relu, BatchNormalization in training and MaxPool, as one operation each way: Operation::pool
// and Operation::convolution together. While the convolution's output, the largest value of a network, or its gradient
// is still in a core's second cache, what comes next is made of it.
//
// Forward, inputs: those of the batch norm, the convolution's input in the place of x; then the filter. Outputs: the
// maxima, the batch norm's others, the maxima's places; then x, for the way back.
//
// Back, inputs: those of the pooled batch norm's gradient: dy, x, scale, mean, variance, the maxima's places; then the
// convolution's input, and its filter where that input's gradient is wanted. Outputs: the filter's gradient, those of
// scale and offset, two that nobody reads; then the input's and the bias's, where they are wanted.
#pragma once

#include "runtime/kernel.h"
#include "runtime/kernels/winograd_convolution.h"

namespace hoarfrost::runtime {

// The optional ones among a gradient's.
struct BlockGradients {
  explicit BlockGradients(const Operation& operation)
      : has_input(operation.inputs.size() > 7), has_bias(operation.outputs.size() > (has_input ? 6U : 5U)) {}
  bool has_input, has_bias;
};

// Whether this processor has kernels for a block of the Conv2D whose output is x: 3x3, stride 1, float32, of images
// that are enough for all threads and small enough for a cache.
bool takes_block(const Operation& convolution, ValueId x, const OperationList& list);
// The same of its gradient by filter, x being what comes out of the convolution; whether or not its input's gradient is
// wanted too.
bool takes_block_gradients(const Operation& by_filter, ValueId x, bool has_input, const OperationList& list);

#if defined(__x86_64__)
// A block's convolution as kernels see it; a picture is read in row-major order.
struct Block {
  Block(const graph::Node& convolution, ValueId input, ValueId filter, ValueId x, const Layout& x_layout,
        const Site& site);
  bool has_few_channels;
  Layout in, out;
  winograd::Sizes sizes;
};

// The images that a thread works on together: as many as make so many tiles for Winograd's products.
int64_t images_of_job(const winograd::Sizes& sizes, int64_t n_tiles);
#endif

}  // namespace hoarfrost::runtime
