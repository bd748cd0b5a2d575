// QBatchNormalization: QKeras' BatchNormalization, its four weights quantized each by itself. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_layer.h"

namespace hoarfrost::keras {
namespace {

struct QBatchNormalization : QuantizedLayer {
  static constexpr bool kPassesMask = true;
  static QBatchNormalization parse(const Config& config) {
    return {QuantizedLayer::parse(config, "BatchNormalization",
                                  {{"gamma", "gamma_quantizer", QuantizerUse::kKernel, "quantized_relu_po2(6, 2048)"},
                                   {"beta", "beta_quantizer", QuantizerUse::kWeight, "quantized_po2(5)"},
                                   {"moving_mean", "mean_quantizer", QuantizerUse::kWeight, "quantized_po2(5)"},
                                   {"moving_variance", "variance_quantizer", QuantizerUse::kKernel,
                                    "quantized_relu_po2(6, quadratic_approximation=True)"}})};
  }
};

}  // namespace

const LayerSpec layer_q_batch_normalization = make_spec<QBatchNormalization>("QBatchNormalization");

}  // namespace hoarfrost::keras
