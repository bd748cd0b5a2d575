// AugMix: mixtures of augmentations, in training only; at inference the identity. Keras 3.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct AugMix {
  Augmentation augmentation;

  static AugMix parse(const Config& config) {
    return {parse_augmentation(
        config, {"value_range", "num_chains", "chain_depth", "factor", "alpha", "all_ops", "interpolation"}, false)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_aug_mix = make_spec<AugMix>("AugMix");

}  // namespace hoarfrost::keras
