// ReversibleEmbedding: a row of a table for every index, [batch, …] -> [batch, …, output_dim]; called with reverse=True
// a score of every index, [batch, …, output_dim] -> [batch, …, input_dim], the product with the table turned or with a
// table of its own, by logit_soft_cap cap · tanh(score / cap). Keras 3.15.
#include <hoarfrost/error.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/call_arguments.h"
#include "keras/contraction.h"
#include "keras/int8_quantization.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct ReversibleEmbedding {
  int64_t input_dim = 0;
  int64_t output_dim = 0;
  bool mask_zero = false;
  bool ties_weights = true;
  std::optional<double> cap;
  bool is_reverse = false;  // this call

  static ReversibleEmbedding parse(const Config& config) {
    config.ignore({"quantization_config", "weights"});
    if (config.has("lora_rank"))
      config.unsupported("lora_rank: a LoRA adapter is not merged into the table; merge it in Keras first");
    if (Int8Quantization::parse(config).is_on) config.unsupported("a table that Keras 3 quantized is not converted");
    if (config.has("reverse_dtype") && config.get_string({"reverse_dtype"}) != "float32")
      config.unsupported("a reverse_dtype other than float32 is not converted");
    ReversibleEmbedding layer{config.get_int({"input_dim"}),
                              config.get_int({"output_dim"}),
                              config.get_bool({"mask_zero"}, false),
                              config.get_bool({"tie_weights"}, true),
                              {},
                              false};
    if (config.has("logit_soft_cap")) layer.cap = config.get_float({"logit_soft_cap"});
    layer.is_reverse = CallArguments::parse(config, {"inputs", "reverse"}).flag("reverse");
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    Shape out = in[0];
    if (!is_reverse) {
      out.push_back(output_dim);
      return {out};
    }
    if (out.rank() < 2 || out.last() != output_dim)
      throw Error(ErrorCode::kMismatch, "", "the way back takes vectors of the table's rows' length");
    out[-1] = input_dim;
    return {out};
  }

  std::vector<WeightSpec> weights(const Shapes& /*in*/) const {
    std::vector<WeightSpec> result{{"embeddings", {input_dim, output_dim}}};
    if (!ties_weights) result.push_back({"reverse_embeddings", {output_dim, input_dim}});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    return {is_reverse ? back(lowering, in[0]) : there(lowering, in[0])};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const Shape out = infer({in[0].shape()})[0];
    const auto row = [x = in[0], table = weights[0]](const Index& o) {
      Index i;
      for (int axis = 0; axis < o.rank() - 1; ++axis) i.push_back(o[axis]);
      return table[{static_cast<int64_t>(x[i]), o[-1]}];
    };
    const auto score = [=, x = in[0], layer = *this](const Index& o) {
      double sum = 0;
      for (int64_t i = 0; i < layer.output_dim; ++i)
        sum += x[o.with(-1, i)] * (layer.ties_weights ? weights[0][{o[-1], i}] : weights[1][{i, o[-1]}]);
      return layer.cap ? *layer.cap * std::tanh(sum / *layer.cap) : sum;
    };
    if (is_reverse) return {{out, score, static_cast<double>(output_dim)}};
    return {{out, row, 0}};
  }

 private:
  Value there(Lowering& lowering, const Value& x) const {
    Value index = x;
    if (index.dtype != DType::kInt32 && index.dtype != DType::kInt64)
      index = lowering.raw_op("Cast", "Cast", {x}, DType::kInt32, {{"SrcT", x.dtype}, {"DstT", DType::kInt32}});
    const Value table = lowering.weight(0);
    Value result = lowering.raw_op("embedding_lookup", "Gather", {table, index}, table.dtype,
                                   {{"Tparams", table.dtype}, {"Tindices", index.dtype}, {"validate_indices", true}});
    if (mask_zero) {
      const Value zero = lowering.scalar("NotEqual/y", 0, x);
      result.mask = lowering.raw_op("NotEqual", "NotEqual", {x, zero}, DType::kBool, {{"T", x.dtype}}).tensor;
    }
    return result;
  }

  Value back(Lowering& lowering, const Value& x) const {
    const std::string axes = std::string("abcdef").substr(0, static_cast<size_t>(x.shape.rank()) - 1);
    const Contraction product{axes + "y", ties_weights ? "zy" : "yz", axes + "z"};
    Value result = lower_contraction(lowering, product, x, lowering.weight(ties_weights ? 0 : 1));
    if (!cap) return result;
    result = lowering.named_op("truediv", "RealDiv", {result, lowering.scalar("truediv/y", *cap, result)});
    result = lowering.op("Tanh", {result});
    return lowering.named_op("mul", "Mul", {result, lowering.scalar("mul/y", *cap, result)});
  }
};

}  // namespace

const LayerSpec layer_reversible_embedding = make_spec<ReversibleEmbedding>("ReversibleEmbedding");

}  // namespace hoarfrost::keras
