// QDense: QKeras' Dense, on quantized weights. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_layer.h"

namespace hoarfrost::keras {
namespace {

struct QDense : QuantizedLayer {
  static constexpr bool kPassesMask = true;
  static QDense parse(const Config& config) {
    return {QuantizedLayer::parse(config, "Dense",
                                  {{"kernel", "kernel_quantizer", QuantizerUse::kKernel}, {"bias", "bias_quantizer"}})};
  }
};

}  // namespace

const LayerSpec layer_q_dense = make_spec<QDense>("QDense");

}  // namespace hoarfrost::keras
