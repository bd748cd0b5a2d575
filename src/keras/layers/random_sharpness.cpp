// RandomSharpness: sharper and softer images, in training only; at inference the identity. Keras 3.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct RandomSharpness {
  Augmentation augmentation;

  static RandomSharpness parse(const Config& config) {
    return {parse_augmentation(config, {"factor", "value_range"}, false)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_sharpness = make_spec<RandomSharpness>("RandomSharpness");

}  // namespace hoarfrost::keras
