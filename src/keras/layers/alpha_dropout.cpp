// AlphaDropout: dropout for selu in training only, at inference the identity. Keras 2.0 to 3.15.
#include "keras/identity.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct AlphaDropout {
  static constexpr bool kPassesMask = true;

  static AlphaDropout parse(const Config& config) {
    config.ignore({"rate", "noise_shape", "seed"});
    return {};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // No node is left.
  Values lower(Lowering& /*lowering*/, const Values& in) const { return in; }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_alpha_dropout = make_spec<AlphaDropout>("AlphaDropout");

}  // namespace hoarfrost::keras
