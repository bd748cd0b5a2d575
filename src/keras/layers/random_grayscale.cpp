// RandomGrayscale: images without colour, in training only; at inference the identity. Keras 3.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct RandomGrayscale {
  Augmentation augmentation;

  static RandomGrayscale parse(const Config& config) { return {parse_augmentation(config, {"factor"}, true)}; }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_grayscale = make_spec<RandomGrayscale>("RandomGrayscale");

}  // namespace hoarfrost::keras
