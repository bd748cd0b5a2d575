// AveragePooling2D: the mean of the elements under each window; padding does not count. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/pooling.h"

namespace hoarfrost::keras {
namespace {

struct AveragePooling2D {
  Window window;

  static AveragePooling2D parse(const Config& config) { return {parse_pool(config, 2)}; }
  Shapes infer(const Shapes& in) const { return infer_pooling(window, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_pooling(window, "AvgPool", lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return average_pooling_reference(window, in);
  }
};

}  // namespace

const LayerSpec layer_average_pooling2d = make_spec<AveragePooling2D>("AveragePooling2D", "AvgPool2D");

}  // namespace hoarfrost::keras
