// QSeparableConv1D: QKeras' SeparableConv1D, both its kernels quantized, and nothing between them. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_layer.h"

namespace hoarfrost::keras {
namespace {

struct QSeparableConv1D : QuantizedLayer {
  static QSeparableConv1D parse(const Config& config) {
    return {QuantizedLayer::parse(config, "SeparableConv1D",
                                  {{"depthwise_kernel", "depthwise_quantizer", QuantizerUse::kKernel},
                                   {"pointwise_kernel", "pointwise_quantizer", QuantizerUse::kKernel},
                                   {"bias", "bias_quantizer"}})};
  }
};

}  // namespace

const LayerSpec layer_q_separable_conv1d = make_spec<QSeparableConv1D>("QSeparableConv1D");

}  // namespace hoarfrost::keras
