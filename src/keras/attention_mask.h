// Which keys a query sees: Keras' masks of query, value and key, a mask given to the call, causality and a window.
#pragma once

#include <functional>
#include <optional>

#include "keras/lowering.h"

namespace hoarfrost::keras {

// Endpoints without a node where there is no such mask.
struct AttentionMasks {
  Value query;  // bool [batch, T]
  Value value;  // bool [batch, S]
  Value key;    // bool [batch, S]
  Value given;  // [batch, …, T…, S…], of any type
  bool is_causal = false;
  int64_t window = 0;
};

// One mask for scores [batch, (heads,) T, S]: bool, of a rank from 3 up to the scores', or no tensor. Its axes stand
// before the last ones where they are fewer: expand with ExpandDims at -3.
Value lower_attention_mask(Lowering& lowering, const AttentionMasks& masks, const Value& query, const Value& key);

// scores + (1 - mask) · -1e9 (float16: its least number), as Keras' Softmax layer does; n_axes is how many axes T has.
Value lower_masked_scores(Lowering& lowering, const Value& scores, Value mask, int n_axes);

// The softmax of such scores with zero in the place of what is not seen, as Keras 3.15's Softmax gives it.
Value lower_unseen_as_zero(Lowering& lowering, const Value& softmax, Value mask, int n_axes);

// softmax over `scores`, those alone that are seen; over all, each alike, where none is.
std::vector<double> masked_softmax(std::vector<double> scores, const std::vector<bool>& is_seen);

}  // namespace hoarfrost::keras
