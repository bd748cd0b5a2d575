// SpatialDropout1D: at inference the identity: Keras scales while it trains. Keras 1.0 to 3.15.
#include "keras/dropout.h"
#include "keras/identity.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct SpatialDropout1D {
  static constexpr bool kPassesMask = true;
  double rate = 0.5;

  static SpatialDropout1D parse(const Config& config) {
    config.ignore({"noise_shape", "seed"});
    return {dropout_rate(config)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // One decision for a channel of an example. At inference no node is left.
  Values lower(Lowering& lowering, const Values& in) const {
    return lower_dropout(lowering, in[0], rate, Shape{kUnknown, 1, kUnknown});
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_spatial_dropout1d = make_spec<SpatialDropout1D>("SpatialDropout1D");

}  // namespace hoarfrost::keras
