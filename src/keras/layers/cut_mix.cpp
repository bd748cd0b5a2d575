// CutMix: a piece of another image, in training only; at inference the identity. Keras 3.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct CutMix {
  Augmentation augmentation;

  static CutMix parse(const Config& config) { return {parse_augmentation(config, {"factor"}, false)}; }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_cut_mix = make_spec<CutMix>("CutMix");

}  // namespace hoarfrost::keras
