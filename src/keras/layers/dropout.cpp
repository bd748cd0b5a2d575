// What acts only in training, and is the identity at inference: Dropout and its kin, noise, ActivityRegularization, Identity.
// Keras' dropout is inverted (it scales while it trains), so nothing is scaled afterwards. Keras 1.2 to 3.15.
#include <hoarfrost/error.h>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Dropout {
  static constexpr bool kPassesMask = true;
  bool forgets_mask = false;  // Keras 2's Identity

  static Dropout parse(const Config& config) {
    config.ignore({"rate", "p", "noise_shape", "seed", "stddev", "sigma", "l1", "l2", "data_format", "dim_ordering"});
    return {config.class_name().ends_with("Identity") && config.version().major < 3};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  // No node is left.
  Values lower(Lowering& lowering, const Values& in) const {
    if (forgets_mask && in[0].mask) {
      throw Error(ErrorCode::kUnsupported, lowering.scope(), "Keras 2's Identity loses the mask; remove the layer");
    }
    return in;
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {{in[0].shape(), [x = in[0]](const Index& o) { return x[o]; }, 0}};
  }
};

}  // namespace

const LayerSpec layer_dropout =
    make_spec<Dropout>("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianNoise",
                       "GaussianDropout", "AlphaDropout", "ActivityRegularization", "Identity");

}  // namespace hoarfrost::keras
