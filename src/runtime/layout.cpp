#include "runtime/layout.h"

#include <algorithm>

namespace hoarfrost::runtime {
namespace {

bool has_channels_second(const Shape& shape) { return shape.rank() == 4 || shape.rank() == 5; }

}  // namespace

Dims dnnl_dims(const Shape& shape) {
  Dims dims = shape.sizes();
  if (has_channels_second(shape)) std::rotate(dims.begin() + 1, dims.end() - 1, dims.end());
  if (dims.empty()) dims.push_back(1);
  return dims;
}

int dnnl_axis(int axis, int rank) {
  if (rank != 4 && rank != 5) return axis;
  return axis == 0 ? 0 : axis == rank - 1 ? 1 : axis + 1;
}

dnnl::memory::desc row_major(const Shape& shape) {
  Dims strides(static_cast<size_t>(std::max(shape.rank(), 1)), 1);
  for (int i = shape.rank() - 2; i >= 0; --i) {
    strides[static_cast<size_t>(i)] = strides[static_cast<size_t>(i) + 1] * std::max<int64_t>(shape[i + 1], 1);
  }
  if (has_channels_second(shape)) std::rotate(strides.begin() + 1, strides.end() - 1, strides.end());
  return {dnnl_dims(shape), dnnl::memory::data_type::f32, strides};
}

dnnl::memory::desc describe(const Shape& shape, const Layout& layout) { return layout ? *layout : row_major(shape); }

Layout canonical(const Shape& shape, const dnnl::memory::desc& desc) {
  if (desc == row_major(shape)) return {};
  return desc;
}

int channel_block(const Shape& shape, const Layout& layout) {
  if (!layout) return 0;
  const auto& desc = layout->data;
  const auto& blocking = desc.format_desc.blocking;
  if (desc.data_type != dnnl_f32 || desc.format_kind != dnnl_blocked || blocking.inner_nblks != 1 ||
      blocking.inner_idxs[0] != 1)
    return -1;
  const int64_t block = blocking.inner_blks[0];
  if (!has_channels_second(shape) || desc.dims[1] % block != 0) return -1;
  // Outside the block: batch, channel blocks, then space from the first axis to the last.
  int64_t stride = block;
  for (int i = desc.ndims - 1; i >= 0; --i) {
    if (blocking.strides[i] != stride && desc.dims[i] != 1) return -1;
    stride *= i == 1 ? desc.dims[1] / block : desc.dims[i];
  }
  return static_cast<int>(block);
}

std::optional<dnnl::memory::format_tag> block_tag(const Shape& shape, const Layout& layout) {
  if (!layout || shape.rank() != 4) return {};
  for (const auto tag : {dnnl::memory::format_tag::nChw16c, dnnl::memory::format_tag::nChw8c}) {
    if (*layout == dnnl::memory::desc(dnnl_dims(shape), dnnl::memory::data_type::f32, tag)) return tag;
  }
  return {};
}

std::optional<ChannelStrides> channel_strides(const Shape& shape, const Layout& layout) {
  constexpr int64_t kBlock = 16;
  if (shape.rank() != 4) return {};
  const int64_t h = shape[1], w = shape[2], c = shape[3];
  if (!layout) return ChannelStrides{h * w * c, w * c, c, kBlock, c % kBlock == 0};
  if (block_tag(shape, layout) != dnnl::memory::format_tag::nChw16c) return {};
  const int64_t n_blocks = (c + kBlock - 1) / kBlock;
  return ChannelStrides{n_blocks * h * w * kBlock, w * kBlock, kBlock, h * w * kBlock, true};
}

dnnl::memory::desc with_batch(dnnl::memory::desc desc, int64_t batch) {
  desc.data.dims[0] = batch;
  desc.data.padded_dims[0] = batch;
  return desc;
}

}  // namespace hoarfrost::runtime
