#include <hoarfrost/error.h>

#include <cmath>

#include "keras/attention_mask.h"
#include "keras/contraction.h"
#include "keras/dropout.h"
#include "keras/multi_head_parts.h"

namespace hoarfrost::keras {
namespace {

// The letters of the output's own axes: 'p', 'q', …
std::string output_letters(size_t n) {
  std::string result;
  for (size_t i = 0; i < n; ++i) result += static_cast<char>('p' + i);
  return result;
}

class Nodes {
 public:
  Nodes(const MultiHead& layer, Lowering& lowering, const Values& in) : layer_(layer), lowering_(lowering), in_(in) {
    for (const Value& x : in) shapes_.push_back(x.shape);
    parts_ = multi_head_parts(layer, shapes_);
  }

  Values run() {
    const MultiHeadPlaces place = multi_head_places(layer_);
    Value query = projected(in_[parts_.query], parts_.positions, "query", place.query);
    const Value key = repeated(projected(in_[parts_.key], parts_.key_positions, "key", place.key));
    const Value value = repeated(projected(in_[parts_.value], parts_.key_positions, "value", place.value));
    const Shape query_shape = query.shape;
    query = lowering_.named_op(
        "Mul", "Mul", {query, lowering_.scalar("Mul/y", 1 / std::sqrt(static_cast<double>(layer_.key_dim)), query)});
    query.shape = query_shape;
    Value scores = lower_contraction(lowering_, {parts_.key_positions + "hd", parts_.positions + "hd", parts_.scores},
                                     key, query, "einsum/");
    const Value mask = lower_attention_mask(lowering_, masks(), in_[parts_.query], in_[parts_.key]);
    if (mask.tensor) scores = lower_masked_scores(lowering_, scores, mask, parts_.n_axes);
    scores = softmax(scores);
    if (layer_.sees_nothing && has_masked_steps())
      scores = lower_unseen_as_zero(lowering_, scores, mask, parts_.n_axes);
    Value looks = lower_dropout(lowering_, scores,
                                layer_.dropout)[0];  // Keras gives the scores themselves, where they are asked for
    looks.shape = scores.shape;
    Value context = lower_contraction(lowering_, {parts_.scores, parts_.key_positions + "hd", parts_.positions + "hd"},
                                      looks, value, "einsum_1/");
    if (layer_.use_gate) context = gated(context, place.gate);
    const std::string out = output_letters(output_sizes(layer_, shapes_[parts_.query]).size());
    const Value bias = layer_.use_bias ? lowering_.weight(place.output + 1) : Value{};
    const Value result = lower_contraction(lowering_, {parts_.positions + "hd", "hd" + out, parts_.positions + out},
                                           context, lowering_.weight(place.output), "attention_output/", bias);
    return layer_.returns_scores ? Values{result, scores} : Values{result};
  }

 private:
  Value projected(const Value& x, const std::string& positions, const std::string& name, size_t place) {
    const Value bias = layer_.use_bias ? lowering_.weight(place + 1) : Value{};
    return lower_contraction(lowering_, {positions + "f", "fhd", positions + "hd"}, x, lowering_.weight(place),
                             name + "/", bias);
  }

  Value gated(const Value& context, size_t place) {
    const Value gate =
        lowering_.named_op("gate/Sigmoid", "Sigmoid", {projected(in_[parts_.query], parts_.positions, "gate", place)});
    Value result = lowering_.named_op("multiply", "Mul", {context, gate});
    result.shape = context.shape;
    return result;
  }

  // [batch, steps, key heads, depth]: each head as often as there are queries' heads to it.
  Value repeated(const Value& x) {
    const int64_t n = layer_.n_heads / layer_.n_key_heads;
    if (n == 1) return x;
    Value result = lowering_.named_op("repeat/ExpandDims", "ExpandDims",
                                      {x, lowering_.int_scalar("repeat/ExpandDims/dim", 3)}, {{"Tdim", DType::kInt32}});
    result =
        lowering_.named_op("repeat/Tile", "Tile", {result, lowering_.ints("repeat/Tile/multiples", {1, 1, 1, n, 1})},
                           {{"Tmultiples", DType::kInt32}});
    Shape shape = x.shape;
    shape[2] = layer_.n_heads;
    result = lowering_.reshape_like(result, x, shape);
    result.shape = shape;
    return result;
  }

  Value softmax(const Value& scores) {
    Value x = scores;
    if (parts_.n_axes > 1) {  // Softmax takes one axis: all keys in a row, and back
      x = lowering_.reshape_like(scores, scores, flat_keys(scores.shape));
    }
    Value result = lowering_.named_op("softmax/Softmax", "Softmax", {x});
    if (parts_.n_axes > 1) result = lowering_.reshape_like(result, scores, scores.shape);
    result.shape = scores.shape;
    return result;
  }

  [[nodiscard]] Shape flat_keys(const Shape& scores) const {
    Shape result;
    for (int axis = 0; axis < scores.rank() - parts_.n_axes; ++axis) result.push_back(scores[axis]);
    int64_t n = 1;
    for (int axis = scores.rank() - parts_.n_axes; axis < scores.rank(); ++axis)
      n = n == kUnknown || scores[axis] == kUnknown ? kUnknown : n * scores[axis];
    result.push_back(n);
    return result;
  }

  [[nodiscard]] Value mask_of(size_t part, std::string_view parameter) const {
    if (const auto given = layer_.arguments.input(parameter, in_.size())) return in_[*given];
    return {in_[part].mask, DType::kBool};
  }

  [[nodiscard]] AttentionMasks masks() const {
    AttentionMasks result{mask_of(parts_.query, "query_mask"),
                          mask_of(parts_.value, "value_mask"),
                          mask_of(parts_.key, "key_mask"),
                          {},
                          layer_.is_causal,
                          layer_.sliding_window};
    if (const auto given = layer_.arguments.input("attention_mask", in_.size())) result.given = in_[*given];
    const bool has_masks = result.query.tensor || result.value.tensor || result.key.tensor || layer_.is_causal ||
                           layer_.sliding_window > 0;
    if (has_masks && (in_[parts_.query].shape.rank() != 3))
      throw Error(ErrorCode::kUnsupported, "",
                  "masked attention over more than [batch, steps, features] is not converted");
    return result;
  }

  // Whether a query may see no key at all: causality and a window leave it itself.
  [[nodiscard]] bool has_masked_steps() const {
    const AttentionMasks all = masks();
    return all.query.tensor || all.value.tensor || all.key.tensor || all.given.tensor;
  }

  const MultiHead& layer_;
  Lowering& lowering_;
  const Values& in_;
  Shapes shapes_;
  MultiHeadParts parts_;
};

}  // namespace

Values MultiHead::lower(Lowering& lowering, const Values& in) const { return Nodes(*this, lowering, in).run(); }

}  // namespace hoarfrost::keras
