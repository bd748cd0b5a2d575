// CachedMultiHeadAttention: Keras' MultiHeadAttention that takes no masks but the one it is given, and may keep keys
// and values from call to call. keras-nlp 0.6.4, keras-hub 0.32.0. Without the cache.
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/multi_head.h"

namespace hoarfrost::keras {
namespace {

struct CachedMultiHeadAttention {
  static constexpr bool kPassesMask = true;
  std::shared_ptr<const Layer> attention;

  static CachedMultiHeadAttention parse(const Config& config) {
    const CallArguments arguments =
        CallArguments::parse(config, {"query", "value", "key", "attention_mask", "cache", "cache_update_index",
                                      "return_attention_scores", "training"});
    if (arguments.value("cache") != nullptr)
      config.unsupported("called with a cache of keys and values, which is not converted; call it without");
    for (const auto& [key, value] : config.json().items()) config.ignore({key});  // the inner layer reads them
    Json inner = config.json();
    if (inner.contains("call_arguments")) {
      Json keywords = Json::object();
      for (const char* name : {"query", "value", "key", "attention_mask", "return_attention_scores"}) {
        if (const Json* value = arguments.value(name); value != nullptr) keywords[name] = *value;
      }
      inner["call_arguments"] = {{"args", Json::array()}, {"kwargs", std::move(keywords)}};
    }
    return {parse_layer(Config(inner, "MultiHeadAttention", config.version()))};
  }

  Shapes infer(const Shapes& in) const { return attention->infer(in); }
  std::vector<WeightSpec> weights(const Shapes& in) const { return attention->weights(in); }
  Values lower(Lowering& lowering, const Values& in) const { return attention->lower(lowering, without_masks(in)); }
  Formulas reference(const Arrays& weights, const Arrays& in) const {
    Arrays plain = in;
    for (Array& x : plain) x.mask = nullptr;
    return attention->reference(weights, plain);
  }
};

}  // namespace

const LayerSpec layer_cached_multi_head_attention =
    make_spec<CachedMultiHeadAttention>("keras_hub>CachedMultiHeadAttention", "keras_nlp>CachedMultiHeadAttention");

}  // namespace hoarfrost::keras
