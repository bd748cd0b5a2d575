// The cells of vectors: SimpleRNN (Elman 1990), LSTM (Hochreiter and Schmidhuber 1997, with forget gate, gates in
// Keras' order i, f, c, o) and GRU (Cho et al. 2014, gates z, r, h; reset_after is cuDNN's variant), as Keras 2.15's
// rnn/*.py computes them.
#include <fmt/format.h>

#include "keras/lowering.h"
#include "keras/recurrent_vector_cell.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

using Options = VectorCellOptions;

class SimpleRnnCell final : public VectorCell {
 public:
  using VectorCell::VectorCell;
  [[nodiscard]] std::string name() const override { return "simple_rnn_cell"; }
  [[nodiscard]] Shapes states(const Shape&) const override { return {{o_.units}}; }
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override { return o_.weights(x, 1, {o_.units}); }
  [[nodiscard]] double multiplications(const Shape& x) const override {
    return static_cast<double>(o_.units * (o_.units + x.last()));
  }

  Value step(Lowering& lowering, const Values& w, const Values& masks, const Value& projected,
             Values& states) const override {
    const Value z = lowering.named_op("add", "Add", {projected, recurrent_product(lowering, w, masks, states[0])});
    return states[0] = activated(lowering, o_.activation, z, o_.units);
  }

  Doubles step(const std::vector<Doubles>& w, const Shape&, const Doubles& x,
               std::vector<Doubles>& states) const override {
    const auto n = static_cast<size_t>(o_.units);
    Doubles z = sum(product(x, w[0], n), product(states[0], w[1], n));
    if (o_.use_bias) z = sum(std::move(z), w[2]);
    return states[0] = apply(o_.activation, std::move(z), {o_.units});
  }
};

class LstmCell : public VectorCell {
 public:
  using VectorCell::VectorCell;
  [[nodiscard]] std::string name() const override { return "lstm_cell"; }
  [[nodiscard]] Shapes states(const Shape&) const override { return {{o_.units}, {o_.units}}; }
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override {
    return o_.weights(x, 4, {4 * o_.units});
  }
  [[nodiscard]] double multiplications(const Shape& x) const override {
    return static_cast<double>(4 * o_.units * (o_.units + x.last()));
  }

  Value step(Lowering& lowering, const Values& w, const Values& masks, const Value& projected,
             Values& states) const override {
    const Value z = lowering.named_op("add", "Add", {projected, recurrent_product(lowering, w, masks, states[0])});
    const Values gates = equal_parts(lowering, z, 4, 1, {kUnknown, o_.units});
    const Value i = activated(lowering, o_.recurrent_activation, gates[0], o_.units);
    const Value f = activated(lowering, o_.recurrent_activation, gates[1], o_.units);
    const Value candidate = activated(lowering, o_.activation, gates[2], o_.units);
    const Value kept = lowering.named_op("mul", "Mul", {f, states[1]});
    const Value added = lowering.named_op("mul", "Mul", {i, candidate});
    states[1] = lowering.named_op("add", "Add", {kept, added});
    const Value o = activated(lowering, o_.recurrent_activation, gates[3], o_.units);
    return states[0] = lowering.named_op("mul", "Mul", {o, activated(lowering, o_.activation, states[1], o_.units)});
  }

  Doubles step(const std::vector<Doubles>& w, const Shape&, const Doubles& x,
               std::vector<Doubles>& states) const override {
    const auto n = static_cast<size_t>(o_.units);
    Doubles z = sum(product(x, w[0], 4 * n), product(states[0], w[1], 4 * n));
    if (o_.use_bias) z = sum(std::move(z), w[2]);
    const Doubles i = apply(o_.recurrent_activation, gate(z, 0, n), {o_.units});
    const Doubles f = apply(o_.recurrent_activation, gate(z, 1, n), {o_.units});
    const Doubles candidate = apply(o_.activation, gate(z, 2, n), {o_.units});
    const Doubles o = apply(o_.recurrent_activation, gate(z, 3, n), {o_.units});
    for (size_t u = 0; u < n; ++u) states[1][u] = f[u] * states[1][u] + i[u] * candidate[u];
    states[0] = apply(o_.activation, states[1], {o_.units});
    for (size_t u = 0; u < n; ++u) states[0][u] *= o[u];
    return states[0];
  }
};

class GruCell : public VectorCell {
 public:
  GruCell(Options options, bool reset_after) : VectorCell(std::move(options)), reset_after_(reset_after) {}
  [[nodiscard]] std::string name() const override { return "gru_cell"; }
  [[nodiscard]] Shapes states(const Shape&) const override { return {{o_.units}}; }
  [[nodiscard]] double multiplications(const Shape& x) const override {
    return static_cast<double>(3 * o_.units * (o_.units + x.last()));
  }
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override {
    return o_.weights(x, 3, reset_after_ ? Shape{2, 3 * o_.units} : Shape{3 * o_.units});
  }

  // Adds to the weights the input's and the recurrent bias, or the recurrent kernel's parts, so that no step makes them
  // anew.
  Values prepare(Lowering& lowering, Values w, const Shape& /*x*/) const override {
    if (reset_after_) {
      if (!o_.use_bias) return w;
      const Value both = w[2];
      for (int64_t i = 0; i < 2; ++i) {
        const Value bias = strided_slice(lowering, both, {{i, 0}, {i + 1, 0}, 2, 2, 1}, "bias");
        if (i == 0)
          w[2] = bias;
        else
          w.push_back(bias);
      }
      return w;
    }
    if (!o_.use_bias) w.push_back({});
    const Value kernel = w[1];
    w.push_back(strided_slice(lowering, kernel, {{0, 0}, {0, 2 * o_.units}, 3, 1, 0}, "gates"));
    w.push_back(strided_slice(lowering, kernel, {{0, 2 * o_.units}, {0, 0}, 1, 3, 0}, "candidate"));
    return w;
  }

  [[nodiscard]] size_t n_prepared() const override { return reset_after_ ? (o_.use_bias ? 4 : 2) : 5; }

  Value step(Lowering& lowering, const Values& w, const Values& masks, const Value& projected,
             Values& states) const override {
    const Shape part{kUnknown, o_.units};
    const Value h = states[0];
    const Values x = equal_parts(lowering, projected, 3, 1, part);
    Value z, r, candidate;
    if (reset_after_) {
      Value product = recurrent_product(lowering, w, masks, h);
      if (o_.use_bias) product = biased(lowering, product, w[3]);
      const Values inner = equal_parts(lowering, product, 3, 1, part);
      z = activated(lowering, o_.recurrent_activation, lowering.named_op("add", "Add", {x[0], inner[0]}), o_.units);
      r = activated(lowering, o_.recurrent_activation, lowering.named_op("add", "Add", {x[1], inner[1]}), o_.units);
      candidate = lowering.named_op("mul", "Mul", {r, inner[2]});
    } else {
      const auto [hs, kernels] = recurrent(lowering, h, w[3], masks);
      const auto product = [&](const Value& state, const Value& kernel) { return mat_mul(lowering, state, kernel); };
      const Values gated = hs.size() == 1 ? hs : Values(hs.begin(), hs.end() - 1);
      const Values inner = equal_parts(lowering, products(lowering, gated, kernels, product), 2, 1, part);
      z = activated(lowering, o_.recurrent_activation, lowering.named_op("add", "Add", {x[0], inner[0]}), o_.units);
      r = activated(lowering, o_.recurrent_activation, lowering.named_op("add", "Add", {x[1], inner[1]}), o_.units);
      candidate =
          mat_mul(lowering, lowering.named_op("mul", "Mul", {r, hs.back()}), hs.size() == 1 ? w[4] : kernels.back());
    }
    candidate = activated(lowering, o_.activation, lowering.named_op("add", "Add", {x[2], candidate}), o_.units);
    const Value kept = lowering.named_op("mul", "Mul", {z, h});
    const Value rest = lowering.named_op("sub", "Sub", {lowering.scalar("sub/x", 1, z), z});
    const Value added = lowering.named_op("mul", "Mul", {rest, candidate});
    return states[0] = lowering.named_op("add", "Add", {kept, added});
  }

  Doubles step(const std::vector<Doubles>& w, const Shape&, const Doubles& x,
               std::vector<Doubles>& states) const override {
    const auto n = static_cast<size_t>(o_.units);
    const Doubles& h = states[0];
    Doubles in = product(x, w[0], 3 * n);
    Doubles inner = product(h, w[1], 3 * n);
    for (size_t i = 0; o_.use_bias && i < 3 * n; ++i) {
      in[i] += w[2][i];
      if (reset_after_) inner[i] += w[2][3 * n + i];
    }
    const Doubles z = apply(o_.recurrent_activation, sum(gate(in, 0, n), gate(inner, 0, n)), {o_.units});
    const Doubles r = apply(o_.recurrent_activation, sum(gate(in, 1, n), gate(inner, 1, n)), {o_.units});
    Doubles candidate = gate(inner, 2, n);
    if (reset_after_) {
      for (size_t u = 0; u < n; ++u) candidate[u] *= r[u];
    } else {
      Doubles reset = h;
      for (size_t u = 0; u < n; ++u) reset[u] *= r[u];
      candidate = gate(product(reset, w[1], 3 * n), 2, n);
    }
    candidate = apply(o_.activation, sum(std::move(candidate), gate(in, 2, n)), {o_.units});
    Doubles next(n);
    for (size_t u = 0; u < n; ++u) next[u] = z[u] * h[u] + (1 - z[u]) * candidate[u];
    return states[0] = next;
  }

 protected:
  bool reset_after_;
};

// A kernel as cuDNN reads it: gate by gate a row-major [units, n] matrix, which Keras holds in [n, units] memory.
// Keras 2.15's saving/legacy/hdf5_format.py (_convert_rnn_weights) does the same.
Value from_cudnn(Lowering& lowering, const Value& kernel, int64_t n, int64_t units, int64_t n_gates) {
  std::vector<Value> gates = equal_parts(lowering, kernel, n_gates, 1, {n, units});
  for (Value& gate : gates) {
    const Value rows = lowering.reshape(gate, {units, n});
    gate = lowering.named_op("transpose", "Transpose", {rows, lowering.ints("transpose/perm", {1, 0})},
                             {{"Tperm", DType::kInt32}});
  }
  gates.push_back(lowering.int_scalar("concat/axis", 1));
  return lowering.named_op("concat", "ConcatV2", gates, {{"N", n_gates}, {"Tidx", DType::kInt32}});
}

Doubles from_cudnn(const Doubles& kernel, int64_t n, int64_t units, int64_t n_gates) {
  Doubles result(kernel.size());
  for (int64_t g = 0; g < n_gates; ++g) {
    for (int64_t i = 0; i < n * units; ++i) {  // i: the place in the gate's memory
      const int64_t from = (i / units) * n_gates * units + g * units + i % units;
      const int64_t to = (i % n) * n_gates * units + g * units + i / n;
      result[static_cast<size_t>(to)] = kernel[static_cast<size_t>(from)];
    }
  }
  return result;
}

class CudnnLstmCell final : public LstmCell {
 public:
  using LstmCell::LstmCell;
  using LstmCell::step;
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override {
    return o_.weights(x, 4, {8 * o_.units});
  }
  Values prepare(Lowering& lowering, Values w, const Shape& x) const override {
    w[0] = from_cudnn(lowering, w[0], x.last(), o_.units, 4);
    w[1] = from_cudnn(lowering, w[1], o_.units, o_.units, 4);
    const Values biases = equal_parts(lowering, w[2], 2, 0, {4 * o_.units});
    w[2] = lowering.named_op("bias", "Add", {biases[0], biases[1]});
    return w;
  }
  std::vector<Doubles> prepare(std::vector<Doubles> w, const Shape& x) const override {
    w[0] = from_cudnn(w[0], x.last(), o_.units, 4);
    w[1] = from_cudnn(w[1], o_.units, o_.units, 4);
    const auto n = static_cast<size_t>(4 * o_.units);
    w[2] = sum(gate(w[2], 0, n), gate(w[2], 1, n));
    return w;
  }
};

class CudnnGruCell final : public GruCell {
 public:
  using GruCell::GruCell;
  using GruCell::step;
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override {
    return o_.weights(x, 3, {6 * o_.units});
  }
  Values prepare(Lowering& lowering, Values w, const Shape& x) const override {
    w[0] = from_cudnn(lowering, w[0], x.last(), o_.units, 3);
    w[1] = from_cudnn(lowering, w[1], o_.units, o_.units, 3);
    const Values biases = equal_parts(lowering, w[2], 2, 0, {3 * o_.units});
    w[2] = biases[0];
    w.push_back(biases[1]);
    return w;
  }
  std::vector<Doubles> prepare(std::vector<Doubles> w, const Shape& x) const override {
    w[0] = from_cudnn(w[0], x.last(), o_.units, 3);
    w[1] = from_cudnn(w[1], o_.units, o_.units, 3);
    return w;
  }
};

// cuDNN knows one function each: tanh, and sigmoid at the gates.
Options parse_cudnn(const Config& config) {
  Options result;
  config.ignore({"unit_forget_bias", "input_dim", "input_length"});
  result.units = config.get_int({"units"});
  if (result.units < 1) config.fail(fmt::format("`units` must be positive, found {}", result.units));
  result.activation = Activation::named("tanh", config.version(), config);
  result.recurrent_activation = Activation::named("sigmoid", config.version(), config);
  return result;
}

}  // namespace

CellPtr parse_simple_rnn_cell(const Config& config) {
  return std::make_shared<SimpleRnnCell>(Options::parse(config, 1));
}
CellPtr parse_lstm_cell(const Config& config) { return std::make_shared<LstmCell>(Options::parse(config, 4)); }
// Keras 2.3 and before wrote no reset_after unless it was asked for; later ones reset after.
CellPtr parse_gru_cell(const Config& config) {
  const bool reset_after = config.get_bool({"reset_after"}, false);
  return std::make_shared<GruCell>(Options::parse(config, 3, reset_after), reset_after);
}
CellPtr parse_cudnn_lstm_cell(const Config& config) { return std::make_shared<CudnnLstmCell>(parse_cudnn(config)); }
CellPtr parse_cudnn_gru_cell(const Config& config) { return std::make_shared<CudnnGruCell>(parse_cudnn(config), true); }

}  // namespace hoarfrost::keras
