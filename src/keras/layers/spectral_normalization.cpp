// SpectralNormalization: a layer whose kernel is divided by its largest singular value at every step of training. What
// is stored is divided already, so at inference it is the layer. Keras 2.13 to 3.15, TensorFlow
// Addons 0.23.
#include <hoarfrost/error.h>

#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {
namespace {

struct SpectralNormalization {
  std::shared_ptr<const Layer> layer;

  static SpectralNormalization parse(const Config& config) {
    config.ignore({"power_iterations"});
    return {parse_inner_layer(config, "layer")};
  }

  Shapes infer(const Shapes& in) const { return layer->infer(in); }

  // The layer's, and vector_u [1, outputs of the kernel], which only training needs. Keras 3 keeps the kernel in the
  // wrapper's group too.
  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result = layer->weights(in);
    int64_t n_outputs = 0;
    for (WeightSpec& spec : result) {
      if (spec.name == "kernel" || spec.name == "embeddings") {
        n_outputs = spec.shape.last();
        spec.is_also_own = true;
      }
      spec.name = "layer/" + spec.name;
    }
    if (n_outputs == 0)
      throw Error(ErrorCode::kUnsupported, "",
                  "SpectralNormalization is of layers with a `kernel` or `embeddings` only, in Keras too");
    result.push_back({"vector_u", {1, n_outputs}, false});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    lowering.expect_inference("SpectralNormalization is not trained here");
    return lowering.inner(*layer, "layer", 0, lowering.n_weights() - 1, in);
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    return layer->reference(Arrays(weights.begin(), weights.end() - 1), in);
  }
};

}  // namespace

const LayerSpec layer_spectral_normalization =
    make_spec<SpectralNormalization>("SpectralNormalization", "Addons>SpectralNormalization");

}  // namespace hoarfrost::keras
