// AdaptiveAveragePooling1D: the mean of windows that cover [batch, steps, channels], as many as are asked for.
// Keras 3.15.
#include "keras/adaptive_pooling.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct AdaptiveAveragePooling1D {
  AdaptivePooling pooling;

  static AdaptiveAveragePooling1D parse(const Config& config) { return {parse_adaptive_pooling(config, 1, false)}; }
  Shapes infer(const Shapes& in) const { return infer_adaptive_pooling(pooling, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_adaptive_pooling(pooling, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return adaptive_pooling_reference(pooling, in);
  }
};

}  // namespace

const LayerSpec layer_adaptive_average_pooling1d =
    make_spec<AdaptiveAveragePooling1D>("AdaptiveAveragePooling1D", "Addons>AdaptiveAveragePooling1D");

}  // namespace hoarfrost::keras
