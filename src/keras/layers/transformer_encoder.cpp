// TransformerEncoder: attention of a sequence to itself and a feed-forward network (Vaswani et al. 2017). keras-nlp 0.5
// to 0.6.4, keras-hub 0.32.0. The sequence's mask hides steps from queries, and as in Keras' MultiHeadAttention masked
// queries see all alike; a padding_mask that the call gives hides steps only.
#include "keras/call_arguments.h"
#include "keras/layers/registry.h"
#include "keras/transformer_block.h"

namespace hoarfrost::keras {
namespace {

struct TransformerEncoder {
  static constexpr bool kPassesMask = true;
  TransformerBlock block;
  CallArguments arguments;

  static TransformerEncoder parse(const Config& config) {
    TransformerEncoder layer{TransformerBlock::parse(config),
                             CallArguments::parse(config, {"inputs", "padding_mask", "attention_mask", "training",
                                                           "return_attention_scores"})};
    if (layer.arguments.flag("return_attention_scores"))
      config.unsupported("called with return_attention_scores, which KerasHub does not save either; is not converted");
    return layer;
  }

  [[nodiscard]] Composition composed(const Shapes& in) const {
    expect_rank(in.at(0), 3);
    Composition result(in.size(), block.version);
    const size_t x = arguments.required_input("inputs", in.size());
    const int64_t features = in[x].last();
    AttentionInputs seen{x, x, arguments.input("padding_mask", in.size()),
                         arguments.input("attention_mask", in.size())};
    const size_t attention =
        block.attention_part(result, "self_attention_layer", "_self_attention_layer", features, seen);
    const size_t attention_norm = block.norm_part(result, "self_attention_layer_norm");
    const size_t norm = block.norm_part(result, "feedforward_layer_norm");
    const size_t dense =
        block.dense_part(result, "feedforward_intermediate_dense", block.intermediate_dim, block.activation);
    const size_t output = block.dense_part(result, "feedforward_output_dense", features, "linear");

    seen.query = seen.value = block.before(result, attention_norm, x);
    const size_t y = block.behind(result, attention_norm, TransformerBlock::attend(result, attention, seen), x);
    const size_t fed = result.call(dense, {block.before(result, norm, y)});
    block.behind(result, norm, result.call(output, {fed}), y);
    return result;
  }
};

}  // namespace

const LayerSpec layer_transformer_encoder =
    make_spec<Composed<TransformerEncoder>>("keras_hub>TransformerEncoder", "keras_nlp>TransformerEncoder");

}  // namespace hoarfrost::keras
