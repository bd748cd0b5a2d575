#include "keras/multi_head.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/multi_head_parts.h"

namespace hoarfrost::keras {

MultiHead MultiHead::parse_shared(const Config& config) {
  config.ignore({"seed", "flash_attention", "query_shape", "key_shape", "value_shape"});
  MultiHead result;
  result.dropout = config.get_float({"dropout"}, 0.0);
  result.use_bias = config.get_bool({"use_bias"}, true);
  result.use_gate = config.get_bool({"use_gate"}, false);
  result.sliding_window = config.get_int({"sliding_window"}, 0);
  result.arguments =
      CallArguments::parse(config, {"query", "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask",
                                    "return_attention_scores", "training", "use_causal_mask"});
  result.returns_scores = result.arguments.flag("return_attention_scores");
  result.is_causal = result.arguments.flag("use_causal_mask");
  result.sees_nothing = config.version().major >= 3 && (result.dropout > 0 || result.returns_scores);
  return result;
}

Shapes MultiHead::infer(const Shapes& in) const {
  const MultiHeadParts parts = multi_head_parts(*this, in);
  const auto mask = arguments.input("attention_mask", in.size());
  if (mask && in[*mask].rank() > 3 + 2 * (parts.n_axes - 1))
    throw Error(
        ErrorCode::kUnsupported, "",
        fmt::format("an attention_mask of shape {}, with an axis for heads, is not converted", in[*mask].to_string()));
  Shape out(std::vector<int64_t>(in[parts.query].sizes().begin(), in[parts.query].sizes().end() - 1));
  for (const int64_t size : output_sizes(*this, in[parts.query])) out.push_back(size);
  if (!returns_scores) return {out};
  Shape scores;
  for (const char letter : parts.scores) {
    if (letter == 'h')
      scores.push_back(n_heads);
    else if (letter >= 'a')
      scores.push_back(in[parts.query][letter - 'a']);
    else
      scores.push_back(in[parts.key][letter - 'A']);
  }
  return {out, scores};
}

std::vector<WeightSpec> MultiHead::weights(const Shapes& in) const {
  const MultiHeadParts parts = multi_head_parts(*this, in);
  std::vector<WeightSpec> result;
  const auto add = [&](std::string name, Shape kernel, Shape bias, const std::string& group) {
    result.push_back({name + "/kernel", std::move(kernel), true, group});
    if (use_bias) result.push_back({name + "/bias", std::move(bias), true, group});
  };
  add("query", {in[parts.query].last(), n_heads, key_dim}, {n_heads, key_dim}, "query_dense");
  add("key", {in[parts.key].last(), n_key_heads, key_dim}, {n_key_heads, key_dim}, "key_dense");
  if (use_gate) add("gate", {in[parts.query].last(), n_heads, value_dim}, {n_heads, value_dim}, "gate_dense");
  add("value", {in[parts.value].last(), n_key_heads, value_dim}, {n_key_heads, value_dim}, "value_dense");
  Shape out{n_heads, value_dim};
  Shape out_bias;
  for (const int64_t size : output_sizes(*this, in[parts.query])) {
    out.push_back(size);
    out_bias.push_back(size);
  }
  add("attention_output", out, out_bias, "output_dense");
  return result;
}

}  // namespace hoarfrost::keras
