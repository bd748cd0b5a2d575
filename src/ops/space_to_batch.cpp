// Space folded into the batch (SpaceToBatchND, BatchToSpaceND: dilated convolutions of TensorFlow 1.x are written with
// them) or into the channels (SpaceToDepth, DepthToSpace).
//   wide[n, p * block + offset - before, …] = folded[offset * N + n, p, …], offset being row-major over the block.
#include "ops/strided.h"
#include "ops/types.h"
#include "ops/window.h"

namespace hoarfrost::ops {
namespace {

constexpr int64_t kMaxBlock = int64_t{1} << 31;

struct Blocks {
  Sizes block, before, after;
  int64_t n_blocks = 1;
};

// nullopt when block_shape or paddings (crops) are not known.
std::optional<Blocks> blocks_of(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  const auto block = integers(node, inputs[1]);
  const auto edges = integers(node, inputs[2]);
  if (!block || !edges) return std::nullopt;
  if (edges->size() != 2 * block->size())
    mismatch(node, "expected {} paddings or crops, found {}", 2 * block->size(), edges->size());
  if (inputs[0].shape.has_rank() && static_cast<size_t>(inputs[0].shape.rank()) < block->size() + 1) {
    mismatch(node, "expected an input of {} axes or more, found {}", block->size() + 1, inputs[0].shape.to_string());
  }
  Blocks blocks{*block, {}, {}};
  for (size_t i = 0; i < block->size(); ++i) {
    const int64_t before = (*edges)[2 * i];
    const int64_t after = (*edges)[2 * i + 1];
    if ((*block)[i] < 1 || (*block)[i] >= kMaxBlock)
      mismatch(node, "expected a block of 1 or more, found {}", (*block)[i]);
    if (before < 0 || after < 0 || before >= kMaxBlock || after >= kMaxBlock)
      mismatch(node, "a padding or crop of {} or {}", before, after);
    blocks.n_blocks = product(node, blocks.n_blocks, (*block)[i]);
    blocks.before.push_back(before);
    blocks.after.push_back(after);
  }
  return blocks;
}

Known unknown_like(const Known& input) {
  const Shape& shape = input.shape;
  return of_type(input.dtype, shape.has_rank() ? Shape(Sizes(static_cast<size_t>(shape.rank()), kUnknown)) : shape);
}

std::vector<Known> infer_space_to_batch(const Node& node, Knowns inputs) {
  const auto blocks = blocks_of(node, inputs);
  Shape shape = inputs[0].shape;
  if (!blocks || !shape.has_rank()) return {unknown_like(inputs[0])};
  if (shape[0] >= 0) shape[0] = product(node, shape[0], blocks->n_blocks);
  for (size_t i = 0; i < blocks->block.size(); ++i) {
    int64_t& size = shape[static_cast<int>(i) + 1];
    if (size < 0) continue;
    const int64_t padded = sum(node, size, blocks->before[i] + blocks->after[i]);
    if (padded % blocks->block[i] != 0)
      mismatch(node, "expected a padded size that the block {} divides, found {}", blocks->block[i], padded);
    size = padded / blocks->block[i];
  }
  return {of_type(inputs[0].dtype, shape)};
}

std::vector<Known> infer_batch_to_space(const Node& node, Knowns inputs) {
  const auto blocks = blocks_of(node, inputs);
  Shape shape = inputs[0].shape;
  if (!blocks || !shape.has_rank()) return {unknown_like(inputs[0])};
  if (shape[0] >= 0) {
    if (shape[0] % blocks->n_blocks != 0)
      mismatch(node, "expected a batch that {} divides, found {}", blocks->n_blocks, shape[0]);
    shape[0] /= blocks->n_blocks;
  }
  for (size_t i = 0; i < blocks->block.size(); ++i) {
    int64_t& size = shape[static_cast<int>(i) + 1];
    if (size < 0) continue;
    size = product(node, size, blocks->block[i]) - blocks->before[i] - blocks->after[i];
    if (size < 0)
      mismatch(node, "crops of {} and {} are larger than axis {}", blocks->before[i], blocks->after[i], i + 1);
  }
  return {of_type(inputs[0].dtype, shape)};
}

// The part of both tensors that belongs to one offset within the block.
struct Part {
  View wide, folded;
  Sizes sizes;
};
Part part_at(const Blocks& blocks, int64_t offset, const Shape& wide, const Shape& folded) {
  Part part{{0, strides_of(wide)}, {0, strides_of(folded)}, wide.sizes()};
  part.folded.offset = offset * wide[0] * part.folded.strides[0];
  for (size_t i = blocks.block.size(); i-- > 0;) {
    const int64_t block = blocks.block[i];
    const int64_t start = offset % block - blocks.before[i];  // of p = 0
    offset /= block;
    const int64_t first = start >= 0 ? 0 : (-start + block - 1) / block;
    const int64_t end = std::min(folded.sizes()[i + 1],
                                 start >= wide.sizes()[i + 1] ? 0 : (wide.sizes()[i + 1] - start + block - 1) / block);
    part.sizes[i + 1] = std::max<int64_t>(0, end - first);
    part.wide.offset += (first * block + start) * part.wide.strides[i + 1];
    part.folded.offset += first * part.folded.strides[i + 1];
    part.wide.strides[i + 1] *= block;
  }
  return part;
}

std::vector<Tensor> space_to_batch(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_space_to_batch(node, all)[0]);
  const Blocks blocks = *blocks_of(node, all);
  for (int64_t offset = 0; output.n_elements() > 0 && offset < blocks.n_blocks; ++offset) {
    const Part part = part_at(blocks, offset, inputs[0].shape(), output.shape());
    copy_view(output, part.folded, inputs[0], part.wide, part.sizes);
  }
  return {output};
}

std::vector<Tensor> batch_to_space(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_batch_to_space(node, all)[0]);
  const Blocks blocks = *blocks_of(node, all);
  for (int64_t offset = 0; output.n_elements() > 0 && offset < blocks.n_blocks; ++offset) {
    const Part part = part_at(blocks, offset, output.shape(), inputs[0].shape());
    copy_view(output, part.wide, inputs[0], part.folded, part.sizes);
  }
  return {output};
}

int64_t block_size(const Node& node) {
  const auto size = node.get<int64_t>("block_size");
  if (size < 2 || size >= 1 << 15) corrupt(node, "expected a block_size of 2 or more, found {}", size);
  return size;
}

std::vector<Known> infer_space_to_depth(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  const Layout layout = layout_of(node, 2);
  const int64_t block = block_size(node);
  Shape shape = shape_of_rank(node, inputs, 0, 4);
  for (int i = 0; i < 2; ++i) {
    int64_t& size = shape[layout.spatial_axis(i)];
    if (size >= 0 && size % block != 0)
      mismatch(node, "expected a size that the block {} divides, found {}", block, size);
    if (size >= 0) size /= block;
  }
  int64_t& channels = shape[layout.channel_axis()];
  if (channels >= 0) channels = product(node, channels, block * block);
  return {of_type(inputs[0].dtype, shape)};
}

std::vector<Known> infer_depth_to_space(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  const Layout layout = layout_of(node, 2);
  const int64_t block = block_size(node);
  Shape shape = shape_of_rank(node, inputs, 0, 4);
  for (int i = 0; i < 2; ++i) {
    int64_t& size = shape[layout.spatial_axis(i)];
    if (size >= 0) size = product(node, size, block);
  }
  int64_t& channels = shape[layout.channel_axis()];
  if (channels >= 0 && channels % (block * block) != 0)
    mismatch(node, "expected channels that {} divides, found {}", block * block, channels);
  if (channels >= 0) channels /= block * block;
  return {of_type(inputs[0].dtype, shape)};
}

// Walks [n, h, block row, w, block column, c] over the wide tensor and the deep one, whose channel is
// (block row * block + block column) * C + c.
std::array<View, 2> wide_and_deep(const Layout& layout, const Shape& wide, const Shape& deep, int64_t block) {
  const auto stride = [](const Shape& shape, int axis) { return strides_of(shape)[static_cast<size_t>(axis)]; };
  const int h = layout.spatial_axis(0), w = layout.spatial_axis(1), c = layout.channel_axis();
  const int64_t deep_channel = stride(deep, c);
  return {View{0,
               {stride(wide, 0), block * stride(wide, h), stride(wide, h), block * stride(wide, w), stride(wide, w),
                stride(wide, c)}},
          View{0,
               {stride(deep, 0), stride(deep, h), block * wide[c] * deep_channel, stride(deep, w),
                wide[c] * deep_channel, deep_channel}}};
}

template <bool to_depth>
std::vector<Tensor> move_blocks(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, (to_depth ? infer_space_to_depth(node, all) : infer_depth_to_space(node, all))[0]);
  const Layout layout = layout_of(node, 2);
  const int64_t block = block_size(node);
  const Shape wide = to_depth ? inputs[0].shape() : output.shape();
  const Shape deep = to_depth ? output.shape() : inputs[0].shape();
  const auto [wide_view, deep_view] = wide_and_deep(layout, wide, deep, block);
  const Sizes sizes{wide[0], deep[layout.spatial_axis(0)], block, deep[layout.spatial_axis(1)],
                    block,   wide[layout.channel_axis()]};
  copy_view(output, to_depth ? deep_view : wide_view, inputs[0], to_depth ? wide_view : deep_view, sizes);
  return {output};
}

}  // namespace

std::span<const OpSpec> space_to_batch_ops() {
  static constexpr OpSpec kOps[] = {
      {"SpaceToBatchND", infer_space_to_batch, space_to_batch},
      {"BatchToSpaceND", infer_batch_to_space, batch_to_space},
      {"SpaceToDepth", infer_space_to_depth, move_blocks<true>},
      {"DepthToSpace", infer_depth_to_space, move_blocks<false>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
