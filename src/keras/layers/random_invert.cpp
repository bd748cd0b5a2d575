// RandomInvert: negatives, in training only; at inference the identity. Keras 3.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct RandomInvert {
  Augmentation augmentation;

  static RandomInvert parse(const Config& config) {
    return {parse_augmentation(config, {"factor", "value_range"}, true)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_invert = make_spec<RandomInvert>("RandomInvert");

}  // namespace hoarfrost::keras
