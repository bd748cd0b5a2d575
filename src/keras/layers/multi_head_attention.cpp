// MultiHeadAttention: projections to heads, dot-product attention, and a projection back (Vaswani et al. 2017).
// tf.keras 2.4 to Keras 3.15.
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/multi_head.h"

namespace hoarfrost::keras {
namespace {

struct MultiHeadAttention : MultiHead {
  static MultiHeadAttention parse(const Config& config) {
    MultiHeadAttention layer{parse_shared(config)};
    layer.n_heads = layer.n_key_heads = config.get_int({"num_heads"});
    layer.key_dim = config.get_int({"key_dim"});
    layer.value_dim = config.get_int({"value_dim"}, layer.key_dim);
    layer.output_shape = config.get_list({"output_shape"}, std::vector<int64_t>{});
    layer.attention_axes = config.get_list({"attention_axes"}, std::vector<int64_t>{});
    if (layer.n_heads < 1 || layer.key_dim < 1 || layer.value_dim < 1)
      config.fail("num_heads, key_dim and value_dim must be at least 1");
    return layer;
  }
};

}  // namespace

const LayerSpec layer_multi_head_attention = make_spec<MultiHeadAttention>("MultiHeadAttention");

}  // namespace hoarfrost::keras
