// ThresholdedReLU: x where x > theta, 0 elsewhere (Konda et al., 2014). Keras 1.0 to 2.15; Keras 3 has it no more.
#include "keras/activations.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct ThresholdedReLU {
  double theta = 1;
  static constexpr bool kPassesMask = true;

  static ThresholdedReLU parse(const Config& config) { return {config.get_float({"theta"}, 1)}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    return {lowering.named_op("mul", "Mul", {in[0], lower_is_greater(lowering, in[0], theta)})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [t = theta, x = in[0]](const Index& o) { return x[o] > t ? x[o] : 0; };
    return {{in[0].shape(), at, 1}};
  }
};

}  // namespace

const LayerSpec layer_thresholded_relu = make_spec<ThresholdedReLU>("ThresholdedReLU");

}  // namespace hoarfrost::keras
