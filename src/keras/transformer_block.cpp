#include "keras/transformer_block.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

namespace hoarfrost::keras {

TransformerBlock TransformerBlock::parse(const Config& config, bool has_heads) {
  TransformerBlock block{config.get_int({"intermediate_dim"}),
                         has_heads ? config.get_int({"num_heads"}) : 1,
                         config.get_float({"dropout"}, 0.0),
                         config.get_float({"layer_norm_epsilon"}, 1e-5),
                         has_heads && config.get_bool({"normalize_first"}, false),
                         "relu",
                         config.version(),
                         config.find({"build_input_shape"}) != nullptr};
  if (const Json* given = config.find({"activation"}); given != nullptr)
    block.activation = *given;
  else if (config.json().contains("activation"))
    block.activation = "linear";
  if (block.num_heads < 1 || block.intermediate_dim < 1)
    config.fail("`num_heads` and `intermediate_dim` must be at least 1");
  return block;
}

size_t TransformerBlock::attention_part(Composition& block, const std::string& name, const std::string& group,
                                        int64_t features, const AttentionInputs& inputs) const {
  if (features < num_heads)
    throw Error(
        ErrorCode::kMismatch, "",
        fmt::format("num_heads is {}, but the input has {} features: give it as many at least", num_heads, features));
  size_t next = 0;
  const auto tensor = [&] { return Json{{"tensor", next++}}; };
  Json arguments{{"args", Json::array({tensor(), tensor()})}, {"kwargs", Json::object()}};
  if (inputs.padding) arguments["kwargs"]["value_mask"] = tensor();
  if (inputs.pairs) arguments["kwargs"]["attention_mask"] = tensor();
  if (inputs.is_causal) arguments["kwargs"]["use_causal_mask"] = true;
  return block.part(name, group, "MultiHeadAttention",
                    {{"num_heads", num_heads},
                     {"key_dim", features / num_heads},
                     {"dropout", dropout},
                     {"call_arguments", std::move(arguments)}});
}

size_t TransformerBlock::attend(Composition& block, size_t part, const AttentionInputs& inputs) {
  std::vector<size_t> tensors{inputs.query, inputs.value};
  if (inputs.padding) tensors.push_back(*inputs.padding);
  if (inputs.pairs) tensors.push_back(*inputs.pairs);
  return block.call(part, std::move(tensors));
}

size_t TransformerBlock::norm_part(Composition& block, const std::string& name) const {
  const size_t end = name.find("_layer_norm");
  const std::string stored = is_old ? name.substr(0, end) + "_layernorm" : name;
  return block.part(name, "_" + stored, "LayerNormalization", {{"epsilon", epsilon}});
}

size_t TransformerBlock::dense_part(Composition& block, const std::string& name, int64_t units,
                                    const Json& function) const {
  return block.part(name, "_" + name, "Dense", {{"units", units}, {"activation", function}});
}

size_t TransformerBlock::before(Composition& block, size_t norm, size_t x) const {
  return normalizes_first ? block.call(norm, {x}) : x;
}

size_t TransformerBlock::behind(Composition& block, size_t norm, size_t result, size_t x) const {
  const size_t kept = block.call(block.part("dropout", "", "Dropout", {{"rate", dropout}}), {result});
  const size_t sum = block.sum(kept, x);
  return normalizes_first ? sum : block.call(norm, {sum});
}

}  // namespace hoarfrost::keras
