// QConv2DTranspose: QKeras' Conv2DTranspose, on quantized weights. QKeras 0.9, which drops an output_padding.
#include "keras/layers/registry.h"
#include "keras/quantized_layer.h"

namespace hoarfrost::keras {
namespace {

struct QConv2DTranspose : QuantizedLayer {
  static QConv2DTranspose parse(const Config& config) {
    return {QuantizedLayer::parse(config, "Conv2DTranspose",
                                  {{"kernel", "kernel_quantizer", QuantizerUse::kKernel}, {"bias", "bias_quantizer"}})};
  }
};

}  // namespace

const LayerSpec layer_q_conv2d_transpose = make_spec<QConv2DTranspose>("QConv2DTranspose");

}  // namespace hoarfrost::keras
