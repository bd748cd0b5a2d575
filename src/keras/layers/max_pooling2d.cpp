// MaxPooling2D: the greatest element under each window; padding never wins. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/pooling.h"

namespace hoarfrost::keras {
namespace {

struct MaxPooling2D {
  Window window;

  static MaxPooling2D parse(const Config& config) { return {parse_pool(config, 2)}; }
  Shapes infer(const Shapes& in) const { return infer_pooling(window, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_pooling(window, "MaxPool", lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return max_pooling_reference(window, in); }
};

}  // namespace

const LayerSpec layer_max_pooling2d = make_spec<MaxPooling2D>("MaxPooling2D", "MaxPool2D");

}  // namespace hoarfrost::keras
