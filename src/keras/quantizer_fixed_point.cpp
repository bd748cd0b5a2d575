// quantized_bits and quantized_relu: fixed-point numbers.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "keras/quantizer_scale.h"

namespace hoarfrost::keras {
namespace {

constexpr int64_t kMostBits = 32;

int64_t parse_bits(const Config& config, std::string_view key, int64_t fallback, int64_t least) {
  const int64_t bits = config.get_int({key}, fallback);
  if (bits < least || bits > kMostBits)
    config.fail(fmt::format("`{}` must be {} to {}, found {}", key, least, kMostBits, bits));
  return bits;
}

// clip(round(x · factor), low, high) · scale / factor. Factors are powers of two, so that this is exact but for
// `scale`.
struct Grid {
  double factor = 1;
  double low = 0;
  double high = 0;
  double scale = 1;

  [[nodiscard]] Value lower(const QuantizerNodes& nodes, const Value& x) const {
    return nodes.times(nodes.times(nodes.clip(nodes.op("Round", nodes.times(x, factor)), low, high), 1 / factor),
                       scale);
  }
  [[nodiscard]] double of(double x) const { return scale * std::clamp(std::nearbyint(x * factor), low, high) / factor; }
};

// One bit: the sign of x, in {-1, 1} or {0, 1}, times alpha.
Quantizer one_bit(bool keeps_negative, double alpha) {
  Quantizer result;
  result.lower = [=](Lowering& l, const Value& x) {
    const QuantizerNodes nodes(l, "quantized_bits");
    Value sign = nodes.sign(x);
    if (!keeps_negative) sign = nodes.times(nodes.op("Add", sign, 1), 0.5);
    return nodes.times(sign, alpha);
  };
  result.of = [=](double x) { return alpha * (x >= 0 ? 1 : keeps_negative ? -1 : 0); };
  return result;
}

// The levels are symmetric, ±levels/2 steps of a scale that is each channel's.
struct ScaledBits {
  Alpha alpha;
  double range = 1;    // 2^integer
  double largest = 1;  // levels / 2

  [[nodiscard]] Value steps(const QuantizerNodes& nodes, const Value& x, const Value& scale) const {
    const Value step = nodes.op("Floor", nodes.op("Add", nodes.op("RealDiv", nodes.op("Abs", x), scale), 0.5));
    return nodes.op("Mul", nodes.op("Minimum", step, largest), nodes.op("Sign", x));
  }
  [[nodiscard]] Value lower(Lowering& l, const Value& weight) const {
    const QuantizerNodes nodes(l, "quantized_bits");
    const Value x = nodes.times(weight, 1 / range);
    Value scale = nodes.op("RealDiv", nodes.times(lower_largest(nodes, x), 2), 2 * largest);
    Value q;
    if (alpha.kind == Alpha::Kind::kPowerOfTwo) {
      scale = lower_power_of_two(nodes, scale);
      for (int i = 0; i < kRounds; ++i) {
        q = steps(nodes, x, scale);
        scale = lower_least_squares(nodes, alpha, x, q);
      }
    } else {
      q = steps(nodes, x, scale);
    }
    return nodes.times(nodes.op("Mul", q, scale), range);
  }

  [[nodiscard]] std::vector<double> steps(const Channels& w, const std::vector<double>& scale) const {
    std::vector<double> q(w.x.size());
    for (size_t i = 0; i < q.size(); ++i) {
      const double step = std::min(std::floor(std::abs(w.x[i]) / scale[i % w.n] + 0.5), largest);
      q[i] = w.x[i] > 0 ? step : w.x[i] < 0 ? -step : 0;
    }
    return q;
  }
  [[nodiscard]] Tensor of(const Array& weight) const {
    const Channels w(weight, 1 / range);
    std::vector<double> scale = w.largest();
    for (double& s : scale) s = alpha.kind == Alpha::Kind::kPowerOfTwo ? next_power_of_two(s / largest) : s / largest;
    std::vector<double> q = steps(w, scale);
    for (int i = 0; alpha.kind == Alpha::Kind::kPowerOfTwo && i < kRounds; ++i) {
      q = steps(w, scale);
      scale = w.least_squares(alpha, q);
    }
    Tensor result(DType::kFloat64, w.shape);
    const auto values = result.mutable_values<double>();
    for (size_t i = 0; i < values.size(); ++i) values[i] = scale[i % w.n] * q[i] * range;
    return result;
  }

  static constexpr int kRounds = 5;
};

Quantizer make_bits(const Config& config, QuantizerUse use) {
  expect_inference_form(config);
  if (config.find({"scale_axis"}) != nullptr) config.unsupported("scale_axis is not converted");
  const int64_t bits = parse_bits(config, "bits", 8, 1);
  const double range = std::exp2(static_cast<double>(config.get_int({"integer"}, 0)));
  const bool keeps_negative = parse_flag(config, "keep_negative", true);
  const bool is_symmetric = parse_flag(config, "symmetric", false);
  const Alpha alpha = parse_alpha(config, use);
  if (alpha.is_auto()) {
    if (bits < 2) config.unsupported("one bit has no scale of its own in QKeras; use `binary`");
    const ScaledBits scaled{alpha, range, std::exp2(static_cast<double>(bits - 1)) - 1};
    Quantizer result;
    result.lower = [scaled](Lowering& l, const Value& x) { return scaled.lower(l, x); };
    result.of_weight = [scaled](const Array& w) { return scaled.of(w); };
    return result;
  }
  const int64_t unsigned_bits = bits - (keeps_negative ? 1 : 0);
  if (unsigned_bits == 0) return one_bit(keeps_negative, alpha.number);
  const double m = std::exp2(static_cast<double>(unsigned_bits));
  const Grid grid{m / range, keeps_negative ? -m + (is_symmetric ? 1 : 0) : 0, m - 1, alpha.number};
  Quantizer result;
  result.lower = [grid](Lowering& l, const Value& x) { return grid.lower(QuantizerNodes(l, "quantized_bits"), x); };
  result.of = [grid](double x) { return grid.of(x); };
  return result;
}

// With use_sigmoid the numbers are those of 2·hard_sigmoid(x / range) − 1, QKeras' hard_sigmoid being clip(0.5 x + 0.5,
// 0, 1).
struct SigmoidRelu {
  double range = 1;
  double m = 1;
  double slope = 0;

  [[nodiscard]] Value lower(Lowering& l, const Value& x) const {
    const QuantizerNodes nodes(l, "quantized_relu");
    const Value p = nodes.times(nodes.clip(nodes.op("Add", nodes.times(nodes.times(x, 1 / range), 0.5), 0.5), 0, 1), m);
    const Value above =
        nodes.times(nodes.clip(nodes.op("Sub", nodes.times(nodes.op("Round", p), 2 / m), 1), 0, 1 - 1 / m), range);
    if (slope == 0) return above;
    const Value below = nodes.op("Sub", nodes.times(nodes.op("Round", nodes.times(p, slope)), 2 / (slope * m)), 1);
    return nodes.op("Add", above, nodes.times(nodes.clip(below, -1, 0), range * slope));
  }
  [[nodiscard]] double of(double x) const {
    const double p = std::clamp(0.5 * x / range + 0.5, 0.0, 1.0) * m;
    const double above = range * std::clamp(2 * std::nearbyint(p) / m - 1, 0.0, 1 - 1 / m);
    return slope == 0 ? above
                      : above + range * slope * std::clamp(2 * std::nearbyint(p * slope) / (slope * m) - 1, -1.0, 0.0);
  }
};

Quantizer make_relu(const Config& config, QuantizerUse /*use*/) {
  expect_inference_form(config);
  config.ignore({"relu_upper_bound"});  // what is_quantized_clip goes before
  if (!parse_flag(config, "is_quantized_clip", true)) config.unsupported("is_quantized_clip = False is not converted");
  const double slope = config.get_float({"negative_slope"}, 0.0);
  if (slope < 0 || (slope > 0 && std::exp2(std::nearbyint(std::log2(slope))) != slope))
    config.fail("`negative_slope` must be 0 or a power of two");
  const int64_t bits = parse_bits(config, "bits", 8, 1) - (slope != 0 ? 1 : 0);
  const double m = std::exp2(static_cast<double>(bits));
  const double range = std::exp2(static_cast<double>(config.get_int({"integer"}, 0)));
  Quantizer result;
  if (parse_flag(config, "use_sigmoid", false)) {
    const SigmoidRelu relu{range, m, slope};
    result.lower = [relu](Lowering& l, const Value& x) { return relu.lower(l, x); };
    result.of = [relu](double x) { return relu.of(x); };
    return result;
  }
  const Grid above{m / range, 0, m - 1};
  const Grid below{m / range, -slope * m, 0};  // of slope · x
  result.lower = [=](Lowering& l, const Value& x) {
    const QuantizerNodes nodes(l, "quantized_relu");
    const Value y = above.lower(nodes, x);
    return slope == 0 ? y : nodes.op("Add", y, below.lower(nodes, nodes.times(x, slope)));
  };
  result.of = [=](double x) { return above.of(x) + (slope == 0 ? 0 : below.of(slope * x)); };
  return result;
}

}  // namespace

std::span<const QuantizerSpec> fixed_point_quantizers() {
  static constexpr std::array kSpecs{
      QuantizerSpec{"quantized_bits",
                    "bits integer symmetric keep_negative alpha use_stochastic_rounding scale_axis qnoise_factor "
                    "var_name use_ste use_variables",
                    make_bits},
      QuantizerSpec{
          "quantized_relu",
          "bits integer use_sigmoid negative_slope use_stochastic_rounding relu_upper_bound is_quantized_clip "
          "qnoise_factor var_name use_ste use_variables",
          make_relu},
  };
  return kSpecs;
}

}  // namespace hoarfrost::keras
