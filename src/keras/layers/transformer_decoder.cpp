// TransformerDecoder: attention of a sequence to what came before in it, to an encoder's sequence where there is one,
// and a feed-forward network (Vaswani et al. 2017). keras-nlp 0.5 to 0.6.4, keras-hub 0.32.0. Padding is what the call
// says, else the sequences' masks; it hides steps from all queries.
#include <hoarfrost/error.h>

#include "keras/call_arguments.h"
#include "keras/layers/registry.h"
#include "keras/transformer_block.h"

namespace hoarfrost::keras {
namespace {

struct TransformerDecoder {
  static constexpr bool kPassesMask = true;
  TransformerBlock block;
  CallArguments arguments;
  bool is_causal = true;

  static TransformerDecoder parse(const Config& config) {
    // Of its building, which the inputs say too.
    config.ignore({"decoder_sequence_shape", "encoder_sequence_shape", "has_cross_attention"});
    TransformerDecoder layer{
        TransformerBlock::parse(config),
        CallArguments::parse(
            config, {"decoder_sequence", "encoder_sequence", "decoder_padding_mask", "decoder_attention_mask",
                     "encoder_padding_mask", "encoder_attention_mask", "self_attention_cache",
                     "self_attention_cache_update_index", "cross_attention_cache", "cross_attention_cache_update_index",
                     "use_causal_mask", "training", "cache"})};
    for (const char* cache : {"self_attention_cache", "cross_attention_cache", "cache"}) {
      if (layer.arguments.value(cache) != nullptr)
        config.unsupported("called with a cache of keys and values, which is not converted; call it without");
    }
    const Json* causal = layer.arguments.value("use_causal_mask");
    layer.is_causal = causal == nullptr || *causal != Json(false);
    return layer;
  }

  // CachedMultiHeadAttention asks no mask of its query, and its keys' only where the call gives none. keras-nlp 0.5 has
  // Keras' MultiHeadAttention between the sequences, which asks its keys always.
  static AttentionInputs looking(Composition& all, AttentionInputs seen, size_t query, size_t value,
                                 bool asks = false) {
    seen.query = all.without_mask(query);
    seen.value = seen.padding && !asks ? all.without_mask(value) : value;
    return seen;
  }

  [[nodiscard]] Composition composed(const Shapes& in) const {
    expect_rank(in.at(0), 3);
    const auto input = [&](const char* name) { return arguments.input(name, in.size()); };
    Composition result(in.size(), block.version);
    const size_t x = arguments.required_input("decoder_sequence", in.size());
    const auto encoded = input("encoder_sequence");
    const int64_t features = in[x].last();
    const AttentionInputs own{0, 0, input("decoder_padding_mask"), input("decoder_attention_mask"), is_causal};
    const AttentionInputs other{0, 0, input("encoder_padding_mask"), input("encoder_attention_mask")};
    const size_t attention = block.attention_part(result, "self_attention", "_self_attention_layer", features, own);
    const size_t attention_norm = block.norm_part(result, "self_attention_layer_norm");
    size_t cross = 0, cross_norm = 0;
    if (encoded) {
      cross = block.attention_part(result, "cross_attention", "_cross_attention_layer", features, other);
      cross_norm = block.norm_part(result, "cross_attention_layer_norm");
    }
    const size_t dense =
        block.dense_part(result, "feedforward_intermediate_dense", block.intermediate_dim, block.activation);
    const size_t output = block.dense_part(result, "feedforward_output_dense", features, "linear");
    const size_t norm = block.norm_part(result, "feedforward_layer_norm");

    const size_t first = block.before(result, attention_norm, x);
    size_t y = TransformerBlock::attend(result, attention, looking(result, own, first, first));
    y = block.behind(result, attention_norm, y, x);
    if (encoded) {
      const AttentionInputs seen = looking(result, other, block.before(result, cross_norm, y), *encoded, block.is_old);
      y = block.behind(result, cross_norm, TransformerBlock::attend(result, cross, seen), y);
    }
    const size_t fed = result.call(dense, {block.before(result, norm, y)});
    block.behind(result, norm, result.call(output, {fed}), y);
    return result;
  }
};

}  // namespace

const LayerSpec layer_transformer_decoder =
    make_spec<Composed<TransformerDecoder>>("keras_hub>TransformerDecoder", "keras_nlp>TransformerDecoder");

}  // namespace hoarfrost::keras
