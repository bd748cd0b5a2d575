// AveragePooling1D: the mean of the elements under each window; padding does not count. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/pooling.h"

namespace hoarfrost::keras {
namespace {

struct AveragePooling1D {
  Window window;

  static AveragePooling1D parse(const Config& config) { return {parse_pool(config, 1)}; }
  Shapes infer(const Shapes& in) const { return infer_pooling(window, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_pooling(window, "AvgPool", lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return average_pooling_reference(window, in);
  }
};

}  // namespace

const LayerSpec layer_average_pooling1d = make_spec<AveragePooling1D>("AveragePooling1D", "AvgPool1D");

}  // namespace hoarfrost::keras
