// MixUp: mixtures of two images, in training only; at inference the identity. Keras 3.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct MixUp {
  Augmentation augmentation;

  static MixUp parse(const Config& config) { return {parse_augmentation(config, {"alpha"}, true)}; }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_mix_up = make_spec<MixUp>("MixUp");

}  // namespace hoarfrost::keras
