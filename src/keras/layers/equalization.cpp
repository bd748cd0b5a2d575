// Equalization: histograms made even, in training only (Keras 3.15 asks `training` before it); at inference the
// identity.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Equalization {
  Augmentation augmentation;

  static Equalization parse(const Config& config) {
    return {parse_augmentation(config, {"value_range", "bins", "factor"}, true)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_equalization = make_spec<Equalization>("Equalization");

}  // namespace hoarfrost::keras
