// RandomPerspective: images seen from aside, in training only; at inference the identity. Keras 3.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct RandomPerspective {
  Augmentation augmentation;

  static RandomPerspective parse(const Config& config) {
    return {parse_augmentation(config, {"factor", "scale", "interpolation", "fill_value"}, false)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_perspective = make_spec<RandomPerspective>("RandomPerspective");

}  // namespace hoarfrost::keras
