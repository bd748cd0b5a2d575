// RandomBrightness: images brighter and darker, in training only; at inference the identity. Keras 2.9 to 3.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct RandomBrightness {
  Augmentation augmentation;

  static RandomBrightness parse(const Config& config) {
    return {parse_augmentation(config, {"factor", "value_range"}, config.version().major >= 3)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_brightness = make_spec<RandomBrightness>("RandomBrightness");

}  // namespace hoarfrost::keras
