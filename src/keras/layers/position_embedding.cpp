// PositionEmbedding: a row of a table for every step of [batch, …, steps, features], the same in each example
// (Devlin et al. 2019). keras-nlp 0.5 to 0.6.4, keras-hub 0.32.0.
#include "keras/layers/registry.h"
#include "keras/position.h"

namespace hoarfrost::keras {
namespace {

struct PositionEmbedding {
  int64_t sequence_length = 0;
  int64_t start = 0;

  static PositionEmbedding parse(const Config& config) {
    config.ignore({"initializer"});
    return {config.get_int({"sequence_length"}), parse_start_index(config)};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_positions(in[0], sequence_length, start);
    return in;
  }
  std::vector<WeightSpec> weights(const Shapes& in) const { return {{"embeddings", {sequence_length, in[0].last()}}}; }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lower_repeated(lowering, lower_position_rows(lowering, lowering.weight(0), in[0], start), in[0])};
  }
  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const auto at = [table = weights[0], first = start](const Index& o) { return table[{o[-2] + first, o[-1]}]; };
    return {{in[0].shape(), at, 0}};
  }
};

}  // namespace

const LayerSpec layer_position_embedding =
    make_spec<PositionEmbedding>("keras_hub>PositionEmbedding", "keras_nlp>PositionEmbedding");

}  // namespace hoarfrost::keras
