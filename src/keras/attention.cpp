#include "keras/attention.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/attention_mask.h"
#include "keras/contraction.h"
#include "keras/dropout.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

size_t key_of(size_t n_inputs) { return n_inputs > 2 ? 2 : 1; }

Value expand(Lowering& lowering, const Value& x, int64_t axis) {
  return lowering.op("ExpandDims", {x, lowering.int_scalar("ExpandDims/dim", axis)}, {{"Tdim", DType::kInt32}});
}

Value lower_scores(const DenseAttention& layer, Lowering& lowering, const Value& query, const Value& key) {
  using Score = DenseAttention::Score;
  const Value scale = layer.use_scale ? lowering.weight(0) : Value{};
  const auto scaled = [&](const Value& x) { return scale.tensor ? lowering.named_op("mul", "Mul", {x, scale}) : x; };
  Value result;
  if (layer.score == Score::kDot) {
    result = scaled(lower_contraction(lowering, {"abd", "acd", "abc"}, query, key));
  } else {
    const Value sum = lowering.named_op("add", "Add", {expand(lowering, query, -2), expand(lowering, key, -3)});
    const bool is_concat = layer.score == Score::kConcat;
    const Value features = is_concat ? lowering.op("Tanh", {scaled(sum)}) : scaled(lowering.op("Tanh", {sum}));
    result = lowering.op("Sum", {features, lowering.ints("Sum/reduction_indices", {-1})},
                         {{"keep_dims", false}, {"Tidx", DType::kInt32}});
    if (is_concat) result = lowering.named_op("mul", "Mul", {result, lowering.weight(layer.use_scale ? 1 : 0)});
  }
  result.shape = {query.shape[0], query.shape[1], key.shape[1]};
  return result;
}

// The probabilities with which query t of example b looks at each key.
std::vector<double> looks(const DenseAttention& layer, const Arrays& w, const Arrays& in, int64_t b, int64_t t) {
  using Score = DenseAttention::Score;
  const Array& query = in[0];
  const Array& key = in[key_of(in.size())];
  std::vector<double> scores;
  std::vector<bool> is_seen;
  for (int64_t s = 0; s < key.size(1); ++s) {
    double sum = 0;
    for (int64_t f = 0; f < query.size(2); ++f) {
      const double q = query[{b, t, f}];
      const double k = key[{b, s, f}];
      if (layer.score == Score::kDot)
        sum += q * k;
      else if (layer.score == Score::kConcat)
        sum += std::tanh((layer.use_scale ? w[0].at_offset(0) : 1) * (q + k));
      else
        sum += (layer.use_scale ? w[0].at_offset(f) : 1) * std::tanh(q + k);
    }
    if (layer.score == Score::kDot && layer.use_scale) sum *= w[0].at_offset(0);
    if (layer.score == Score::kConcat) sum *= w[layer.use_scale ? 1 : 0].at_offset(0);
    scores.push_back(sum);
    const auto& mask = in[1].mask;
    is_seen.push_back((mask == nullptr || (*mask)[{b, s}] != 0) && (!layer.is_causal || s <= t));
  }
  return masked_softmax(std::move(scores), is_seen);
}

}  // namespace

DenseAttention DenseAttention::parse_shared(const Config& config, Score score, bool scales_by_default) {
  config.ignore({"seed"});
  DenseAttention result;
  result.dropout = config.get_float({"dropout"}, 0.0);
  result.score = score;
  result.use_scale = config.get_bool({"use_scale"}, scales_by_default);
  const auto arguments =
      CallArguments::parse(config, {"inputs", "mask", "training", "return_attention_scores", "use_causal_mask"});
  result.is_causal = config.get_bool({"causal"}, false) || arguments.flag("use_causal_mask");
  result.returns_scores = arguments.flag("return_attention_scores");
  return result;
}

Shapes DenseAttention::infer(const Shapes& in) const {
  if (in.size() != 2 && in.size() != 3)
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("expected query, value and perhaps key, found {} inputs", in.size()));
  for (const Shape& shape : in) expect_rank(shape, 3);
  const Shape& key = in[key_of(in.size())];
  if (in[0][2] != key[2] || (in[1][1] != key[1] && in[1][1] != kUnknown && key[1] != kUnknown)) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("query {}, value {} and key {} do not belong together", in[0].to_string(),
                            in[1].to_string(), key.to_string()));
  }
  const Shape out{in[0][0], in[0][1], in[1][2]};
  if (!returns_scores) return {out};
  return {out, {in[0][0], in[0][1], key[1]}};
}

std::vector<WeightSpec> DenseAttention::weights(const Shapes& in) const {
  std::vector<WeightSpec> result;
  if (use_scale) result.push_back({"scale", score == Score::kAdditive ? Shape{in[key_of(in.size())].last()} : Shape{}});
  if (score == Score::kConcat) result.push_back({"concat_score_weight", {}});
  return result;
}

Values DenseAttention::lower(Lowering& lowering, const Values& in) const {
  const Value& key = in[key_of(in.size())];
  Value scores = lower_scores(*this, lowering, in[0], key);
  const Shape shape = scores.shape;
  AttentionMasks masks;
  masks.value = {in[1].mask, DType::kBool};
  masks.is_causal = is_causal;
  const Value mask = lower_attention_mask(lowering, masks, in[0], key);
  if (mask.tensor) scores = lower_masked_scores(lowering, scores, mask, 1);
  Value probabilities = lowering.op("Softmax", {scores});
  probabilities = lower_dropout(lowering, probabilities, dropout)[0];
  probabilities.shape = shape;
  Value result = lower_contraction(lowering, {"abc", "acd", "abd"}, probabilities, in[1]);
  if (in[0].mask) {
    const Value counts = lowering.raw_op("Cast", "Cast", {expand(lowering, {in[0].mask, DType::kBool}, -1)},
                                         result.dtype, {{"SrcT", DType::kBool}, {"DstT", result.dtype}});
    result = lowering.named_op("mul", "Mul", {result, counts});
  }
  return returns_scores ? Values{result, probabilities} : Values{result};
}

Formulas DenseAttention::reference(const Arrays& weights, const Arrays& in) const {
  const Shapes shapes = shapes_of(in);
  const Shapes out = infer(shapes);
  const double cost = static_cast<double>(in[1].size(1) * (in[0].size(2) + 1));
  const auto score_at = [=, layer = *this](const Index& o) {
    return looks(layer, weights, in, o[0], o[1])[static_cast<size_t>(o[2])];
  };
  const auto at = [=, layer = *this](const Index& o) {
    if (in[0].mask != nullptr && (*in[0].mask)[{o[0], o[1]}] == 0) return 0.0;
    const std::vector<double> seen = looks(layer, weights, in, o[0], o[1]);
    double sum = 0;
    for (size_t s = 0; s < seen.size(); ++s) sum += seen[s] * in[1][{o[0], static_cast<int64_t>(s), o[2]}];
    return sum;
  };
  Formulas result{{out[0], at, cost}};
  if (returns_scores) result.push_back({out[1], score_at, cost});
  return result;
}

}  // namespace hoarfrost::keras
