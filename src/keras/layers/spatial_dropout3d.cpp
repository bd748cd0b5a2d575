// SpatialDropout3D: at inference the identity: Keras scales while it trains. Keras 1.0 to 3.15.
#include "keras/identity.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct SpatialDropout3D {
  static constexpr bool kPassesMask = true;

  static SpatialDropout3D parse(const Config& config) {
    config.ignore({"rate", "p", "noise_shape", "seed", "data_format", "dim_ordering"});
    return {};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // No node is left.
  Values lower(Lowering& /*lowering*/, const Values& in) const { return in; }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_spatial_dropout3d = make_spec<SpatialDropout3D>("SpatialDropout3D");

}  // namespace hoarfrost::keras
