// TLU: max(x, tau), or max(x, alpha · x + tau) when affine, each element with its own (Singh and Krishnan 2019).
// TensorFlow Addons 0.23.
#include <nlohmann/json.hpp>

#include "keras/expression_layer.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Tlu : ExpressionLayer {
  static constexpr bool kPassesMask = true;
  static Tlu parse(const Config& config) {
    const bool is_affine = config.get_bool({"affine"}, false);
    const auto weights = [is_affine](const Shapes& in) {
      const Shape element(std::vector<int64_t>(in[0].sizes().begin() + 1, in[0].sizes().end()));
      std::vector<WeightSpec> result{{"tau", element}};
      if (is_affine) result.push_back({"alpha", element});
      return result;
    };
    return {{config, 1, is_affine ? "tf.maximum(x, w[0] + w[1] * x)" : "tf.maximum(x, w[0])", {}, weights}};
  }
};

}  // namespace

const LayerSpec layer_tlu = make_spec<Tlu>("Addons>TLU");

}  // namespace hoarfrost::keras
