// Embedding: a row of a table for every index, [batch, …] -> [batch, …, output_dim]; with mask_zero the index 0 marks
// steps that do not count. Keras 1.2 to 3.15.
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/kernel_quantization.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Embedding {
  int64_t input_dim = 0;
  int64_t output_dim = 0;
  bool mask_zero = false;
  std::vector<int64_t> input_length;  // of axes whose size the input leaves open
  KernelQuantization quantization;    // of the table: int8 or int4, with a scale for each row, or each group of one

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
    Embedding layer{config.get_int({"input_dim"}), config.get_int({"output_dim"}),
                    config.get_bool({"mask_zero"}, false), lengths, KernelQuantization::parse(config)};
    using Mode = KernelQuantization::Mode;
    if (layer.quantization.is_on() && !layer.is(Mode::kInt8) && !layer.is(Mode::kInt4))
      config.unsupported("a table is quantized to int8 or int4, Keras knows no other");
    return layer;
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
    if (!quantization.is_on()) return {{"embeddings", {input_dim, output_dim}}};
    const bool is_int8 = is(KernelQuantization::Mode::kInt8);
    std::vector<WeightSpec> result{{"embeddings", {input_dim, is_int8 ? output_dim : (output_dim + 1) / 2}, false}};
    if (n_groups() == 0) {
      result.push_back({"embeddings_scale", {input_dim}, false});
      return result;
    }
    result.push_back({"embeddings_scale", {input_dim, n_groups()}, false});
    result.push_back({"embeddings_zero", {input_dim, n_groups()}, false});
    result.push_back({"g_idx", {output_dim}, false});
    return result;
  }

  // Keras looks up with int32 whatever is no integer, and masks by the input as it came.
  Values lower(Lowering& lowering, const Values& in) const {
    Value index = in[0];
    if (index.dtype != DType::kInt32 && index.dtype != DType::kInt64) {
      index = lowering.raw_op("Cast", "Cast", {index}, DType::kInt32, {{"SrcT", index.dtype}, {"DstT", DType::kInt32}});
    }
    Value result = lower_rows(lowering, "embedding_lookup", lowering.weight(0), index);
    if (quantization.is_on()) {
      result = is(KernelQuantization::Mode::kInt8)
                   ? lower_dequantized(lowering, result, index)
                   : lower_unpacked_rows(lowering, result, index, infer({in[0].shape})[0]);
    }
    if (mask_zero) {
      const Value zero = lowering.scalar("NotEqual/y", 0, in[0]);
      result.mask = lowering.raw_op("NotEqual", "NotEqual", {in[0], zero}, DType::kBool, {{"T", in[0].dtype}}).tensor;
    }
    return {result};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const auto at = [x = in[0], weights, layer = *this](const Index& o) {
      Index i;
      for (int axis = 0; axis < o.rank() - 1; ++axis) i.push_back(o[axis]);
      const auto row = static_cast<int64_t>(x[i]);
      if (!layer.is(KernelQuantization::Mode::kInt4))
        return weights[0][{row, o[-1]}] / (layer.quantization.is_on() ? weights[1][{row}] : 1);
      const double number = unpacked(weights[0], row, o[-1], true);
      if (layer.n_groups() == 0) return number / weights[1][{row}];
      const int64_t group = group_of(weights[3], o[-1], layer.n_groups());
      return (number - weights[2][{row, group}]) * weights[1][{row, group}];
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }

 private:
  [[nodiscard]] bool is(KernelQuantization::Mode mode) const { return quantization.mode == mode; }
  // Of int4's columns that share a scale and a zero point; 0: a row has one scale.
  [[nodiscard]] int64_t n_groups() const {
    if (!is(KernelQuantization::Mode::kInt4) || quantization.group_size == 0) return 0;
    return (output_dim + quantization.group_size - 1) / quantization.group_size;
  }

  // bytes: the indices' rows.
  Value lower_unpacked_rows(Lowering& lowering, const Value& bytes, const Value& index, const Shape& shape) const {
    Value floats = lowering.raw_op("dequantize/Cast", "Cast", {bytes}, DType::kFloat32,
                                   {{"SrcT", bytes.dtype}, {"DstT", DType::kFloat32}});
    floats = lowering.reshape(floats, {kUnknown, (output_dim + 1) / 2});
    floats.shape = {kUnknown, (output_dim + 1) / 2};
    Value y = lower_unpacked(lowering, floats, output_dim, true);
    const auto of_rows = [&](size_t weight, int64_t columns) {
      Value table = lowering.weight(weight);
      if (table.dtype != DType::kFloat32)
        table = lowering.raw_op("dequantize/Cast", "Cast", {table}, DType::kFloat32,
                                {{"SrcT", table.dtype}, {"DstT", DType::kFloat32}});
      return lowering.reshape(lower_rows(lowering, "dequantize/Gather", table, index), {kUnknown, columns});
    };
    if (n_groups() == 0) {
      y = lowering.named_op("dequantize/truediv", "RealDiv", {y, of_rows(1, 1)});
    } else {
      const Value groups = lower_groups(lowering);
      const auto spread = [&](const Value& x) {
        return lowering.named_op("dequantize/MatMul", "MatMul", {x, groups},
                                 {{"transpose_a", false}, {"transpose_b", true}});
      };
      y = lowering.named_op("dequantize/sub", "Sub", {y, spread(of_rows(2, n_groups()))});
      y = lowering.named_op("dequantize/mul", "Mul", {y, spread(of_rows(1, n_groups()))});
    }
    y.shape = {kUnknown, output_dim};
    return lowering.reshape_like(y, index, shape);
  }

  // [output_dim, groups]: one where a column is of the group.
  Value lower_groups(Lowering& lowering) const {
    const Value of = lowering.weight(3);
    const Value index = lowering.raw_op("dequantize/groups", "Cast", {of}, DType::kInt32,
                                        {{"SrcT", of.dtype}, {"DstT", DType::kInt32}});
    return lowering.raw_op("dequantize/OneHot", "OneHot",
                           {index, lowering.int_scalar("dequantize/OneHot/depth", n_groups()),
                            lowering.constant("dequantize/OneHot/on", Tensor::scalar(1.0F)),
                            lowering.constant("dequantize/OneHot/off", Tensor::scalar(0.0F))},
                           DType::kFloat32, {{"T", DType::kFloat32}, {"TI", DType::kInt32}, {"axis", int64_t{-1}}});
  }

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
