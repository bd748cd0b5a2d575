// How values lie in memory. A value of rank 4 or 5 has, for oneDNN, its channels as second dimension, as its
// convolutions and poolings have; TensorFlow's order is then oneDNN's nhwc or ndhwc.
#pragma once

#include <hoarfrost/tensor.h>

#include <dnnl.hpp>
#include <optional>

namespace hoarfrost::runtime {

// Nothing for TensorFlow's row-major order, else what oneDNN calls it; never a descriptor that means row-major.
using Layout = std::optional<dnnl::memory::desc>;

using Dims = dnnl::memory::dims;

// The sizes of a shape in oneDNN's order.
Dims dnnl_dims(const Shape& shape);
// The same axis in oneDNN's order.
int dnnl_axis(int axis, int rank);
// A descriptor of float32 in row-major order.
dnnl::memory::desc row_major(const Shape& shape);
dnnl::memory::desc describe(const Shape& shape, const Layout& layout);
// Nothing when `desc` means row-major order of `shape`.
Layout canonical(const Shape& shape, const dnnl::memory::desc& desc);

// Whether the layout is oneDNN's nChw16c or nChw8c (and their 3D kin) without padding, and its block: all that own
// loops know.
int channel_block(const Shape& shape, const Layout& layout);  // 0 for row-major, -1 for another layout

// The same layout for another size of the first axis, which is the outermost in every layout used here.
dnnl::memory::desc with_batch(dnnl::memory::desc desc, int64_t batch);

}  // namespace hoarfrost::runtime
