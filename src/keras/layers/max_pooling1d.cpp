// MaxPooling1D: the greatest element under each window; padding never wins. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/pooling.h"

namespace hoarfrost::keras {
namespace {

struct MaxPooling1D {
  Window window;

  static MaxPooling1D parse(const Config& config) { return {parse_pool(config, 1)}; }
  Shapes infer(const Shapes& in) const { return infer_pooling(window, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_pooling(window, "MaxPool", lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return max_pooling_reference(window, in); }
};

}  // namespace

const LayerSpec layer_max_pooling1d = make_spec<MaxPooling1D>("MaxPooling1D", "MaxPool1D");

}  // namespace hoarfrost::keras
