#include "runtime/kernels/convolution_block.h"

#include <algorithm>

#include "runtime/kernels/convolution.h"
#include "runtime/kernels/few_channels.h"
#include "runtime/kernels/simd.h"
#include "runtime/kernels/winograd_training.h"

namespace hoarfrost::runtime {

#if defined(__x86_64__)
namespace {

using winograd::kVector;

constexpr int64_t kFewestImages = 16;     // that threads share
constexpr int64_t kMostFloats = 1 << 17;  // of an image's x, half of a second cache

enum class Kind { kNone, kWinograd, kFewChannels };

Kind kind_of(const Operation& convolution, ValueId input, ValueId filter, ValueId x, const OperationList& list) {
  const auto shape = [&](ValueId id) -> const Shape& { return list.values[static_cast<size_t>(id)].shape; };
  // Layouts are of blocks of 16 channels, or of none.
  if (!has_avx512() || own_block_tag(4) != dnnl::memory::format_tag::nChw16c) return Kind::kNone;
  if (!is_trained_convolution(convolution, list) || !convolution.paddings.empty() || !convolution.dilations.empty())
    return Kind::kNone;
  const Shape &from = shape(input), &to = shape(x);
  if (to[0] < kFewestImages || to.n_elements() / to[0] > kMostFloats || to.last() < kVector) return Kind::kNone;
  const auto windows = convolution_windows(convolution, from, shape(filter));
  if (has_trained_winograd(from, shape(filter), windows)) return Kind::kWinograd;
  const bool is_3x3 = std::ranges::all_of(windows, [](const ops::WindowAxis& w) {
    return w.kernel == 3 && w.stride == 1 && w.dilation == 1 && w.pad_before <= 2;
  });
  const bool has_few = from.last() <= few_channels::kMost && from.last() == shape(filter)[2];
  return is_3x3 && has_few ? Kind::kFewChannels : Kind::kNone;
}

Operation of_node(const graph::Node& node) {
  Operation result;
  result.node = &node;
  return result;
}

}  // namespace

bool takes_block(const Operation& convolution, ValueId x, const OperationList& list) {
  return convolution.is("Conv2D") && convolution.scale.empty() && convolution.bias.empty() && !convolution.addend &&
         !convolution.affine && clamp_of(convolution.activation) &&
         !list.values[static_cast<size_t>(convolution.inputs[1])].is_constant() &&
         kind_of(convolution, convolution.inputs[0], convolution.inputs[1], x, list) != Kind::kNone;
}

bool takes_block_gradients(const Operation& by_filter, ValueId x, bool has_input, const OperationList& list) {
  if (!by_filter.is("Conv2DBackpropFilter") || !by_filter.is_plain()) return false;
  const Kind kind = kind_of(by_filter, by_filter.inputs[0], by_filter.outputs[0], x, list);
  return kind == Kind::kWinograd || (kind == Kind::kFewChannels && !has_input);
}

Block::Block(const graph::Node& convolution, ValueId input, ValueId filter, ValueId x, const Layout& x_layout,
             const Site& site)
    : out(x_layout) {
  const Shape &from = site.shape(input), &to = site.shape(x);
  has_few_channels = from.last() <= few_channels::kMost;
  if (!has_few_channels && channel_strides(from, site.layout(input))) in = site.layout(input);
  const auto windows = convolution_windows(of_node(convolution), from, site.shape(filter));
  sizes = {from[0],
           from[1],
           from[2],
           from[3],
           to[1],
           to[2],
           to[3],
           windows[0].pad_before,
           windows[1].pad_before,
           *channel_strides(from, in),
           *channel_strides(to, out)};
}

int64_t images_of_job(const winograd::Sizes& s, int64_t n_tiles) {
  return std::clamp<int64_t>(n_tiles / (s.tile_rows() * s.tile_columns()), 1, s.n_images);
}
#else
bool takes_block(const Operation&, ValueId, const OperationList&) { return false; }
bool takes_block_gradients(const Operation&, ValueId, bool, const OperationList&) { return false; }
#endif

}  // namespace hoarfrost::runtime
