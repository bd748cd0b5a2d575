// QDepthwiseConv2DBatchnorm: QKeras' DepthwiseConv2D with the BatchNormalization behind it folded into its quantized
// weights. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_folding.h"

namespace hoarfrost::keras {
namespace {

struct QDepthwiseConv2DBatchnorm : QuantizedFolding {
  static QDepthwiseConv2DBatchnorm parse(const Config& config) {
    return {QuantizedFolding::parse(config, "DepthwiseConv2D", "depthwise_quantizer")};
  }
};

}  // namespace

const LayerSpec layer_q_depthwise_conv2d_batchnorm = make_spec<QDepthwiseConv2DBatchnorm>("QDepthwiseConv2DBatchnorm");

}  // namespace hoarfrost::keras
