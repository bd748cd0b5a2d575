// GroupedQueryAttention (keras.layers.GroupQueryAttention): attention whose queries share heads of keys and values in
// groups (Ainslie et al. 2023). Keras 3.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/multi_head.h"

namespace hoarfrost::keras {
namespace {

struct GroupedQueryAttention : MultiHead {
  static GroupedQueryAttention parse(const Config& config) {
    GroupedQueryAttention layer{parse_shared(config)};
    layer.n_heads = config.get_int({"num_query_heads"});
    layer.n_key_heads = config.get_int({"num_key_value_heads"});
    layer.key_dim = layer.value_dim = config.get_int({"head_dim"});
    if (layer.n_key_heads < 1 || layer.n_heads < 1 || layer.key_dim < 1 || layer.n_heads % layer.n_key_heads != 0) {
      config.fail("num_query_heads must be a multiple of num_key_value_heads, and head_dim at least 1");
    }
    return layer;
  }

  // [batch, T, features] alone; without attention_axes.
  Shapes infer(const Shapes& in) const {
    if (!in.empty()) expect_rank(in[0], 3);
    return MultiHead::infer(in);
  }
};

}  // namespace

const LayerSpec layer_grouped_query_attention =
    make_spec<GroupedQueryAttention>("GroupedQueryAttention", "GroupQueryAttention");

}  // namespace hoarfrost::keras
