// What MultiHeadAttention and GroupedQueryAttention share: projections to heads, dot-product attention among them
// (Vaswani et al. 2017), and a projection back. Keras 2.15: multi_head_attention.py; Keras 3.15:
// grouped_query_attention.py.
#pragma once

#include <memory>
#include <vector>

#include "keras/call_arguments.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {

struct MultiHead {
  static constexpr bool kPassesMask = true;
  int64_t n_heads = 1;
  int64_t n_key_heads = 1;  // each serves n_heads / n_key_heads heads of the query
  int64_t key_dim = 1;
  int64_t value_dim = 1;
  bool use_bias = true;
  bool use_gate = false;                // the heads' results times sigmoid of a projection of the query
  std::vector<int64_t> output_shape;    // empty: the query's features
  std::vector<int64_t> attention_axes;  // empty: all between batch and features
  int64_t sliding_window = 0;           // a query sees keys fewer than this many steps away; 0: all
  bool is_causal = false;
  bool returns_scores = false;
  double dropout = 0;  // of the scores, in training
  // What a query that sees no key looks at: nothing, in Keras 3.15 where it computes the scores themselves (for
  // dropout, or to give them); all keys alike elsewhere.
  bool sees_nothing = false;
  CallArguments arguments;

  // The keys that both layers have, and what their calls are given.
  static MultiHead parse_shared(const Config& config);

  // query [batch, T…, features], value and key [batch, S…, features] -> [batch, T…, output_shape], and with
  // returns_scores [batch, other axes…, heads, T…, S…].
  [[nodiscard]] Shapes infer(const Shapes& in) const;
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const;
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  // Where a query sees no key, it sees all alike, or nothing: Keras adds -1e9 to every score, in which scores
  // disappear.
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;
};

}  // namespace hoarfrost::keras
