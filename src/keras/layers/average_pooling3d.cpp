// AveragePooling3D: the mean of the elements under each window; padding does not count. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/pooling.h"

namespace hoarfrost::keras {
namespace {

struct AveragePooling3D {
  Window window;

  static AveragePooling3D parse(const Config& config) { return {parse_pool(config, 3)}; }
  Shapes infer(const Shapes& in) const { return infer_pooling(window, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_pooling(window, "AvgPool3D", lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return average_pooling_reference(window, in);
  }
};

}  // namespace

const LayerSpec layer_average_pooling3d = make_spec<AveragePooling3D>("AveragePooling3D", "AvgPool3D");

}  // namespace hoarfrost::keras
