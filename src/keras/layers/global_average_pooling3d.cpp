// GlobalAveragePooling3D: the mean of each channel. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/pooling.h"

namespace hoarfrost::keras {
namespace {

struct GlobalAveragePooling3D {
  GlobalPooling pooling;

  static GlobalAveragePooling3D parse(const Config& config) { return {parse_global_pooling(config, 3)}; }
  Shapes infer(const Shapes& in) const { return infer_global_pooling(pooling, in); }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lower_over_space(pooling, "Mean", lowering, in[0])};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return global_average_reference(pooling, in);
  }
};

}  // namespace

const LayerSpec layer_global_average_pooling3d =
    make_spec<GlobalAveragePooling3D>("GlobalAveragePooling3D", "GlobalAvgPool3D");

}  // namespace hoarfrost::keras
