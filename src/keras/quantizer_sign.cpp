// binary and ternary: the sign alone, times a scale. Their stochastic kin are the same at inference.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "keras/quantizer_scale.h"

namespace hoarfrost::keras {
namespace {

Tensor scaled(const Channels& w, const std::vector<double>& q, const std::vector<double>& scale) {
  Tensor result(DType::kFloat64, w.shape);
  const auto values = result.mutable_values<double>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = scale[i % w.n] * q[i];
  return result;
}

// -1 or 1, the sign of zero being 1; with use_01 0 or 1.
Quantizer make_binary(const Config& config, QuantizerUse use) {
  config.ignore({"use_stochastic_rounding", "temperature", "use_real_sigmoid"});
  const bool is_01 = parse_flag(config, "use_01", false);
  const Alpha alpha = parse_alpha(config, use);
  const auto sign = [is_01](double x) { return x >= 0 ? 1.0 : is_01 ? 0.0 : -1.0; };
  Quantizer result;
  result.lower = [=](Lowering& l, const Value& x) {
    const QuantizerNodes nodes(l, "binary");
    Value q = nodes.sign(x);
    if (is_01) q = nodes.times(nodes.op("Add", q, 1), 0.5);
    return alpha.is_auto() ? nodes.op("Mul", q, lower_least_squares(nodes, alpha, x, q)) : nodes.times(q, alpha.number);
  };
  if (!alpha.is_auto()) {
    result.of = [=](double x) { return alpha.number * sign(x); };
    return result;
  }
  result.of_weight = [=](const Array& weight) {
    const Channels w(weight);
    std::vector<double> q(w.x.size());
    for (size_t i = 0; i < q.size(); ++i) q[i] = sign(w.x[i]);
    return scaled(w, q, w.least_squares(alpha, q));
  };
  return result;
}

// -1, 0 or 1: 0 below the threshold.
struct Ternary {
  static constexpr double kThreshold = 0.33;
  Alpha alpha;
  double threshold = kThreshold;
  int64_t n_rounds = 5;  // between the scale and its threshold, which is half of it

  static Value lower_steps(const QuantizerNodes& nodes, const Value& x, const Value& threshold) {
    return nodes.op("Mul", nodes.truth("GreaterEqual", nodes.op("Abs", x), threshold), nodes.op("Sign", x));
  }
  static double step(double x, double threshold) { return std::abs(x) < threshold ? 0 : x > 0 ? 1 : x < 0 ? -1 : 0; }

  [[nodiscard]] Value lower(Lowering& l, const Value& x) const {
    const QuantizerNodes nodes(l, "ternary");
    if (!alpha.is_auto())
      return nodes.times(lower_steps(nodes, x, nodes.scalar("GreaterEqual", threshold, x)), alpha.number);
    Value scale = nodes.op("RealDiv", nodes.times(lower_largest(nodes, x), 2), 3);
    if (alpha.kind == Alpha::Kind::kPowerOfTwo) scale = lower_power_of_two(nodes, scale);
    Value q;
    for (int64_t i = 0; i < n_rounds; ++i) {
      q = lower_steps(nodes, x, nodes.times(scale, 0.5));
      scale = lower_least_squares(nodes, alpha, x, q);
    }
    return nodes.op("Mul", q, scale);
  }
  [[nodiscard]] Tensor of(const Array& weight) const {
    const Channels w(weight);
    std::vector<double> scale = w.largest();
    for (double& s : scale) s = alpha.kind == Alpha::Kind::kPowerOfTwo ? next_power_of_two(2 * s / 3) : 2 * s / 3;
    std::vector<double> q(w.x.size());
    for (int64_t round = 0; round < n_rounds; ++round) {
      for (size_t i = 0; i < q.size(); ++i) q[i] = step(w.x[i], scale[i % w.n] / 2);
      scale = w.least_squares(alpha, q);
    }
    return scaled(w, q, scale);
  }
};

Quantizer make_ternary(const Config& config, QuantizerUse use) {
  config.ignore({"use_stochastic_rounding", "temperature", "use_real_sigmoid"});
  Ternary ternary{parse_alpha(config, use), config.get_float({"threshold"}, Ternary::kThreshold),
                  config.get_int({"number_of_unrolls"}, 5)};
  Quantizer result;
  result.lower = [ternary](Lowering& l, const Value& x) { return ternary.lower(l, x); };
  if (!ternary.alpha.is_auto()) {
    result.of = [ternary](double x) { return ternary.alpha.number * Ternary::step(x, ternary.threshold); };
    return result;
  }
  if (config.has("threshold")) config.fail("`threshold` and an alpha of \"auto\" exclude each other");
  if (ternary.n_rounds < 1 || ternary.n_rounds > 100)
    config.fail(fmt::format("`number_of_unrolls` must be 1 to 100, found {}", ternary.n_rounds));
  result.of_weight = [ternary](const Array& w) { return ternary.of(w); };
  return result;
}

}  // namespace

std::span<const QuantizerSpec> sign_quantizers() {
  static constexpr std::array kSpecs{
      QuantizerSpec{"binary", "use_01 alpha use_stochastic_rounding", make_binary},
      QuantizerSpec{"stochastic_binary", "alpha temperature use_real_sigmoid", make_binary},
      QuantizerSpec{"ternary", "alpha threshold use_stochastic_rounding number_of_unrolls", make_ternary},
      QuantizerSpec{"stochastic_ternary", "alpha threshold temperature use_real_sigmoid number_of_unrolls",
                    make_ternary},
  };
  return kSpecs;
}

}  // namespace hoarfrost::keras
