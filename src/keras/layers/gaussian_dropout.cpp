// GaussianDropout: noise in training only, at inference the identity. Keras 1.0 to 3.15.
#include "keras/identity.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct GaussianDropout {
  static constexpr bool kPassesMask = true;

  static GaussianDropout parse(const Config& config) {
    config.ignore({"rate", "p", "seed"});
    return {};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // No node is left.
  Values lower(Lowering& /*lowering*/, const Values& in) const { return in; }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_gaussian_dropout = make_spec<GaussianDropout>("GaussianDropout");

}  // namespace hoarfrost::keras
