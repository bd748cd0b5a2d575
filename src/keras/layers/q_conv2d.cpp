// QConv2D: QKeras' Conv2D, on quantized weights. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_layer.h"

namespace hoarfrost::keras {
namespace {

struct QConv2D : QuantizedLayer {
  static QConv2D parse(const Config& config) {
    return {QuantizedLayer::parse(config, "Conv2D",
                                  {{"kernel", "kernel_quantizer", QuantizerUse::kKernel}, {"bias", "bias_quantizer"}})};
  }
};

}  // namespace

const LayerSpec layer_q_conv2d = make_spec<QConv2D>("QConv2D");

}  // namespace hoarfrost::keras
