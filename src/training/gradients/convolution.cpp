// Convolutions, their transposes, and pools: TensorFlow's own gradient ops, with the attributes of the node.
#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {

using Gradients = std::vector<Endpoint>;

struct Names {
  const char *forward, *by_input, *by_filter;
};
constexpr Names k2d{"Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"};
constexpr Names k3d{"Conv3D", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"};
constexpr Names kDepthwise{"", "DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter"};

template <const Names& names>
Gradients convolution(const Flow& flow) {
  Gradients result(2);
  if (flow.is_wanted[0]) {
    result[0] = flow.alike(names.by_input, {flow.builder.ints(flow.shape(0).sizes()), flow.x(1), flow.dy()});
  }
  if (flow.is_wanted[1]) {
    result[1] = flow.alike(names.by_filter, {flow.x(0), flow.builder.ints(flow.shape(1).sizes()), flow.dy()});
  }
  return result;
}

// The transpose is linear in both: its gradient by out_backprop is the convolution itself.
template <const Names& names>
Gradients transposed(const Flow& flow) {
  Gradients result(3);
  if (flow.is_wanted[1]) {
    result[1] = flow.alike(names.by_filter, {flow.dy(), flow.builder.ints(flow.shape(1).sizes()), flow.x(2)});
  }
  if (flow.is_wanted[2]) result[2] = flow.alike(names.forward, {flow.dy(), flow.x(1)});
  return result;
}

Gradients max_pool(const Flow& flow) { return {flow.alike("MaxPoolGrad", {flow.x(), flow.y(), flow.dy()})}; }
Gradients max_pool_3d(const Flow& flow) { return {flow.alike("MaxPool3DGrad", {flow.x(), flow.y(), flow.dy()})}; }
Gradients average_pool(const Flow& flow) {
  return {flow.alike("AvgPoolGrad", {flow.builder.ints(flow.shape(0).sizes()), flow.dy()})};
}
Gradients average_pool_3d(const Flow& flow) {
  return {flow.alike("AvgPool3DGrad", {flow.builder.ints(flow.shape(0).sizes()), flow.dy()})};
}

}  // namespace

std::span<const GradientSpec> convolution_gradients() {
  static constexpr GradientSpec kGradients[] = {
      {"Conv2D", convolution<k2d>},
      {"Conv3D", convolution<k3d>},
      {"DepthwiseConv2dNative", convolution<kDepthwise>},
      {"Conv2DBackpropInput", transposed<k2d>},
      {"Conv3DBackpropInputV2", transposed<k3d>},
      {"MaxPool", max_pool},
      {"MaxPool3D", max_pool_3d},
      {"AvgPool", average_pool},
      {"AvgPool3D", average_pool_3d},
  };
  return kGradients;
}

}  // namespace hoarfrost::training
