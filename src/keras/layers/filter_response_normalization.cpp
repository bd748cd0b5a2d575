// FilterResponseNormalization: gamma · x / sqrt(mean of x² over height and width + epsilon) + beta of [batch, height,
// width, channels] (Singh and Krishnan 2019). TensorFlow Addons 0.23.
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/expression_layer.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct FilterResponseNormalization : ExpressionLayer {
  static constexpr bool kPassesMask = true;
  static FilterResponseNormalization parse(const Config& config) {
    if (config.get_list({"axis"}, std::vector<int64_t>{1, 2}) != std::vector<int64_t>{1, 2})
      config.fail("`axis` must be [1, 2], which is all that TensorFlow Addons takes");
    const bool is_learned = config.get_bool({"learned_epsilon"}, false);
    const auto weights = [is_learned](const Shapes& in) {
      const Shape channels{1, 1, 1, in[0].last()};
      std::vector<WeightSpec> result{{"gamma", channels}, {"beta", channels}};
      if (is_learned) result.insert(result.begin(), {"learned_epsilon", {1}});
      return result;
    };
    const Json variables{{"epsilon", std::abs(config.get_float({"epsilon"}, 1e-6))}, {"n", is_learned ? 1 : 0}};
    return {{config, 1,
             "e = tf.abs(w[0]) + epsilon if n else epsilon; w[n] * (x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), "
             "axis=[1, 2], keepdims=True) + e)) + w[n + 1]",
             variables, weights}};
  }
  Shapes infer(const Shapes& in) const {
    expect_rank(in.at(0), 4);
    return ExpressionLayer::infer(in);
  }
};

}  // namespace

const LayerSpec layer_filter_response_normalization =
    make_spec<FilterResponseNormalization>("Addons>FilterResponseNormalization");

}  // namespace hoarfrost::keras
