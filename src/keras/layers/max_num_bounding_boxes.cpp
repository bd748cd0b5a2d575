// MaxNumBoundingBoxes: boxes beside images, in training only; at inference the identity. Keras 3.15.
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct MaxNumBoundingBoxes {
  Augmentation augmentation;

  static MaxNumBoundingBoxes parse(const Config& config) {
    return {parse_augmentation(config, {"max_number", "fill_value"}, true)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_augmentation(augmentation, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_max_num_bounding_boxes = make_spec<MaxNumBoundingBoxes>("MaxNumBoundingBoxes");

}  // namespace hoarfrost::keras
