// SpatialDropout2D: at inference the identity: Keras scales while it trains. Keras 1.0 to 3.15.
#include "keras/dropout.h"
#include "keras/identity.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct SpatialDropout2D {
  static constexpr bool kPassesMask = true;
  double rate = 0.5;
  bool is_channels_first = false;

  static SpatialDropout2D parse(const Config& config) {
    config.ignore({"noise_shape", "seed"});
    const std::string format = config.get_string({"data_format", "dim_ordering"}, "channels_last");
    return {dropout_rate(config), format == "channels_first" || format == "th"};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // One decision for a channel of an example. At inference no node is left.
  Values lower(Lowering& lowering, const Values& in) const {
    return lower_dropout(lowering, in[0], rate,
                         is_channels_first ? Shape{kUnknown, kUnknown, 1, 1} : Shape{kUnknown, 1, 1, kUnknown});
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_spatial_dropout2d = make_spec<SpatialDropout2D>("SpatialDropout2D");

}  // namespace hoarfrost::keras
