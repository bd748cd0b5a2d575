// LayerScale: x · gamma over the last axis, of keras.applications' ConvNeXt (a custom layer there: Keras 2.10 to 3.15).
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct LayerScale {
  int64_t projection_dim = 0;

  static LayerScale parse(const Config& config) {
    config.ignore({"init_values"});
    return {config.get_int({"projection_dim"})};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  std::vector<WeightSpec> weights(const Shapes& /*in*/) const { return {{"gamma", {projection_dim}}}; }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lowering.named_op("mul", "Mul", {in[0], lowering.weight(0)})};
  }
  Formulas reference(const Arrays& weights, const Arrays& in) const {
    return {{in[0].shape(),
             [x = in[0], gamma = weights[0]](const Index& o) {
               return x[o] * gamma.at_offset(gamma.size(0) == 1 ? 0 : o[-1]);
             },
             1}};
  }
};

}  // namespace

const LayerSpec layer_layer_scale = make_spec<LayerScale>("LayerScale");

}  // namespace hoarfrost::keras
