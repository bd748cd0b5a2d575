// UnitNormalization: x over its Euclidean length along the axes, whose square is taken as 1e-12 at least
// (tf.linalg.l2_normalize). Keras 2.9 to 3.15.
#include <algorithm>
#include <cmath>

#include "keras/layers/registry.h"
#include "keras/normalization.h"

namespace hoarfrost::keras {
namespace {

struct UnitNormalization {
  static constexpr bool kPassesMask = true;
  static constexpr double kSmallest = 1e-12;
  std::vector<int64_t> axes;

  static UnitNormalization parse(const Config& config) { return {config.get_list({"axis"}, std::vector<int64_t>{-1})}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    (void)normalized_axes(axes, in[0]);
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    const Value sum =
        lower_reduction(lowering, "l2_normalize/Sum", "Sum", lowering.named_op("l2_normalize/Square", "Square", {x}),
                        normalized_axes(axes, x.shape));
    const Value bounded = lowering.named_op("l2_normalize/Maximum", "Maximum",
                                            {sum, lowering.scalar("l2_normalize/Maximum/y", kSmallest, x)});
    return {lowering.named_op("l2_normalize", "Mul", {x, lowering.named_op("l2_normalize/Rsqrt", "Rsqrt", {bounded})})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const std::vector<int64_t> along = normalized_axes(axes, in[0].shape());
    const auto n = static_cast<double>(sizes_along(along, in[0].shape()).n_elements());
    const auto at = [x = in[0], along](const Index& o) {
      double squares = 0;
      for_each_along(along, x.shape(), o, [&](const Index& i) { squares += x[i] * x[i]; });
      return x[o] / std::sqrt(std::max(squares, kSmallest));
    };
    return {{in[0].shape(), at, n}};
  }
};

}  // namespace

const LayerSpec layer_unit_normalization = make_spec<UnitNormalization>("UnitNormalization");

}  // namespace hoarfrost::keras
