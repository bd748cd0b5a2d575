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

// Whether the layout is, in float32, oneDNN's nChw16c or nChw8c (and their 3D kin) without padding, and its block: all
// that own loops know.
int channel_block(const Shape& shape, const Layout& layout);  // 0 for row-major, -1 for another layout

// Which of nChw16c and nChw8c the layout is; nullopt when it is none. A last block that C does not fill ends in zeros.
std::optional<dnnl::memory::format_tag> block_tag(const Shape& shape, const Layout& layout);

// Where own loops over 16 channels at a time find them: element (n, y, x, c) of a value [N, H, W, C], row-major or in
// oneDNN's nChw16c, is n * image + y * row + x * pixel + c / 16 * block + c % 16. Blocks of nChw16c are always whole:
// the channels behind C are there, and zero.
struct ChannelStrides {
  int64_t image = 0, row = 0, pixel = 0, block = 0;
  bool has_whole_blocks = false;
};
std::optional<ChannelStrides> channel_strides(const Shape& shape, const Layout& layout);  // nullopt: another layout

// The same layout for another size of the first axis, which is the outermost in every layout used here.
dnnl::memory::desc with_batch(dnnl::memory::desc desc, int64_t batch);

}  // namespace hoarfrost::runtime
