// AdaptiveMaxPooling3D: the largest of windows that cover [batch, depth, height, width, channels], as many as are asked
// for. Keras 3.15.
#include "keras/adaptive_pooling.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct AdaptiveMaxPooling3D {
  AdaptivePooling pooling;

  static AdaptiveMaxPooling3D parse(const Config& config) { return {parse_adaptive_pooling(config, 3, true)}; }
  Shapes infer(const Shapes& in) const { return infer_adaptive_pooling(pooling, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_adaptive_pooling(pooling, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return adaptive_pooling_reference(pooling, in);
  }
};

}  // namespace

const LayerSpec layer_adaptive_max_pooling3d =
    make_spec<AdaptiveMaxPooling3D>("AdaptiveMaxPooling3D", "Addons>AdaptiveMaxPooling3D");

}  // namespace hoarfrost::keras
