// QKeras' sigmoids: quantized_tanh, quantized_sigmoid, and the piecewise linear ones. QKeras' hard_sigmoid, clip(0.5 x
// + 0.5, 0, 1), is not Keras'.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "keras/quantizer.h"
#include "keras/quantizer_nodes.h"

namespace hoarfrost::keras {
namespace {

constexpr double kHard = 0.5;
constexpr double kSmooth = 0.1875;

// clip(slope · x + 0.5, 0, 1)
Value lower_sigmoid(const QuantizerNodes& nodes, const Value& x, double slope) {
  return nodes.clip(nodes.op("Add", nodes.times(x, slope), 0.5), 0, 1);
}
double sigmoid_of(double x, double slope) { return std::clamp(slope * x + 0.5, 0.0, 1.0); }

// A sigmoid as it is or rounded to 0 and 1, in [0, 1] or stretched to [-1, 1].
Quantizer linear_sigmoid(const Config& config, double slope, bool is_rounded, bool is_tanh) {
  Quantizer result;
  result.lower = [=, name = config.class_name()](Lowering& l, const Value& x) {
    const QuantizerNodes nodes(l, name);
    Value y = lower_sigmoid(nodes, x, slope);
    if (is_rounded) y = nodes.op("Round", y);
    return is_tanh ? nodes.op("Sub", nodes.times(y, 2), 1) : y;
  };
  result.of = [=](double x) {
    const double y = is_rounded ? std::nearbyint(sigmoid_of(x, slope)) : sigmoid_of(x, slope);
    return is_tanh ? 2 * y - 1 : y;
  };
  return result;
}

// clip(round(f(x) · m) / m, low + symmetric / m, 1 − 1/m), f being the true curve or the piecewise linear one.
Quantizer quantized_curve(const Config& config, bool is_tanh) {
  config.ignore({"use_stochastic_rounding"});
  const int64_t bits = config.get_int({"bits"}, 8);
  if (bits < 1 || bits > 32) config.fail(fmt::format("`bits` must be 1 to 32, found {}", bits));
  const double m = std::exp2(static_cast<double>(is_tanh ? bits - 1 : bits));
  const double low = (is_tanh ? -1.0 : 0.0) + (parse_flag(config, "symmetric", false) ? 1 / m : 0);
  const bool is_real = parse_flag(config, is_tanh ? "use_real_tanh" : "use_real_sigmoid", false);
  Quantizer result;
  result.lower = [=, name = config.class_name()](Lowering& l, const Value& x) {
    const QuantizerNodes nodes(l, name);
    Value p;
    if (is_real)
      p = nodes.op(is_tanh ? "Tanh" : "Sigmoid", x);
    else if (is_tanh)
      p = nodes.op("Sub", nodes.times(lower_sigmoid(nodes, x, kHard), 2), 1);
    else
      p = lower_sigmoid(nodes, x, kHard);
    return nodes.clip(nodes.times(nodes.op("Round", nodes.times(p, m)), 1 / m), low, 1 - 1 / m);
  };
  result.of = [=](double x) {
    double p = sigmoid_of(x, kHard);
    if (is_tanh) p = 2 * p - 1;
    if (is_real) p = is_tanh ? std::tanh(x) : 1 / (1 + std::exp(-x));
    return std::clamp(std::nearbyint(p * m) / m, low, std::max(low, 1 - 1 / m));
  };
  return result;
}

}  // namespace

std::span<const QuantizerSpec> sigmoid_quantizers() {
  static constexpr std::array kSpecs{
      QuantizerSpec{"quantized_tanh", "bits use_stochastic_rounding symmetric use_real_tanh",
                    [](const Config& c, QuantizerUse) { return quantized_curve(c, true); }},
      QuantizerSpec{"quantized_sigmoid", "bits symmetric use_real_sigmoid use_stochastic_rounding",
                    [](const Config& c, QuantizerUse) { return quantized_curve(c, false); }},
      QuantizerSpec{"hard_sigmoid", "",
                    [](const Config& c, QuantizerUse) { return linear_sigmoid(c, kHard, false, false); }},
      QuantizerSpec{"smooth_sigmoid", "",
                    [](const Config& c, QuantizerUse) { return linear_sigmoid(c, kSmooth, false, false); }},
      QuantizerSpec{"binary_sigmoid", "",
                    [](const Config& c, QuantizerUse) { return linear_sigmoid(c, kHard, true, false); }},
      QuantizerSpec{"hard_tanh", "",
                    [](const Config& c, QuantizerUse) { return linear_sigmoid(c, kHard, false, true); }},
      QuantizerSpec{"smooth_tanh", "",
                    [](const Config& c, QuantizerUse) { return linear_sigmoid(c, kSmooth, false, true); }},
      QuantizerSpec{"binary_tanh", "",
                    [](const Config& c, QuantizerUse) { return linear_sigmoid(c, kHard, true, true); }},
  };
  return kSpecs;
}

}  // namespace hoarfrost::keras
