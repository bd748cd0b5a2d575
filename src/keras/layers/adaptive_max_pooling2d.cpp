// AdaptiveMaxPooling2D: the largest of windows that cover [batch, height, width, channels], as many as are asked for.
// Keras 3.15.
#include "keras/adaptive_pooling.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct AdaptiveMaxPooling2D {
  AdaptivePooling pooling;

  static AdaptiveMaxPooling2D parse(const Config& config) { return {parse_adaptive_pooling(config, 2, true)}; }
  Shapes infer(const Shapes& in) const { return infer_adaptive_pooling(pooling, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_adaptive_pooling(pooling, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return adaptive_pooling_reference(pooling, in);
  }
};

}  // namespace

const LayerSpec layer_adaptive_max_pooling2d =
    make_spec<AdaptiveMaxPooling2D>("AdaptiveMaxPooling2D", "Addons>AdaptiveMaxPooling2D");

}  // namespace hoarfrost::keras
