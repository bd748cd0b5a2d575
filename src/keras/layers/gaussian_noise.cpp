// GaussianNoise: noise in training only, at inference the identity. Keras 1.0 to 3.15.
#include "keras/identity.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct GaussianNoise {
  static constexpr bool kPassesMask = true;

  static GaussianNoise parse(const Config& config) {
    config.ignore({"stddev", "sigma", "seed"});
    return {};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // No node is left.
  Values lower(Lowering& /*lowering*/, const Values& in) const { return in; }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_gaussian_noise = make_spec<GaussianNoise>("GaussianNoise");

}  // namespace hoarfrost::keras
