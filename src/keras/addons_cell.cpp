#include "keras/addons_cell.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "keras/lowering.h"
#include "keras/normalization.h"
#include "keras/recurrent_vector_cell.h"

namespace hoarfrost::keras {
namespace {

Value product_of(Lowering& lowering, const Value& a, const Value& b) { return lowering.named_op("mul", "Mul", {a, b}); }
Value sum_of(Lowering& lowering, const Value& a, const Value& b) { return lowering.named_op("add", "Add", {a, b}); }

// gamma · (z − mean) / sqrt(variance + epsilon) + beta of each row; beta may have no tensor.
Value normalized(Lowering& lowering, Value z, int64_t n, const Value& gamma, const Value& beta, double epsilon) {
  z.shape = {kUnknown, n};
  return lower_affine(lowering, z, lower_moments(lowering, z, {1}), gamma, beta, epsilon);
}

Doubles normalized(Doubles z, const Doubles& gamma, const Doubles& beta, double epsilon) {
  const auto n = static_cast<double>(z.size());
  double mean = 0, squares = 0;
  for (const double x : z) mean += x / n;
  for (const double x : z) squares += (x - mean) * (x - mean);
  for (size_t i = 0; i < z.size(); ++i)
    z[i] = gamma[i] * (z[i] - mean) / std::sqrt(squares / n + epsilon) + (beta.empty() ? 0 : beta[i]);
  return z;
}

// Behind the kernels and the bias, the weights by which the gates see the memory: of the input, forget and output gate.
class PeepholeLstmCell final : public VectorCell {
 public:
  using VectorCell::VectorCell;
  [[nodiscard]] std::string name() const override { return "peephole_lstm_cell"; }
  [[nodiscard]] Shapes states(const Shape&) const override { return {{o_.units}, {o_.units}}; }
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override {
    std::vector<WeightSpec> result = o_.weights(x, 4, {4 * o_.units});
    for (const char* which : {"input", "forget", "output"})
      result.push_back({fmt::format("{}_gate_peephole_weights", which), {o_.units}});
    return result;
  }
  [[nodiscard]] double multiplications(const Shape& x) const override {
    return static_cast<double>(4 * o_.units * (o_.units + x.last()));
  }
  Values prepare(Lowering& lowering, Values w, const Shape& /*x*/) const override {
    lowering.expect_inference(kTrainedByAddons);
    return w;
  }

  Value step(Lowering& lowering, const Values& w, const Values& masks, const Value& projected,
             Values& states) const override {
    const Value z = sum_of(lowering, projected, recurrent_product(lowering, w, masks, states[0]));
    const Values gates = equal_parts(lowering, z, 4, 1, {kUnknown, o_.units});
    const size_t first = o_.use_bias ? 3 : 2;
    const auto opened = [&](const Value& gate, size_t which, const Value& memory) {
      const Value seen = sum_of(lowering, gate, product_of(lowering, w[first + which], memory));
      return activated(lowering, o_.recurrent_activation, seen, o_.units);
    };
    const Value i = opened(gates[0], 0, states[1]);
    const Value f = opened(gates[1], 1, states[1]);
    const Value candidate = activated(lowering, o_.activation, gates[2], o_.units);
    states[1] = sum_of(lowering, product_of(lowering, f, states[1]), product_of(lowering, i, candidate));
    const Value o = opened(gates[3], 2, states[1]);
    return states[0] = product_of(lowering, o, activated(lowering, o_.activation, states[1], o_.units));
  }

  Doubles step(const std::vector<Doubles>& w, const Shape&, const Doubles& x,
               std::vector<Doubles>& states) const override {
    const auto n = static_cast<size_t>(o_.units);
    const size_t first = o_.use_bias ? 3 : 2;
    Doubles z = sum(product(x, w[0], 4 * n), product(states[0], w[1], 4 * n));
    if (o_.use_bias) z = sum(std::move(z), w[2]);
    const auto opened = [&](size_t part, size_t which) {
      Doubles seen = gate(z, part, n);
      for (size_t u = 0; u < n; ++u) seen[u] += w[first + which][u] * states[1][u];
      return apply(o_.recurrent_activation, std::move(seen), {o_.units});
    };
    const Doubles i = opened(0, 0), f = opened(1, 1);
    const Doubles candidate = apply(o_.activation, gate(z, 2, n), {o_.units});
    for (size_t u = 0; u < n; ++u) states[1][u] = f[u] * states[1][u] + i[u] * candidate[u];
    const Doubles o = opened(3, 2);
    states[0] = apply(o_.activation, states[1], {o_.units});
    for (size_t u = 0; u < n; ++u) states[0][u] *= o[u];
    return states[0];
  }
};

// Both products are normalized by themselves, and the memory before it is given out. Prepared weights: the kernels, the
// bias or no tensor, gamma and beta of kernel_norm, recurrent_norm and state_norm.
class LayerNormLstmCell final : public VectorCell {
 public:
  LayerNormLstmCell(VectorCellOptions options, double epsilon) : VectorCell(std::move(options)), epsilon_(epsilon) {}
  [[nodiscard]] std::string name() const override { return "layer_norm_lstm_cell"; }
  [[nodiscard]] Shapes states(const Shape&) const override { return {{o_.units}, {o_.units}}; }
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override {
    std::vector<WeightSpec> result = o_.weights(x, 4, {4 * o_.units});
    for (const char* which : {"kernel_norm", "recurrent_norm", "state_norm"}) {
      const Shape shape{std::string_view(which) == "state_norm" ? o_.units : 4 * o_.units};
      for (const char* weight : {"gamma", "beta"}) result.push_back({fmt::format("{}/{}", which, weight), shape});
    }
    return result;
  }
  [[nodiscard]] double multiplications(const Shape& x) const override {
    return static_cast<double>(4 * o_.units * (o_.units + x.last() + 8));
  }
  [[nodiscard]] Shape projected(const Shape&) const override { return {4 * o_.units}; }
  [[nodiscard]] size_t n_prepared() const override { return 9; }
  Values prepare(Lowering& lowering, Values w, const Shape& /*x*/) const override {
    lowering.expect_inference(kTrainedByAddons);
    if (!o_.use_bias) w.insert(w.begin() + 2, Value{});
    return w;
  }

  Value project(Lowering& lowering, const Values& w, const Values& xs) const override {
    return normalized(lowering, mat_mul(lowering, xs[0], w[0]), 4 * o_.units, w[3], w[4], epsilon_);
  }

  Value step(Lowering& lowering, const Values& w, const Values& /*masks*/, const Value& projected,
             Values& states) const override {
    Value z = sum_of(lowering, projected,
                     normalized(lowering, mat_mul(lowering, states[0], w[1]), 4 * o_.units, w[5], w[6], epsilon_));
    if (o_.use_bias) z = biased(lowering, z, w[2]);
    const Values gates = equal_parts(lowering, z, 4, 1, {kUnknown, o_.units});
    const Value i = activated(lowering, o_.recurrent_activation, gates[0], o_.units);
    const Value f = activated(lowering, o_.recurrent_activation, gates[1], o_.units);
    const Value candidate = activated(lowering, o_.activation, gates[2], o_.units);
    const Value o = activated(lowering, o_.recurrent_activation, gates[3], o_.units);
    const Value c = sum_of(lowering, product_of(lowering, f, states[1]), product_of(lowering, i, candidate));
    states[1] = normalized(lowering, c, o_.units, w[7], w[8], epsilon_);
    return states[0] = product_of(lowering, o, activated(lowering, o_.activation, states[1], o_.units));
  }

  Doubles step(const std::vector<Doubles>& w, const Shape&, const Doubles& x,
               std::vector<Doubles>& states) const override {
    const auto n = static_cast<size_t>(o_.units);
    const size_t norm = o_.use_bias ? 3 : 2;
    Doubles z = sum(normalized(product(x, w[0], 4 * n), w[norm], w[norm + 1], epsilon_),
                    normalized(product(states[0], w[1], 4 * n), w[norm + 2], w[norm + 3], epsilon_));
    if (o_.use_bias) z = sum(std::move(z), w[2]);
    const Doubles i = apply(o_.recurrent_activation, gate(z, 0, n), {o_.units});
    const Doubles f = apply(o_.recurrent_activation, gate(z, 1, n), {o_.units});
    const Doubles candidate = apply(o_.activation, gate(z, 2, n), {o_.units});
    const Doubles o = apply(o_.recurrent_activation, gate(z, 3, n), {o_.units});
    Doubles c(n);
    for (size_t u = 0; u < n; ++u) c[u] = f[u] * states[1][u] + i[u] * candidate[u];
    states[1] = normalized(std::move(c), w[norm + 4], w[norm + 5], epsilon_);
    states[0] = apply(o_.activation, states[1], {o_.units});
    for (size_t u = 0; u < n; ++u) states[0][u] *= o[u];
    return states[0];
  }

 private:
  double epsilon_;
};

// The bias comes behind the normalization.
class LayerNormSimpleRnnCell final : public VectorCell {
 public:
  LayerNormSimpleRnnCell(VectorCellOptions options, double epsilon)
      : VectorCell(std::move(options)), epsilon_(epsilon) {}
  [[nodiscard]] std::string name() const override { return "layer_norm_simple_rnn_cell"; }
  [[nodiscard]] Shapes states(const Shape&) const override { return {{o_.units}}; }
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override {
    std::vector<WeightSpec> result = o_.weights(x, 1, {o_.units});
    result.push_back({"layernorm/gamma", {o_.units}});
    return result;
  }
  [[nodiscard]] double multiplications(const Shape& x) const override {
    return static_cast<double>(o_.units * (o_.units + x.last() + 4));
  }
  Values prepare(Lowering& lowering, Values w, const Shape& /*x*/) const override {
    lowering.expect_inference(kTrainedByAddons);
    return w;
  }

  Value project(Lowering& lowering, const Values& w, const Values& xs) const override {
    return mat_mul(lowering, xs[0], w[0]);
  }

  Value step(Lowering& lowering, const Values& w, const Values& /*masks*/, const Value& projected,
             Values& states) const override {
    Value z = sum_of(lowering, projected, mat_mul(lowering, states[0], w[1]));
    z = normalized(lowering, z, o_.units, w.back(), {}, epsilon_);
    if (o_.use_bias) z = biased(lowering, z, w[2]);
    return states[0] = activated(lowering, o_.activation, z, o_.units);
  }

  Doubles step(const std::vector<Doubles>& w, const Shape&, const Doubles& x,
               std::vector<Doubles>& states) const override {
    const auto n = static_cast<size_t>(o_.units);
    Doubles z = normalized(sum(product(x, w[0], n), product(states[0], w[1], n)), w.back(), {}, epsilon_);
    if (o_.use_bias) z = sum(std::move(z), w[2]);
    return states[0] = apply(o_.activation, std::move(z), {o_.units});
  }

 private:
  double epsilon_;
};

}  // namespace

CellPtr parse_peephole_lstm_cell(const Config& config) {
  return std::make_shared<PeepholeLstmCell>(VectorCellOptions::parse(config, 4));
}
CellPtr parse_layer_norm_lstm_cell(const Config& config) {
  return std::make_shared<LayerNormLstmCell>(VectorCellOptions::parse(config, 4),
                                             config.get_float({"norm_epsilon"}, 1e-3));
}
CellPtr parse_layer_norm_simple_rnn_cell(const Config& config) {
  return std::make_shared<LayerNormSimpleRnnCell>(VectorCellOptions::parse(config, 1),
                                                  config.get_float({"layernorm_epsilon"}, 1e-5));
}

CellPtr parse_addons_cell(const Config& config) {
  const std::string& name = config.class_name();
  if (name == "Addons>PeepholeLSTMCell") return parse_peephole_lstm_cell(config);
  if (name == "Addons>LayerNormLSTMCell") return parse_layer_norm_lstm_cell(config);
  if (name == "Addons>LayerNormSimpleRNNCell") return parse_layer_norm_simple_rnn_cell(config);
  if (name == "Addons>NASCell") return parse_nas_cell(config);
  if (name == "Addons>ESNCell") return parse_esn_cell(config);
  config.unsupported(
      fmt::format("the cell `{}` is not known; of TensorFlow Addons there are PeepholeLSTMCell, LayerNormLSTMCell, "
                  "LayerNormSimpleRNNCell, NASCell and ESNCell",
                  name));
}

}  // namespace hoarfrost::keras
