// What Attention and AdditiveAttention share. Keras 2.15: base_dense_attention.py; Keras 3.15: attention.py.
#pragma once

#include "keras/call_arguments.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {

struct DenseAttention {
  static constexpr bool kPassesMask = true;
  enum class Score {
    kDot,      // scale · (query · key)
    kConcat,   // concat_score_weight · Σ tanh(scale · (query + key))
    kAdditive  // Σ scale_f · tanh(query_f + key_f)
  };
  Score score = Score::kDot;
  bool use_scale = false;
  bool is_causal = false;
  bool returns_scores = false;
  double dropout = 0;  // of the scores, in training

  static DenseAttention parse_shared(const Config& config, Score score, bool scales_by_default);

  // query [batch, T, features], value [batch, S, …], key [batch, S, features] (value where there is none) -> [batch, T,
  // value's], and with returns_scores [batch, T, S].
  [[nodiscard]] Shapes infer(const Shapes& in) const;
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const;
  // Masked values count nothing; masked queries give zeros, but keep their scores.
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;
};

}  // namespace hoarfrost::keras
