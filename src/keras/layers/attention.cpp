// Attention: dot-product attention (Luong et al. 2015), or `concat`, whose scores are sums of tanh. tf.keras 1.14 to
// Keras 3.15.
#include "keras/attention.h"

#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Attention : DenseAttention {
  static Attention parse(const Config& config) {
    const std::string mode = config.get_string({"score_mode"}, "dot");
    if (mode != "dot" && mode != "concat") config.fail("score_mode must be dot or concat, found `" + mode + "`");
    return {parse_shared(config, mode == "dot" ? Score::kDot : Score::kConcat, false)};
  }
};

}  // namespace

const LayerSpec layer_attention = make_spec<Attention>("Attention");

}  // namespace hoarfrost::keras
