// PoincareNormalize: what is longer than 1 − epsilon along the axes is shortened to that, into Poincaré's ball (Nickel
// and Kiela 2017). TensorFlow Addons 0.23.
#include <nlohmann/json.hpp>

#include "keras/expression_layer.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct PoincareNormalize : ExpressionLayer {
  static PoincareNormalize parse(const Config& config) {
    const Json* axis = config.find({"axis"});
    const bool is_all = axis == nullptr && config.json().contains("axis");
    return {{config,
             1,
             "x * tf.minimum((1.0 - epsilon) * tf.math.rsqrt(tf.reduce_sum(tf.square(x), axis=axis, keepdims=True)), "
             "1.0)",
             {{"axis", is_all            ? Json()
                       : axis == nullptr ? Json(1)
                                         : *axis},
              {"epsilon", config.get_float({"epsilon"}, 1e-5)}}}};
  }
};

}  // namespace

const LayerSpec layer_poincare_normalize = make_spec<PoincareNormalize>("Addons>PoincareNormalize");

}  // namespace hoarfrost::keras
