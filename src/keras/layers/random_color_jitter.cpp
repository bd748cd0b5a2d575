// RandomColorJitter: other brightness and colours, in training only; at inference the identity. Keras 3.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct RandomColorJitter {
  Augmentation augmentation;

  static RandomColorJitter parse(const Config& config) {
    return {parse_augmentation(
        config, {"value_range", "brightness_factor", "contrast_factor", "saturation_factor", "hue_factor"}, true)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_color_jitter = make_spec<RandomColorJitter>("RandomColorJitter");

}  // namespace hoarfrost::keras
