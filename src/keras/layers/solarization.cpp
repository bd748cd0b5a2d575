// Solarization: bright parts as negatives, in training only; at inference the identity. Keras 3.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Solarization {
  Augmentation augmentation;

  static Solarization parse(const Config& config) {
    return {parse_augmentation(config, {"value_range", "addition_factor", "threshold_factor"}, false)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_solarization = make_spec<Solarization>("Solarization");

}  // namespace hoarfrost::keras
