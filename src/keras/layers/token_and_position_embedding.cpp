// TokenAndPositionEmbedding: a row of one table for every index, [batch, steps] -> [batch, steps, embedding_dim], plus
// a row of another for its place (Devlin et al. 2019). keras-nlp 0.5 to 0.6.4, keras-hub 0.32.0.
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/position.h"

namespace hoarfrost::keras {
namespace {

struct TokenAndPositionEmbedding {
  int64_t sequence_length = 0;
  int64_t embedding_dim = 0;
  int64_t start = 0;
  std::shared_ptr<const Layer> tokens;

  static TokenAndPositionEmbedding parse(const Config& config) {
    TokenAndPositionEmbedding layer{config.get_int({"sequence_length"}), config.get_int({"embedding_dim"}),
                                    parse_start_index(config), nullptr};
    const Json inner{{"name", "token_embedding"},
                     {"input_dim", config.get_int({"vocabulary_size"})},
                     {"output_dim", layer.embedding_dim},
                     {"mask_zero", config.get_bool({"mask_zero"}, false)},
                     {"tie_weights", config.get_bool({"tie_weights"}, true)}};
    layer.tokens = parse_layer(Config(inner, "ReversibleEmbedding", config.version()));
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    const Shapes out = tokens->infer(in);
    expect_positions(out[0], sequence_length, start);
    return out;
  }
  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result = tokens->weights(in);
    for (WeightSpec& spec : result) spec.name = "token_embedding/" + spec.name;
    result.push_back({"position_embedding/embeddings", {sequence_length, embedding_dim}});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const size_t n = lowering.n_weights() - 1;
    Value rows = lowering.inner(*tokens, "token_embedding", 0, n, in)[0];
    rows.shape = tokens->infer({in[0].shape})[0];
    Value result =
        lowering.named_op("add", "Add", {rows, lower_position_rows(lowering, lowering.weight(n), rows, start)});
    result.mask = rows.mask;
    return {result};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    Formula row = tokens->reference({weights.begin(), weights.end() - 1}, in)[0];
    const auto at = [of = row.at, table = weights.back(), first = start](const Index& o) {
      return of(o) + table[{o[-2] + first, o[-1]}];
    };
    return {{row.shape, at, 1}};
  }
};

}  // namespace

const LayerSpec layer_token_and_position_embedding =
    make_spec<TokenAndPositionEmbedding>("keras_hub>TokenAndPositionEmbedding", "keras_nlp>TokenAndPositionEmbedding");

}  // namespace hoarfrost::keras
