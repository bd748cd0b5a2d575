// QDepthwiseConv2D: QKeras' DepthwiseConv2D, on quantized weights. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_layer.h"

namespace hoarfrost::keras {
namespace {

struct QDepthwiseConv2D : QuantizedLayer {
  static QDepthwiseConv2D parse(const Config& config) {
    return {QuantizedLayer::parse(
        config, "DepthwiseConv2D",
        {{"depthwise_kernel", "depthwise_quantizer", QuantizerUse::kKernel}, {"bias", "bias_quantizer"}})};
  }
};

}  // namespace

const LayerSpec layer_q_depthwise_conv2d = make_spec<QDepthwiseConv2D>("QDepthwiseConv2D");

}  // namespace hoarfrost::keras
