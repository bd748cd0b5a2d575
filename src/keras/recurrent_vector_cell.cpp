#include "keras/recurrent_vector_cell.h"

#include <fmt/format.h>

#include "keras/lowering.h"

namespace hoarfrost::keras {

VectorCellOptions VectorCellOptions::parse(const Config& config, size_t n_gates, bool fits_cudnn) {
  config.ignore({"implementation", "unroll", "unit_forget_bias", "input_dim", "input_length", "seed", "inner_init",
                 "forget_bias_init"});
  VectorCellOptions result;
  result.dropout = RecurrentDropout::parse(config, n_gates, fits_cudnn);
  result.units = config.get_int({"units", "output_dim"});
  if (result.units < 1) config.fail(fmt::format("`units` must be positive, found {}", result.units));
  result.use_bias = config.get_bool({"use_bias"}, true);
  result.activation = Activation::parse(config, "activation", "tanh");
  if (n_gates == 1) return result;
  const bool is_old = config.version() < Version{2, 3} && !config.version().is_tf_keras;
  const char* key = config.has("inner_activation") ? "inner_activation" : "recurrent_activation";
  result.recurrent_activation = Activation::parse(config, key, is_old ? "hard_sigmoid" : "sigmoid");
  return result;
}

std::vector<WeightSpec> VectorCellOptions::weights(const Shape& x, int64_t n_gates, const Shape& bias) const {
  std::vector<WeightSpec> result{{"kernel", {x.last(), n_gates * units}},
                                 {"recurrent_kernel", {units, n_gates * units}}};
  if (use_bias) result.push_back({"bias", bias});
  return result;
}

Values VectorCell::masks(Lowering& lowering, const Values& prepared, const Shape& x, const Value& batch) const {
  Values result = o_.dropout.masks(lowering, batch, x, {o_.units});
  if (o_.dropout.n_recurrent_masks() < 2) return result;
  const Values kernels = kernels_for(lowering, prepared[1], o_.dropout.n_recurrent_masks());
  result.insert(result.end(), kernels.begin(), kernels.end());
  return result;
}

size_t VectorCell::n_masks() const {
  const size_t n = o_.dropout.n_recurrent_masks();
  return o_.dropout.n_input_masks() + (n < 2 ? n : 2 * n);
}

Value VectorCell::project(Lowering& lowering, const Values& w, const Values& xs) const {
  const auto product = [&](const Value& x, const Value& kernel) { return mat_mul(lowering, x, kernel); };
  const Value y = products(lowering, xs, kernels_for(lowering, w[0], xs.size()), product);
  return o_.use_bias ? biased(lowering, y, w[2]) : y;
}

VectorCell::Recurrent VectorCell::recurrent(Lowering& lowering, const Value& state, const Value& kernel,
                                            const Values& masks) const {
  const size_t n = masks.empty() ? 0 : o_.dropout.n_recurrent_masks();
  if (n == 0) return {{state}, {kernel}};
  const auto first = masks.begin() + static_cast<std::ptrdiff_t>(n_input_masks());
  const auto last = first + static_cast<std::ptrdiff_t>(n);
  const auto end = masks.begin() + static_cast<std::ptrdiff_t>(n_masks());
  return {masked(lowering, state, {first, last}), n == 1 ? Values{kernel} : Values(last, end)};
}

Value VectorCell::recurrent_product(Lowering& lowering, const Values& w, const Values& masks,
                                    const Value& state) const {
  const auto [states, kernels] = recurrent(lowering, state, w[1], masks);
  return products(lowering, states, kernels,
                  [&](const Value& x, const Value& kernel) { return mat_mul(lowering, x, kernel); });
}

Values equal_parts(Lowering& lowering, const Value& x, int64_t n, int64_t axis, const Shape& part) {
  const Value first = lowering.raw_op("split", "Split", {lowering.int_scalar("split/split_dim", axis), x}, x.dtype,
                                      {{"T", x.dtype}, {"num_split", n}});
  Values result;
  for (int64_t i = 0; i < n; ++i) result.push_back({first.tensor.node->output(static_cast<int>(i)), x.dtype, part, {}});
  return result;
}

Value activated(Lowering& lowering, const Activation& activation, Value x, int64_t units) {
  x.shape = {kUnknown, units};
  return activation.lower(lowering, x);
}

Doubles gate(const Doubles& z, size_t i, size_t n) {
  return {z.begin() + static_cast<std::ptrdiff_t>(i * n), z.begin() + static_cast<std::ptrdiff_t>((i + 1) * n)};
}

Value mat_mul(Lowering& lowering, const Value& x, const Value& matrix) {
  return lowering.op("MatMul", {x, matrix}, {{"transpose_a", false}, {"transpose_b", false}});
}

Value biased(Lowering& lowering, const Value& x, const Value& bias) {
  return lowering.op("BiasAdd", {x, bias}, {{"data_format", std::string("NHWC")}});
}

}  // namespace hoarfrost::keras
