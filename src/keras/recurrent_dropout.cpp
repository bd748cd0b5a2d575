#include "keras/recurrent_dropout.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/dropout.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

double rate_of(const Config& config, std::string_view key) {
  return std::clamp(config.get_float({key}, 0.0), 0.0, 1.0);
}

bool is_named(const Config& config, std::string_view key, std::string_view name, bool by_default) {
  const Json* value = config.find({key});
  return value == nullptr ? by_default : value->is_string() && value->get<std::string>() == name;
}

// Keras 2.15's `_could_use_gpu_kernel` of LSTM and GRU, but for what its caller knows.
bool could_run_on_cudnn(const Config& config) {
  const std::string& full = config.class_name();
  const std::string name = full.substr(full.rfind('>') + 1);
  if ((name != "LSTM" && name != "GRU") || config.version() >= Version{3, 0}) return false;
  const bool is_old = config.version() < Version{2, 3} && !config.version().is_tf_keras;
  return is_named(config, "activation", "tanh", true) && is_named(config, "recurrent_activation", "sigmoid", !is_old) &&
         config.get_bool({"use_bias"}, true) && !config.get_bool({"unroll"}, false);
}

Value ones(Lowering& lowering, const Value& batch, const Shape& row) {
  std::vector<Value> sizes{batch};
  for (const int64_t size : row.sizes()) sizes.push_back(lowering.int_scalar("ones/packed/1", size));
  const Value shape =
      lowering.raw_op("ones/packed", "Pack", sizes, DType::kInt32,
                      {{"T", DType::kInt32}, {"N", static_cast<int64_t>(sizes.size())}, {"axis", int64_t{0}}});
  const Value one = lowering.constant("ones/Const", Tensor::scalar(1.0F));
  Value result = lowering.raw_op("ones", "Fill", {shape, one}, DType::kFloat32, {{"T", DType::kFloat32}});
  result.shape = {kUnknown};
  for (const int64_t size : row.sizes()) result.shape.push_back(size);
  return result;
}

}  // namespace

RecurrentDropout RecurrentDropout::parse(const Config& config, size_t n_gates, bool fits_cudnn) {
  RecurrentDropout result{rate_of(config, "dropout"), rate_of(config, "recurrent_dropout"), n_gates};
  if (n_gates == 1) return result;
  const bool is_conv = config.class_name().find("Conv") != std::string::npos;
  const bool is_cell = config.class_name().ends_with("Cell");
  const int64_t implementation = config.get_int({"implementation"}, 2);
  result.is_by_gate = is_conv || result.recurrent > 0 || implementation == 1 || (implementation == 0 && !is_cell);
  result.is_by_step = fits_cudnn && result.recurrent == 0 && could_run_on_cudnn(config);
  if (result.input == 1 && !result.is_by_step) result.input = 0;
  if (result.recurrent == 1) result.recurrent = 0;
  return result;
}

Values RecurrentDropout::masks(Lowering& lowering, const Value& batch, const Shape& x, const Shape& state) const {
  Values result;
  const auto draw = [&](size_t n, double rate, const Shape& row) {
    for (size_t i = 0; i < n; ++i) {
      Value mask = ones(lowering, batch, row);
      const Shape shape = mask.shape;
      mask = lower_dropout(lowering, mask, rate)[0];
      mask.shape = shape;
      result.push_back(mask);
    }
  };
  draw(n_input_masks(), input, x);
  draw(n_recurrent_masks(), recurrent, state);
  return result;
}

Values masked(Lowering& lowering, const Value& x, const Values& masks, int time) {
  if (masks.empty()) return {x};
  Values result;
  for (Value mask : masks) {
    if (time >= 0) {
      mask = lowering.raw_op("ExpandDims", "ExpandDims", {mask, lowering.int_scalar("ExpandDims/dim", time)},
                             mask.dtype, {{"T", mask.dtype}, {"Tdim", DType::kInt32}});
    }
    if (mask.dtype != x.dtype)
      mask = lowering.raw_op("Cast", "Cast", {mask}, x.dtype, {{"SrcT", mask.dtype}, {"DstT", x.dtype}});
    result.push_back(lowering.named_op("dropped", "Mul", {x, mask}));
    result.back().shape = x.shape;
  }
  return result;
}

Value products(Lowering& lowering, const Values& xs, const Values& kernels, const Product& product) {
  if (xs.size() == 1) return product(xs[0], kernels[0]);
  Values parts;
  for (size_t i = 0; i < xs.size(); ++i) parts.push_back(product(xs[i], kernels[i]));
  parts.push_back(lowering.int_scalar("concat/axis", -1));
  return lowering.named_op("concat", "ConcatV2", parts,
                           {{"N", static_cast<int64_t>(xs.size())}, {"Tidx", DType::kInt32}});
}

Values kernels_for(Lowering& lowering, const Value& kernel, size_t n) {
  if (n <= 1) return {kernel};
  Shape part = kernel.shape;
  part[-1] /= static_cast<int64_t>(n);
  const Value first = lowering.raw_op("split", "Split", {lowering.int_scalar("split/split_dim", -1), kernel},
                                      kernel.dtype, {{"T", kernel.dtype}, {"num_split", static_cast<int64_t>(n)}});
  Values result;
  for (size_t i = 0; i < n; ++i)
    result.push_back({first.tensor.node->output(static_cast<int>(i)), kernel.dtype, part, {}});
  return result;
}

}  // namespace hoarfrost::keras
