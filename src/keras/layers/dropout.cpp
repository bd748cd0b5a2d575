// Dropout: at inference the identity: Keras scales while it trains. Keras 1.0 to 3.15.
#include "keras/dropout.h"

#include "keras/identity.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Dropout {
  static constexpr bool kPassesMask = true;
  double rate = 0.5;
  Shape noise_shape = Shape::unknown_rank();

  static Dropout parse(const Config& config) {
    config.ignore({"seed"});
    Dropout layer{dropout_rate(config)};
    if (config.find({"noise_shape"}) != nullptr) layer.noise_shape = config.get_shape({"noise_shape"});
    return layer;
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // At inference no node is left.
  Values lower(Lowering& lowering, const Values& in) const { return lower_dropout(lowering, in[0], rate, noise_shape); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_dropout = make_spec<Dropout>("Dropout");

}  // namespace hoarfrost::keras
