// Highway: y = t · activation(x·W + b) + (1 − t) · x with t = sigmoid(x·W_carry + b_carry) (Srivastava, Greff and
// Schmidhuber 2015). Keras 1.2's, which later Kerases have not.
#include <cmath>

#include "keras/activations.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Highway {
  static constexpr bool kPassesMask = false;
  bool use_bias = true;
  Activation activation;

  static Highway parse(const Config& config) {
    config.ignore({"input_dim"});
    return {config.get_bool({"use_bias", "bias"}, true), Activation::parse(config)};
  }

  // [batch, n] -> [batch, n]
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 2);
    return in;
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    const int64_t n = in[0].last();
    std::vector<WeightSpec> result{{"kernel", {n, n}}, {"carry_kernel", {n, n}}};
    if (use_bias) result.insert(result.end(), {{"bias", {n}}, {"carry_bias", {n}}});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value transform = lowering.op("Sigmoid", {product(lowering, in[0], 1)});
    Value candidate = product(lowering, in[0], 0);
    candidate.shape = in[0].shape;
    candidate = activation.lower(lowering, candidate);
    const Value taken = lowering.named_op("mul", "Mul", {candidate, transform});
    const Value rest = lowering.named_op("sub", "Sub", {lowering.scalar("sub/x", 1, in[0]), transform});
    const Value carried = lowering.named_op("mul", "Mul", {rest, in[0]});
    return {lowering.named_op("add", "Add", {taken, carried})};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const int64_t n = in[0].shape().last();
    const auto sum = [x = in[0], w = weights, biased = use_bias, n](const Index& o, size_t i) {
      double result = biased ? w[i + 2].at_offset(o[1]) : 0;
      for (int64_t k = 0; k < n; ++k) result += x[{o[0], k}] * w[i][{k, o[1]}];
      return result;
    };
    const Formula candidate =
        activation.reference({in[0].shape(), [sum](const Index& o) { return sum(o, 0); }, static_cast<double>(n)});
    const auto at = [sum, candidate, x = in[0]](const Index& o) {
      const double transform = 1 / (1 + std::exp(-sum(o, 1)));
      return transform * candidate.at(o) + (1 - transform) * x[o];
    };
    return {{in[0].shape(), at, 2 * static_cast<double>(n)}};
  }

 private:
  Value product(Lowering& lowering, const Value& x, size_t i) const {
    const Value y = lowering.op("MatMul", {x, lowering.weight(i)}, {{"transpose_a", false}, {"transpose_b", false}});
    return use_bias ? lowering.op("BiasAdd", {y, lowering.weight(i + 2)}, {{"data_format", std::string("NHWC")}}) : y;
  }
};

}  // namespace

const LayerSpec layer_highway = make_spec<Highway>("Highway");

}  // namespace hoarfrost::keras
