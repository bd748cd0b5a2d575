// Identity: its input. tf.keras 2.11 to Keras 3.15.
#include "keras/identity.h"

#include <hoarfrost/error.h>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Identity {
  static constexpr bool kPassesMask = true;
  bool loses_mask = false;  // in Keras 2

  static Identity parse(const Config& config) { return {config.version().major < 3}; }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }

  // No node is left.
  Values lower(Lowering& lowering, const Values& in) const {
    if (loses_mask && in[0].mask) {
      throw Error(ErrorCode::kUnsupported, lowering.scope(), "Keras 2's Identity loses the mask; remove the layer");
    }
    return in;
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_identity = make_spec<Identity>("Identity");

}  // namespace hoarfrost::keras
