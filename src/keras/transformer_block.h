// What KerasHub's TransformerEncoder and TransformerDecoder share (KerasNLP until 2024): attention and a feed-forward
// network, each with a sum around it and a normalization before or behind (Vaswani et al. 2017, Xiong et al. 2020).
// keras-nlp 0.5.2, 0.6.4 and keras-hub 0.32.0: transformer_encoder.py, transformer_decoder.py.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "keras/composition.h"

namespace hoarfrost::keras {

// Which tensors of a composition an attention looks at.
struct AttentionInputs {
  size_t query = 0;
  size_t value = 0;
  std::optional<size_t> padding;  // [batch, S]: which steps of value there are
  std::optional<size_t> pairs;    // [batch, T, S]: which of them each step of the query sees
  bool is_causal = false;
};

struct TransformerBlock {
  int64_t intermediate_dim = 0;
  int64_t num_heads = 1;
  double dropout = 0;
  double epsilon = 1e-5;
  bool normalizes_first = false;
  Json activation;
  Version version;
  bool is_old = false;  // of keras-nlp 0.5, which gives some parts other names in its files

  // has_heads: of a block with attention.
  static TransformerBlock parse(const Config& config, bool has_heads = true);

  // Parts by their names, in files behind an underscore. features: of the block's input; throws Error{kMismatch} where
  // there are fewer than heads.
  size_t attention_part(Composition& block, const std::string& name, const std::string& group, int64_t features,
                        const AttentionInputs& inputs) const;
  size_t norm_part(Composition& block, const std::string& name) const;
  size_t dense_part(Composition& block, const std::string& name, int64_t units, const Json& function) const;

  // The tensor that a part of the block begins with: x, normalized where that comes first.
  size_t before(Composition& block, size_t norm, size_t x) const;
  // What stands behind the part's result: dropout, the sum with x, and the normalization where that comes last.
  size_t behind(Composition& block, size_t norm, size_t result, size_t x) const;
  // Attention of these tensors by that part.
  static size_t attend(Composition& block, size_t part, const AttentionInputs& inputs);
};

}  // namespace hoarfrost::keras
