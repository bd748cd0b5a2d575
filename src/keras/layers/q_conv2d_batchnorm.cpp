// QConv2DBatchnorm: QKeras' Conv2D with the BatchNormalization behind it folded into its quantized weights. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_folding.h"

namespace hoarfrost::keras {
namespace {

struct QConv2DBatchnorm : QuantizedFolding {
  static QConv2DBatchnorm parse(const Config& config) {
    return {QuantizedFolding::parse(config, "Conv2D", "kernel_quantizer")};
  }
};

}  // namespace

const LayerSpec layer_q_conv2d_batchnorm = make_spec<QConv2DBatchnorm>("QConv2DBatchnorm");

}  // namespace hoarfrost::keras
