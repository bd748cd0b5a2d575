// RandomContrast: other contrasts in training only, at inference the identity. Keras 2.6 to 3.15.
#include "keras/layers/registry.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct RandomContrast {
  DType dtype = DType::kFloat32;

  static RandomContrast parse(const Config& config) {
    config.ignore({"factor", "value_range", "data_format", "seed"});
    return {config.dtype()};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_cast(dtype, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_contrast = make_spec<RandomContrast>("RandomContrast");

}  // namespace hoarfrost::keras
