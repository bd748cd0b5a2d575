// QConv1D: QKeras' Conv1D, on quantized weights. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_layer.h"

namespace hoarfrost::keras {
namespace {

struct QConv1D : QuantizedLayer {
  static QConv1D parse(const Config& config) {
    return {QuantizedLayer::parse(config, "Conv1D",
                                  {{"kernel", "kernel_quantizer", QuantizerUse::kKernel}, {"bias", "bias_quantizer"}})};
  }
};

}  // namespace

const LayerSpec layer_q_conv1d = make_spec<QConv1D>("QConv1D");

}  // namespace hoarfrost::keras
