// quantized_po2 and quantized_relu_po2: the power of two next to a number, by the logarithm.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include "keras/quantizer.h"
#include "keras/quantizer_nodes.h"

namespace hoarfrost::keras {
namespace {

// QKeras' _clip_power_of_two: the exponent for a number that is not negative.
struct Exponent {
  double least = 0;
  double most = 0;
  std::optional<double> max_value;
  bool is_quadratic = false;  // even exponents alone
  bool is_floor = false;

  [[nodiscard]] Value lower(const QuantizerNodes& nodes, const Value& x) const {
    Value filtered = nodes.op("Maximum", x, kEpsilon);
    if (max_value) filtered = nodes.op("Minimum", filtered, *max_value);
    if (is_quadratic) filtered = nodes.op("Sqrt", filtered);
    const Value log2 = nodes.op("RealDiv", nodes.op("Log", filtered), std::numbers::ln2);
    const Value exponent =
        nodes.times(nodes.clip(nodes.op(is_floor ? "Floor" : "Round", log2), least, most), is_quadratic ? 2 : 1);
    // Where x is below epsilon `least` itself, which a quadratic exponent would have doubled.
    const Value is_small = nodes.truth("Less", x, nodes.scalar("Less", kEpsilon, x));
    const Value is_large = nodes.op("Sub", is_small, 1);  // -1 where it counts
    return nodes.op("Sub", nodes.times(is_small, least), nodes.op("Mul", exponent, is_large));
  }
  [[nodiscard]] double of(double x) const {
    if (x < kEpsilon) return least;  // what is smaller is 2^least
    if (max_value) x = std::min(x, *max_value);
    const double log2 = std::log2(is_quadratic ? std::sqrt(x) : x);
    return (is_quadratic ? 2 : 1) *
           std::clamp(is_floor ? std::floor(log2) : std::nearbyint(log2), least, std::max(least, most));
  }
};

Exponent parse_exponent(const Config& config, bool has_sign) {
  expect_inference_form(config);
  Exponent result;
  if (config.find({"max_value"}) != nullptr) result.max_value = config.get_float({"max_value"});
  if (result.max_value && *result.max_value < 0) config.fail("`max_value` must not be negative");
  result.is_quadratic = parse_flag(config, "quadratic_approximation", false);
  const std::string rounding = config.get_string({"log2_rounding"}, "rnd");
  if (rounding != "rnd" && rounding != "floor")
    config.fail(fmt::format("`log2_rounding` must be rnd or floor, found `{}`", rounding));
  result.is_floor = rounding == "floor";
  const int64_t bits = config.get_int({"bits"}, 8);
  if (bits < 1 || bits > 16) config.fail(fmt::format("`bits` must be 1 to 16, found {}", bits));
  const bool exponent_has_sign = !result.max_value || *result.max_value > 1;
  const double size = std::exp2(static_cast<double>(bits - (has_sign ? 1 : 0) - (exponent_has_sign ? 1 : 0)));
  result.least = -size;
  result.most = result.is_quadratic ? 2 * std::floor((size - 1) / 2) : size - 1;
  return result;
}

Quantizer make_po2(const Config& config, QuantizerUse /*use*/) {
  const Exponent exponent = parse_exponent(config, true);
  Quantizer result;
  result.lower = [=](Lowering& l, const Value& x) {
    const QuantizerNodes nodes(l, "quantized_po2");
    return nodes.op("Mul", nodes.power(2, exponent.lower(nodes, nodes.op("Abs", x))), nodes.sign(x));
  };
  result.of = [=](double x) { return std::copysign(std::exp2(exponent.of(std::abs(x))), x < 0 ? -1.0 : 1.0); };
  return result;
}

Quantizer make_relu_po2(const Config& config, QuantizerUse /*use*/) {
  const Exponent exponent = parse_exponent(config, false);
  const double slope = config.get_float({"negative_slope"}, 0.0);
  if (slope < 0) config.fail("`negative_slope` must not be negative");
  Quantizer result;
  result.lower = [=](Lowering& l, const Value& x) {
    const QuantizerNodes nodes(l, "quantized_relu_po2");
    const Value above = nodes.power(2, exponent.lower(nodes, nodes.op("Relu", x)));
    if (slope == 0) return above;
    const Value below = nodes.op(
        "Neg", nodes.power(2, exponent.lower(nodes, nodes.times(nodes.op("Relu", nodes.op("Neg", x)), slope))));
    const Value is_above = nodes.truth("GreaterEqual", x, nodes.scalar("GreaterEqual", 0, x));
    return nodes.op("Sub", nodes.op("Mul", above, is_above), nodes.op("Mul", below, nodes.op("Sub", is_above, 1)));
  };
  result.of = [=](double x) {
    return x >= 0 || slope == 0 ? std::exp2(exponent.of(std::max(x, 0.0))) : -std::exp2(exponent.of(-x * slope));
  };
  return result;
}

}  // namespace

std::span<const QuantizerSpec> power_quantizers() {
  static constexpr std::array kSpecs{
      QuantizerSpec{
          "quantized_po2",
          "bits max_value use_stochastic_rounding quadratic_approximation log2_rounding qnoise_factor var_name "
          "use_ste use_variables",
          make_po2},
      QuantizerSpec{"quantized_relu_po2",
                    "bits max_value negative_slope use_stochastic_rounding quadratic_approximation log2_rounding "
                    "qnoise_factor var_name use_ste use_variables",
                    make_relu_po2},
  };
  return kSpecs;
}

}  // namespace hoarfrost::keras
