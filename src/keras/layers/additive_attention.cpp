// AdditiveAttention: scores are sums of tanh(query + key), weighed feature by feature (Bahdanau et al. 2015).
// tf.keras 1.14 to Keras 3.15.
#include "keras/attention.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct AdditiveAttention : DenseAttention {
  static AdditiveAttention parse(const Config& config) { return {parse_shared(config, Score::kAdditive, true)}; }
};

}  // namespace

const LayerSpec layer_additive_attention = make_spec<AdditiveAttention>("AdditiveAttention");

}  // namespace hoarfrost::keras
