// SReLU: x between two thresholds, and lines of learned slopes outside them (Jin et al. 2015). Keras 1.2's, which later
// Kerases have not: with t_r = t_left + |t_right|, t_left + relu(x − t_left, slope a_left, at most t_r − t_left) +
// a_right · relu(x − t_r). (Where a_left is below 0, Keras on Theano cut the left line off at t_r too; the paper and
// TensorFlow do not.)
#include <cmath>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct SReLU {
  static constexpr bool kPassesMask = true;

  static SReLU parse(const Config& config) {
    config.ignore({"t_left_init", "a_left_init", "t_right_init", "a_right_init"});
    return {};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    const Shape shape(std::vector<int64_t>(in[0].sizes().begin() + 1, in[0].sizes().end()));
    return {{"t_left", shape}, {"a_left", shape}, {"t_right", shape}, {"a_right", shape}};
  }

  // relu(v, slope, most) = min(relu(v), most) − slope · relu(−v)
  Values lower(Lowering& lowering, const Values& in) const {
    const Value left = lowering.weight(0);
    const Value span = lowering.op("Abs", {lowering.weight(2)});
    const Value v = lowering.named_op("sub", "Sub", {in[0], left});
    const Value middle = lowering.op("Minimum", {lowering.op("Relu", {v}), span});
    const Value below =
        lowering.named_op("mul", "Mul", {lowering.weight(1), lowering.op("Relu", {lowering.op("Neg", {v})})});
    const Value above = lowering.named_op(
        "mul", "Mul", {lowering.op("Relu", {lowering.named_op("sub", "Sub", {v, span})}), lowering.weight(3)});
    const Value y = lowering.named_op("add", "Add", {left, lowering.named_op("sub", "Sub", {middle, below})});
    return {lowering.named_op("add", "Add", {y, above})};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const auto at = [x = in[0], w = weights, n = in[0].shape().n_elements() / in[0].size(0)](const Index& o) {
      const int64_t element = o.offset(x.shape()) % n;
      const double left = w[0].at_offset(element);
      const double right = left + std::abs(w[2].at_offset(element));
      if (x[o] >= right) return right + w[3].at_offset(element) * (x[o] - right);
      return x[o] > left ? x[o] : left + w[1].at_offset(element) * (x[o] - left);
    };
    return {{in[0].shape(), at, 3}};
  }
};

}  // namespace

const LayerSpec layer_srelu = make_spec<SReLU>("SReLU");

}  // namespace hoarfrost::keras
