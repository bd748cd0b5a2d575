// QSeparableConv2D: QKeras' SeparableConv2D, both its kernels quantized, and nothing between them. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_layer.h"

namespace hoarfrost::keras {
namespace {

struct QSeparableConv2D : QuantizedLayer {
  static QSeparableConv2D parse(const Config& config) {
    return {QuantizedLayer::parse(config, "SeparableConv2D",
                                  {{"depthwise_kernel", "depthwise_quantizer", QuantizerUse::kKernel},
                                   {"pointwise_kernel", "pointwise_quantizer", QuantizerUse::kKernel},
                                   {"bias", "bias_quantizer"}})};
  }
};

}  // namespace

const LayerSpec layer_q_separable_conv2d = make_spec<QSeparableConv2D>("QSeparableConv2D");

}  // namespace hoarfrost::keras
