// RandomFlip: mirror images in training only, at inference the identity. Keras 2.6 to 3.15.
#include "keras/layers/registry.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct RandomFlip {
  DType dtype = DType::kFloat32;

  static RandomFlip parse(const Config& config) {
    config.ignore({"mode", "data_format", "seed"});
    return {config.dtype()};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_cast(dtype, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_flip = make_spec<RandomFlip>("RandomFlip");

}  // namespace hoarfrost::keras
