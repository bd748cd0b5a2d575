// MaskedLMHead: scores of every word at the places that were hidden from a language model: [batch, steps, features] and
// places [batch, n] -> [batch, n, vocabulary_size] (Devlin et al. 2019). keras-nlp 0.5 to 0.6.4, keras-hub 0.32.0. With
// a token_embedding the words' vectors are that layer's.
#include <hoarfrost/error.h>

#include "keras/activations.h"
#include "keras/call_arguments.h"
#include "keras/composition.h"
#include "keras/layers/registry.h"
#include "keras/shapes.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

// [batch, steps, features], places [batch, n] -> [batch, n, features].
struct TakePlaces {
  Shapes infer(const Shapes& in) const { return {{in[0][0], in[1][1], in[0].last()}}; }

  // Rows of [batch · steps, features], those of example b from b · steps on. The places are looked up among the steps
  // first: one that is none of them is an error, as in TensorFlow, and not another example's.
  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    const Value places =
        lowering.raw_op("Cast", "Cast", {in[1]}, DType::kInt32, {{"SrcT", in[1].dtype}, {"DstT", DType::kInt32}});
    const Value n_steps = x.shape[1] != kUnknown ? lowering.int_scalar("steps", x.shape[1]) : size_of(lowering, x, 1);
    const auto counted = [&](const Value& n) {
      return lowering.raw_op("range", "Range",
                             {lowering.int_scalar("range/start", 0), n, lowering.int_scalar("range/delta", 1)},
                             DType::kInt32, {{"Tidx", DType::kInt32}});
    };
    const auto gathered = [&](const Value& rows, const Value& indices) {
      return lowering.raw_op("Gather", "Gather", {rows, indices}, rows.dtype,
                             {{"Tparams", rows.dtype}, {"Tindices", DType::kInt32}, {"validate_indices", true}});
    };
    const Value first = lowering.op("ExpandDims",
                                    {lowering.named_op("mul", "Mul", {counted(size_of(lowering, x, 0)), n_steps}),
                                     lowering.int_scalar("ExpandDims/dim", 1)},
                                    {{"Tdim", DType::kInt32}});
    const Value row = lowering.named_op("add", "Add", {gathered(counted(n_steps), places), first});
    return {gathered(lowering.reshape(x, {kUnknown, x.shape.last()}), row)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], places = in[1]](const Index& o) {
      return x[{o[0], static_cast<int64_t>(places[{o[0], o[1]}]), o[2]}];
    };
    return {{infer(shapes_of(in))[0], at, 0}};
  }
};

// A layer whose weights have other names; and a bias behind an embedding called the way back.
struct Renamed {
  std::shared_ptr<const Layer> layer;
  std::vector<std::string> names;

  Shapes infer(const Shapes& in) const { return layer->infer(in); }
  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result = layer->weights(in);
    for (size_t i = 0; i < result.size(); ++i) result[i].name = names.at(i);
    return result;
  }
  Values lower(Lowering& lowering, const Values& in) const { return layer->lower(lowering, in); }
  Formulas reference(const Arrays& weights, const Arrays& in) const { return layer->reference(weights, in); }
};

struct Biased {
  Activation activation;

  Shapes infer(const Shapes& in) const { return in; }
  std::vector<WeightSpec> weights(const Shapes& in) const { return {{"output_bias", {in[0].last()}}}; }
  Values lower(Lowering& lowering, const Values& in) const {
    Value y = lowering.named_op("add", "Add", {in[0], lowering.weight(0)});
    y.shape = in[0].shape;
    return {activation.lower(lowering, y)};
  }
  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const auto at = [x = in[0], bias = weights[0]](const Index& o) { return x[o] + bias.at_offset(o[-1]); };
    return {activation.reference({in[0].shape(), at, 1})};
  }
};

struct MaskedLmHead {
  CallArguments arguments;
  std::string dense_group;
  std::string norm_group;
  std::shared_ptr<const Layer> output;     // a Dense, or what stands behind the embedding
  std::shared_ptr<const Layer> embedding;  // on the way back; nullptr without
  int64_t embedding_dim = 0;
  Version version;
  Json intermediate_activation;
  double epsilon = 1e-5;

  static MaskedLmHead parse(const Config& config) {
    MaskedLmHead layer;
    layer.arguments = CallArguments::parse(config, {"inputs", "mask_positions"});
    const bool is_old = !config.json().contains("token_embedding");  // keras-nlp 0.5
    layer.dense_group = is_old ? "_dense" : "_intermediate_dense";
    layer.norm_group = is_old ? "_layer_norm" : "_intermediate_layer_norm";
    layer.version = config.version();
    layer.epsilon = config.get_float({"layer_norm_epsilon"}, 1e-5);
    layer.intermediate_activation = function_of(config, "intermediate_activation", "relu");
    const Json scores{{"name", config.name()},
                      {"units", config.get_int({"vocabulary_size"})},
                      {"activation", function_of(config, "activation", "linear")}};
    const Config scores_config(scores, "Dense", config.version());
    if (const Json* inner = config.find({"token_embedding"}); inner == nullptr) {
      layer.output = std::make_shared<detail::Adapter<Renamed>>(
          Renamed{parse_layer(scores_config), {"output_kernel", "output_bias"}});
    } else {
      layer.embedding = parse_embedding(config, *inner);
      layer.embedding_dim =
          Config(inner->at("config"), "ReversibleEmbedding", config.version()).get_int({"output_dim"});
      layer.output = std::make_shared<detail::Adapter<Biased>>(Biased{Activation::parse(scores_config)});
    }
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 2);
    expect_rank(in[0], 3);
    expect_rank(in[1], 2);
    return composed(in).infer(in);
  }
  std::vector<WeightSpec> weights(const Shapes& in) const { return composed(in).weights(in); }
  Values lower(Lowering& lowering, const Values& in) const {
    if (embedding != nullptr)
      lowering.expect_inference(
          "a MaskedLMHead with a token_embedding shares that layer's table, which is not trained here");
    return composed(shapes_of(in)).lower(lowering, in);
  }
  Formulas reference(const Arrays& weights, const Arrays& in) const {
    return composed(shapes_of(in)).reference(weights, in);
  }

 private:
  static Json function_of(const Config& config, const char* key, const char* fallback) {
    const Json* given = config.find({key});
    return given != nullptr ? *given : Json(config.json().contains(key) ? "linear" : fallback);
  }

  static std::shared_ptr<const Layer> parse_embedding(const Config& config, const Json& json) {
    if (!json.is_object() || !json.contains("config") || !json.at("config").is_object())
      config.fail("`token_embedding` holds no layer");
    Json inner = json.at("config");
    inner["call_arguments"] = {{"args", Json::array({{{"tensor", size_t{0}}}})}, {"kwargs", {{"reverse", true}}}};
    return parse_layer(Config(inner, "ReversibleEmbedding", config.version()));
  }

  [[nodiscard]] Composition composed(const Shapes& in) const {
    Composition result(2, version);
    const size_t x = arguments.required_input("inputs", in.size());
    const size_t places = arguments.required_input("mask_positions", in.size());
    const size_t scores = result.part("", "", output);
    const size_t words = embedding != nullptr ? result.part("token_embedding", "token_embedding", embedding) : 0;
    const int64_t features = embedding != nullptr ? embedding_dim : in[x].last();
    const size_t first = result.part("intermediate_dense", dense_group, "Dense",
                                     {{"units", features}, {"activation", intermediate_activation}});
    const size_t second =
        result.part("intermediate_layer_norm", norm_group, "LayerNormalization", {{"epsilon", epsilon}});
    const size_t take = result.part("take", "", std::make_shared<detail::Adapter<TakePlaces>>(TakePlaces()));
    const size_t normal = result.call(second, {result.call(first, {result.call(take, {x, places})})});
    result.call(scores, {embedding != nullptr ? result.call(words, {normal}) : normal});
    return result;
  }
};

}  // namespace

const LayerSpec layer_masked_lm_head = make_spec<MaskedLmHead>("keras_hub>MaskedLMHead", "keras_nlp>MaskedLMHead");

}  // namespace hoarfrost::keras
