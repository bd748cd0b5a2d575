// PReLU: x where x > 0, alpha · x elsewhere, alpha learned for each element or shared along some axes. Keras 1.0
// to 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct PReLU {
  std::vector<int64_t> shared_axes;
  static constexpr bool kPassesMask = true;

  static PReLU parse(const Config& config) { return {config.get_list({"shared_axes"}, std::vector<int64_t>{})}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  // The input's shape without the batch, with 1 along shared axes (counted with the batch).
  std::vector<WeightSpec> weights(const Shapes& in) const {
    Shape alpha(std::vector<int64_t>(in[0].sizes().begin() + 1, in[0].sizes().end()));
    for (const int64_t axis : shared_axes) {
      if (axis == 0 || axis >= in[0].rank() || axis < -alpha.rank()) {
        throw Error(ErrorCode::kMismatch, "",
                    fmt::format("shared axis {} is none of the input's {}", axis, in[0].to_string()));
      }
      alpha[static_cast<int>(axis > 0 ? axis - 1 : axis)] = 1;
    }
    return {{"alpha", alpha}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value positive = lowering.op("Relu", {in[0]});
    const Value slope = lowering.op("Neg", {lowering.weight(0)});
    const Value negative = lowering.op("Relu", {lowering.op("Neg", {in[0]})});
    return {lowering.named_op("add", "Add", {positive, lowering.named_op("mul", "Mul", {slope, negative})})};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const auto at = [alpha = weights[0], x = in[0]](const Index& o) {
      if (x[o] > 0) return x[o];
      Index shared;
      for (int axis = 1; axis < o.rank(); ++axis) shared.push_back(alpha.size(axis - 1) == 1 ? 0 : o[axis]);
      return alpha[shared] * x[o];
    };
    return {{in[0].shape(), at, 1}};
  }
};

}  // namespace

const LayerSpec layer_prelu = make_spec<PReLU>("PReLU");

}  // namespace hoarfrost::keras
