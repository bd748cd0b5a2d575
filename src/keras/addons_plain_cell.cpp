// TensorFlow Addons' cells whose state is met before its input: NASCell and ESNCell, which keep their recurrent kernel
// first.

#include <algorithm>
#include <cmath>
#include <functional>

#include "keras/addons_cell.h"
#include "keras/lowering.h"
#include "keras/recurrent_vector_cell.h"

namespace hoarfrost::keras {
namespace {

Value function(Lowering& lowering, const char* op, const Value& x) { return lowering.op(op, {x}); }
Value both(Lowering& lowering, const char* op, const Value& a, const Value& b) { return lowering.op(op, {a, b}); }

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// A tree of functions over eight sums (or products) of the input's and the state's part. States: the memory, then the
// output.
class NasCell final : public Cell {
 public:
  NasCell(int64_t units, int64_t projection, bool use_bias)
      : units_(units), projection_(projection), use_bias_(use_bias) {}
  [[nodiscard]] std::string name() const override { return "nas_cell"; }
  [[nodiscard]] Shapes states(const Shape&) const override { return {{units_}, {n_outputs()}}; }
  [[nodiscard]] Shape output(const Shape&) const override { return {n_outputs()}; }
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override {
    std::vector<WeightSpec> result{{"recurrent_kernel", {n_outputs(), 8 * units_}}, {"kernel", {x.last(), 8 * units_}}};
    if (use_bias_) result.push_back({"bias", {8 * units_}});
    if (projection_ > 0) result.push_back({"projection_weights", {units_, projection_}});
    return result;
  }
  [[nodiscard]] double multiplications(const Shape& x) const override {
    return static_cast<double>(8 * units_ * (n_outputs() + x.last()));
  }
  [[nodiscard]] Shape projected(const Shape&) const override { return {8 * units_}; }
  Values prepare(Lowering& lowering, Values w, const Shape& /*x*/) const override {
    lowering.expect_inference(kTrainedByAddons);
    return w;
  }
  Value project(Lowering& lowering, const Values& w, const Values& xs) const override {
    return mat_mul(lowering, xs[0], w[1]);
  }

  Value step(Lowering& lowering, const Values& w, const Values& /*masks*/, const Value& projected,
             Values& states) const override {
    const Shape part{kUnknown, units_};
    Value of_state = mat_mul(lowering, states[1], w[0]);
    if (use_bias_) of_state = biased(lowering, of_state, w[2]);
    const Values m = equal_parts(lowering, of_state, 8, 1, part);
    const Values x = equal_parts(lowering, projected, 8, 1, part);
    const auto tanh = [&](const Value& v) { return function(lowering, "Tanh", v); };
    const auto add = [&](const Value& a, const Value& b) { return both(lowering, "Add", a, b); };
    const auto mul = [&](const Value& a, const Value& b) { return both(lowering, "Mul", a, b); };
    constexpr const char* kFirst[] = {"Sigmoid", "Relu", "Sigmoid", "Relu", "Tanh", "Sigmoid", "Tanh", "Sigmoid"};
    Values first;
    for (size_t i = 0; i < 8; ++i)
      first.push_back(function(lowering, kFirst[i], i == 3 ? mul(x[i], m[i]) : add(x[i], m[i])));
    const Value memory = tanh(add(tanh(mul(first[0], first[1])), states[0]));
    const Value second = tanh(add(first[2], first[3]));
    const Value third = tanh(mul(first[4], first[5]));
    const Value fourth = function(lowering, "Sigmoid", add(first[6], first[7]));
    states[0] = mul(memory, second);
    Value result = tanh(mul(states[0], tanh(add(third, fourth))));
    if (projection_ > 0) result = mat_mul(lowering, result, w.back());
    return states[1] = result;
  }

  Doubles step(const std::vector<Doubles>& w, const Shape&, const Doubles& x,
               std::vector<Doubles>& states) const override {
    const auto n = static_cast<size_t>(units_);
    const Doubles in = product(x, w[1], 8 * n);
    Doubles of_state = product(states[1], w[0], 8 * n);
    if (use_bias_) of_state = sum(std::move(of_state), w[2]);
    Doubles result(n);
    for (size_t u = 0; u < n; ++u) {
      const auto at = [&](size_t i) { return in[i * n + u] + of_state[i * n + u]; };
      const double memory = std::tanh(std::tanh(logistic(at(0)) * std::max(at(1), 0.0)) + states[0][u]);
      const double third = in[3 * n + u] * of_state[3 * n + u];
      states[0][u] = memory * std::tanh(logistic(at(2)) + std::max(third, 0.0));
      const double rest = std::tanh(std::tanh(at(4)) * logistic(at(5))) + logistic(std::tanh(at(6)) + logistic(at(7)));
      result[u] = std::tanh(states[0][u] * std::tanh(rest));
    }
    if (projection_ > 0) result = product(result, w.back(), static_cast<size_t>(projection_));
    return states[1] = result;
  }

 private:
  [[nodiscard]] int64_t n_outputs() const { return projection_ > 0 ? projection_ : units_; }
  int64_t units_;
  int64_t projection_;  // 0: none
  bool use_bias_;
};

// A SimpleRNN's step of which a part alone comes into the state: (1 − leaky) · h + leaky · f(x · kernel + h · recurrent
// kernel + bias). Its weights were never trained.
class EsnCell final : public Cell {
 public:
  EsnCell(int64_t units, double leaky, bool use_bias, Activation activation)
      : units_(units), leaky_(leaky), use_bias_(use_bias), activation_(std::move(activation)) {}
  [[nodiscard]] std::string name() const override { return "esn_cell"; }
  [[nodiscard]] Shapes states(const Shape&) const override { return {{units_}}; }
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override {
    std::vector<WeightSpec> result{{"recurrent_kernel", {units_, units_}, false},
                                   {"kernel", {x.last(), units_}, false}};
    if (use_bias_) result.push_back({"bias", {units_}, false});
    return result;
  }
  [[nodiscard]] double multiplications(const Shape& x) const override {
    return static_cast<double>(units_ * (units_ + x.last()));
  }
  [[nodiscard]] Shape projected(const Shape&) const override { return {units_}; }
  Values prepare(Lowering& lowering, Values w, const Shape& /*x*/) const override {
    lowering.expect_inference(kTrainedByAddons);
    return w;
  }
  Value project(Lowering& lowering, const Values& w, const Values& xs) const override {
    const Value y = mat_mul(lowering, xs[0], w[1]);
    return use_bias_ ? biased(lowering, y, w[2]) : y;
  }

  Value step(Lowering& lowering, const Values& w, const Values& /*masks*/, const Value& projected,
             Values& states) const override {
    Value z = both(lowering, "Add", projected, mat_mul(lowering, states[0], w[0]));
    z = activated(lowering, activation_, z, units_);
    if (leaky_ == 1) return states[0] = z;
    const Value kept = both(lowering, "Mul", lowering.scalar("Mul/x", 1 - leaky_, z), states[0]);
    return states[0] = both(lowering, "Add", kept, both(lowering, "Mul", lowering.scalar("Mul/x", leaky_, z), z));
  }

  Doubles step(const std::vector<Doubles>& w, const Shape&, const Doubles& x,
               std::vector<Doubles>& states) const override {
    const auto n = static_cast<size_t>(units_);
    Doubles z = sum(product(x, w[1], n), product(states[0], w[0], n));
    if (use_bias_) z = sum(std::move(z), w[2]);
    z = apply(activation_, std::move(z), {units_});
    for (size_t u = 0; u < n; ++u) z[u] = (1 - leaky_) * states[0][u] + leaky_ * z[u];
    return states[0] = z;
  }

 private:
  int64_t units_;
  double leaky_;
  bool use_bias_;
  Activation activation_;
};

int64_t units_of(const Config& config) {
  const int64_t units = config.get_int({"units"});
  if (units < 1) config.fail("`units` must be positive");
  return units;
}

}  // namespace

CellPtr parse_nas_cell(const Config& config) {
  return std::make_shared<NasCell>(units_of(config), config.get_int({"projection"}, 0),
                                   config.get_bool({"use_bias"}, false));
}

CellPtr parse_esn_cell(const Config& config) {
  config.ignore({"connectivity", "spectral_radius", "use_norm2"});  // of its initialization
  return std::make_shared<EsnCell>(units_of(config), config.get_float({"leaky"}, 1.0),
                                   config.get_bool({"use_bias"}, true),
                                   Activation::parse(config, "activation", "tanh"));
}

}  // namespace hoarfrost::keras
