// RandomHeight: another height, in training only; at inference the identity. Keras 2.6 to 2.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct RandomHeight {
  Augmentation augmentation;

  static RandomHeight parse(const Config& config) {
    return {parse_augmentation(config, {"factor", "interpolation"}, true)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_height = make_spec<RandomHeight>("RandomHeight");

}  // namespace hoarfrost::keras
