// Embedding: a row of a table for every index, [batch, …] -> [batch, …, output_dim]; with mask_zero the index 0 marks
// steps that do not count. Keras 1.2 to 3.15.
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/int8_quantization.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Embedding {
  int64_t input_dim = 0;
  int64_t output_dim = 0;
  bool mask_zero = false;
  std::vector<int64_t> input_length;  // of axes whose size the input leaves open
  Int8Quantization int8;              // of the table, with a scale for each row

  static Embedding parse(const Config& config) {
    // Keras 1's dropout acts in training only.
    // Keras 3 saves a LoRA adapter merged into the table.
    config.ignore({"dropout", "weights", "lora_rank", "lora_alpha"});
    if (config.get_bool({"sparse"}, false)) config.unsupported("sparse (a SparseTensor output) is not converted");
    std::vector<int64_t> lengths;
    const Json* length = config.find({"input_length"});
    if (length != nullptr && length->is_array())
      lengths = config.get_shape({"input_length"}).sizes();
    else if (length != nullptr)
      lengths = {config.get_int({"input_length"})};
    return {config.get_int({"input_dim"}), config.get_int({"output_dim"}), config.get_bool({"mask_zero"}, false),
            lengths, Int8Quantization::parse(config)};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    Shape out = in[0];
    for (int axis = 1; axis < out.rank() && axis <= static_cast<int>(input_length.size()); ++axis) {
      if (out[axis] == kUnknown) out[axis] = input_length[static_cast<size_t>(axis) - 1];
    }
    out.push_back(output_dim);
    return {out};
  }

  std::vector<WeightSpec> weights(const Shapes& /*in*/) const {
    std::vector<WeightSpec> result{{"embeddings", {input_dim, output_dim}, !int8.is_on}};
    if (int8.is_on) result.push_back({"embeddings_scale", {input_dim}, false});
    return result;
  }

  // Keras looks up with int32 whatever is no integer, and masks by the input as it came.
  Values lower(Lowering& lowering, const Values& in) const {
    Value index = in[0];
    if (index.dtype != DType::kInt32 && index.dtype != DType::kInt64) {
      index = lowering.raw_op("Cast", "Cast", {index}, DType::kInt32, {{"SrcT", index.dtype}, {"DstT", DType::kInt32}});
    }
    Value result = lower_rows(lowering, "embedding_lookup", lowering.weight(0), index);
    if (int8.is_on) result = lower_dequantized(lowering, result, index);
    if (mask_zero) {
      const Value zero = lowering.scalar("NotEqual/y", 0, in[0]);
      result.mask = lowering.raw_op("NotEqual", "NotEqual", {in[0], zero}, DType::kBool, {{"T", in[0].dtype}}).tensor;
    }
    return {result};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const auto at = [x = in[0], weights, is_int8 = int8.is_on](const Index& o) {
      Index i;
      for (int axis = 0; axis < o.rank() - 1; ++axis) i.push_back(o[axis]);
      const auto row = static_cast<int64_t>(x[i]);
      return weights[0][{row, o[-1]}] / (is_int8 ? weights[1][{row}] : 1);
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }

 private:
  static Value lower_rows(Lowering& lowering, std::string_view name, const Value& table, const Value& index) {
    return lowering.raw_op(name, "Gather", {table, index}, table.dtype,
                           {{"Tparams", table.dtype}, {"Tindices", index.dtype}, {"validate_indices", true}});
  }

  static Value lower_dequantized(Lowering& lowering, const Value& numbers, const Value& index) {
    Value scale = lower_rows(lowering, "dequantize/Gather", lowering.weight(1), index);
    scale = lowering.named_op("dequantize/ExpandDims", "ExpandDims",
                              {scale, lowering.int_scalar("dequantize/ExpandDims/dim", -1)}, {{"Tdim", DType::kInt32}});
    const Value floats = lowering.raw_op("dequantize/Cast", "Cast", {numbers}, scale.dtype,
                                         {{"SrcT", numbers.dtype}, {"DstT", scale.dtype}});
    return lowering.named_op("dequantize/truediv", "RealDiv", {floats, scale});
  }
};

}  // namespace

const LayerSpec layer_embedding = make_spec<Embedding>("Embedding");

}  // namespace hoarfrost::keras
