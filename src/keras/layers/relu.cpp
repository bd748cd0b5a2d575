// ReLU: max_value where x ≥ max_value, x where x > threshold, negative_slope · (x - threshold) elsewhere. Keras 2.2
// to 3.15.
#include <algorithm>
#include <optional>

#include "keras/activations.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct ReLU {
  std::optional<double> max_value;
  double negative_slope = 0;
  double threshold = 0;
  static constexpr bool kPassesMask = true;

  static ReLU parse(const Config& config) {
    ReLU layer{{}, config.get_float({"negative_slope"}, 0), config.get_float({"threshold"}, 0)};
    if (config.find({"max_value"}) != nullptr) layer.max_value = config.get_float({"max_value"});
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  // keras.backend.relu's nodes.
  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    if (!max_value && threshold == 0) return {lower_leaky_relu(lowering, x, negative_slope)};
    Value positive;
    if (threshold != 0)
      positive = lowering.named_op("mul", "Mul", {x, lower_is_greater(lowering, x, threshold)});
    else
      positive = lowering.op(max_value == 6 ? "Relu6" : "Relu", {x});
    if (max_value && !(threshold == 0 && max_value == 6)) positive = lower_clip(lowering, positive, 0, *max_value);
    if (negative_slope == 0) return {positive};
    Value below = lowering.op("Neg", {x});
    if (threshold != 0) below = lowering.named_op("add", "Add", {below, lowering.scalar("add/y", threshold, x)});
    const Value scaled =
        lowering.named_op("mul", "Mul", {lowering.scalar("mul/x", negative_slope, x), lowering.op("Relu", {below})});
    return {lowering.named_op("sub", "Sub", {positive, scaled})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [layer = *this, x = in[0]](const Index& o) {
      if (x[o] <= layer.threshold) return layer.negative_slope * (x[o] - layer.threshold);
      // Keras clips to [0, max_value] where there is a max_value: that counts below a negative threshold.
      return layer.max_value ? std::min(std::max(x[o], 0.0), *layer.max_value) : x[o];
    };
    return {{in[0].shape(), at, 1}};
  }
};

}  // namespace

const LayerSpec layer_relu = make_spec<ReLU>("ReLU");

}  // namespace hoarfrost::keras
