// RMSNormalization: scale · x / sqrt(mean(x²) + epsilon) along the axes (Zhang and Sennrich 2019). Keras 3.9 to 3.15.
#include <hoarfrost/error.h>

#include <cmath>

#include "keras/layers/registry.h"
#include "keras/normalization.h"

namespace hoarfrost::keras {
namespace {

struct RmsNormalization {
  std::vector<int64_t> axes;
  double epsilon = 1e-6;

  static RmsNormalization parse(const Config& config) {
    return {config.get_list({"axis"}, std::vector<int64_t>{-1}), config.get_float({"epsilon"}, 1e-6)};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    if (!are_last(normalized_axes(axes, in[0]), in[0])) {
      throw Error(ErrorCode::kUnsupported, "",
                  "RMSNormalization is converted along the last axes only, found others of " + in[0].to_string());
    }
    return in;
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    return {{"scale", sizes_along(normalized_axes(axes, in[0]), in[0])}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    const Value squares =
        lower_reduction(lowering, "Mean", "Mean", lowering.op("Square", {x}), normalized_axes(axes, x.shape));
    const Value shifted = lowering.named_op("add", "Add", {squares, lowering.scalar("add/y", epsilon, x)});
    const Value normalized = lowering.named_op("mul", "Mul", {x, lowering.op("Rsqrt", {shifted})});
    return {lowering.named_op("mul_1", "Mul", {normalized, lowering.weight(0)})};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const std::vector<int64_t> along = normalized_axes(axes, in[0].shape());
    const auto n = static_cast<double>(sizes_along(along, in[0].shape()).n_elements());
    const auto at = [x = in[0], scale = weights[0], along, n, epsilon = epsilon](const Index& o) {
      double squares = 0;
      for_each_along(along, x.shape(), o, [&](const Index& i) { squares += x[i] * x[i]; });
      return scale.at_offset(offset_along(along, x.shape(), o)) * x[o] / std::sqrt(squares / n + epsilon);
    };
    return {{in[0].shape(), at, n}};
  }
};

}  // namespace

const LayerSpec layer_rms_normalization = make_spec<RmsNormalization>("RMSNormalization");

}  // namespace hoarfrost::keras
