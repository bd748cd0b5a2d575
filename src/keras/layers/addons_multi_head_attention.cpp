// MultiHeadAttention of TensorFlow Addons 0.23, which is called with a list [query, key] or [query, key, value], has
// its kernels by head and a bias at the end alone (Vaswani et al. 2017).
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/contraction.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/quantized_layer.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

struct AddonsMultiHeadAttention {
  int64_t head_size = 1;
  int64_t num_heads = 1;
  int64_t output_size = 0;  // 0: the value's features
  double dropout = 0;
  bool use_bias = true;
  bool returns_scores = false;
  Version version;

  static AddonsMultiHeadAttention parse(const Config& config) {
    AddonsMultiHeadAttention layer{config.get_int({"head_size"}),
                                   config.get_int({"num_heads"}),
                                   config.get_int({"output_size"}, 0),
                                   config.get_float({"dropout"}, 0.0),
                                   config.get_bool({"use_projection_bias"}, true),
                                   config.get_bool({"return_attn_coef"}, false),
                                   config.version()};
    if (layer.head_size < 1 || layer.num_heads < 1) config.fail("`head_size` and `num_heads` must be at least 1");
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    if (in.size() != 2 && in.size() != 3)
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("expected query, key and perhaps value, found {} inputs", in.size()));
    return attention(in)->infer(in);
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result{{"query_kernel", {num_heads, in[0].last(), head_size}},
                                   {"key_kernel", {num_heads, in[1].last(), head_size}},
                                   {"value_kernel", {num_heads, in.back().last(), head_size}},
                                   {"projection_kernel", {num_heads, head_size, n_outputs(in)}}};
    if (use_bias) result.push_back({"projection_bias", {n_outputs(in)}});
    return result;
  }

  // Keras' MultiHeadAttention on kernels whose first two axes have changed places.
  Values lower(Lowering& lowering, const Values& in) const {
    if (std::ranges::any_of(in, [](const Value& x) { return static_cast<bool>(x.mask); }))
      throw Error(ErrorCode::kUnsupported, "", "is called with a mask, which is not converted");
    const Value bias = use_bias ? lowering.weight(4) : Value{};
    Values kernels;
    for (size_t i = 0; i < 4; ++i) {
      Value kernel = lowering.weight(i);
      if (i < 3) {
        const Shape shape{kernel.shape[1], kernel.shape[0], kernel.shape[2]};
        kernel = lower_transpose(lowering, kernel, {1, 0, 2});
        kernel.shape = shape;
      }
      kernels.push_back(kernel);
    }
    Values result = lower_with(lowering, *attention(shapes_of(in)), std::move(kernels), in);
    if (use_bias) result[0] = lowering.named_op("add", "Add", {result[0], bias});
    return result;
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    Arrays kernels;
    for (size_t i = 0; i < 4; ++i) kernels.push_back(i < 3 ? weights[i].transposed({1, 0, 2}) : weights[i]);
    Formulas result = attention(shapes_of(in))->reference(kernels, in);
    if (use_bias)
      result[0].at = [of = result[0].at, bias = weights[4]](const Index& o) { return of(o) + bias.at_offset(o[-1]); };
    return result;
  }

 private:
  [[nodiscard]] int64_t n_outputs(const Shapes& in) const { return output_size > 0 ? output_size : in.back().last(); }

  [[nodiscard]] std::shared_ptr<const Layer> attention(const Shapes& in) const {
    Json keywords{
        {"query", {{"tensor", size_t{0}}}}, {"key", {{"tensor", size_t{1}}}}, {"value", {{"tensor", in.size() - 1}}}};
    if (returns_scores) keywords["return_attention_scores"] = true;
    const Json json{{"name", "attention"},
                    {"num_heads", num_heads},
                    {"key_dim", head_size},
                    {"use_bias", false},
                    {"dropout", dropout},
                    {"output_shape", Json::array({n_outputs(in)})},
                    {"call_arguments", {{"args", Json::array()}, {"kwargs", std::move(keywords)}}}};
    return parse_layer(Config(json, "MultiHeadAttention", version));
  }
};

}  // namespace

const LayerSpec layer_addons_multi_head_attention = make_spec<AddonsMultiHeadAttention>("Addons>MultiHeadAttention");

}  // namespace hoarfrost::keras
