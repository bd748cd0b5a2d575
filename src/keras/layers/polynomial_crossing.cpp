// PolynomialCrossing: x0 · (x · W + diag_scale · x) + x + b of [x0, x], W a matrix or the product of two small ones
// (Wang et al. 2021). TensorFlow Addons 0.23.
#include <nlohmann/json.hpp>

#include "keras/expression_layer.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct PolynomialCrossing : ExpressionLayer {
  static PolynomialCrossing parse(const Config& config) {
    const int64_t rank = config.get_int({"projection_dim"}, 0);
    const bool use_bias = config.get_bool({"use_bias"}, true);
    const auto weights = [=](const Shapes& in) {
      const int64_t n = in.at(1).last();
      std::vector<WeightSpec> result{{"kernel", {n, n}}};
      if (rank > 0) result = {{"kernel_u", {n, rank}}, {"kernel_v", {rank, n}}};
      if (use_bias) result.push_back({"bias", {n}});
      return result;
    };
    const Json variables{
        {"is_product", rank > 0}, {"scale", config.get_float({"diag_scale"}, 0.0)}, {"has_bias", use_bias}};
    return {{config, 2,
             "p = tf.matmul(tf.matmul(x[1], w[0]), w[1]) if is_product else tf.matmul(x[1], w[0]); "
             "q = p + scale * x[1] if scale else p; y = x[0] * q + x[1]; y + w[-1] if has_bias else y",
             variables, weights}};
  }
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 2);
    for (const Shape& x : in) expect_rank(x, 2);
    return ExpressionLayer::infer(in);
  }
};

}  // namespace

const LayerSpec layer_polynomial_crossing = make_spec<PolynomialCrossing>("Addons>PolynomialCrossing");

}  // namespace hoarfrost::keras
