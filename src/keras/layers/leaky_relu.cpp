// LeakyReLU: x where x > 0, slope · x elsewhere. The slope is `alpha` in Keras 1 and 2, `negative_slope` in Keras 3.
#include "keras/activations.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct LeakyReLU {
  double slope = 0.3;
  static constexpr bool kPassesMask = true;

  static LeakyReLU parse(const Config& config) { return {config.get_float({"negative_slope", "alpha"}, 0.3)}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const { return {lower_leaky_relu(lowering, in[0], slope)}; }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [s = slope, x = in[0]](const Index& o) { return x[o] > 0 ? x[o] : s * x[o]; };
    return {{in[0].shape(), at, 1}};
  }
};

}  // namespace

const LayerSpec layer_leaky_relu = make_spec<LeakyReLU>("LeakyReLU");

}  // namespace hoarfrost::keras
