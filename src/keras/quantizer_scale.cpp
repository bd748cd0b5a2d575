#include "keras/quantizer_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>

namespace hoarfrost::keras {
namespace {

std::vector<int64_t> all_but_last(const Value& x) {
  std::vector<int64_t> axes(static_cast<size_t>(x.shape.rank() - 1));
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

}  // namespace

Alpha parse_alpha(const Config& config, QuantizerUse use) {
  const Json* value = config.find({"alpha"});
  if (value == nullptr) return {use == QuantizerUse::kKernel ? Alpha::Kind::kPowerOfTwo : Alpha::Kind::kNone};
  if (value->is_number()) return {Alpha::Kind::kNumber, value->get<double>()};
  if (!value->is_string())
    config.unsupported(
        fmt::format("alpha must be a number, \"auto\" or \"auto_po2\", found {}", value->dump().substr(0, 60)));
  const auto text = value->get<std::string>();
  if (text != "auto" && text != "auto_po2")
    config.unsupported(fmt::format("alpha must be a number, \"auto\" or \"auto_po2\", found `{}`", text));
  if (use == QuantizerUse::kActivation)
    config.unsupported("alpha \"" + text +
                       "\" of an activation scales by the whole batch, so that an example's answer would depend on the "
                       "others; give alpha a number");
  return {text == "auto" ? Alpha::Kind::kAuto : Alpha::Kind::kPowerOfTwo};
}

Value lower_power_of_two(const QuantizerNodes& nodes, const Value& scale) {
  return nodes.power(
      2, nodes.op("Round", nodes.op("RealDiv", nodes.op("Log", nodes.op("Add", scale, kEpsilon)), std::numbers::ln2)));
}

Value lower_least_squares(const QuantizerNodes& nodes, const Alpha& alpha, const Value& x, const Value& q) {
  Value xq = nodes.op("Mul", x, q);
  Value qq = nodes.op("Mul", q, q);
  if (x.shape.rank() > 1) {
    xq = nodes.reduce("Mean", xq, all_but_last(x));
    qq = nodes.reduce("Mean", qq, all_but_last(x));
  }
  const Value scale = nodes.op("RealDiv", xq, nodes.op("Add", qq, kEpsilon));
  return alpha.kind == Alpha::Kind::kPowerOfTwo ? lower_power_of_two(nodes, scale) : scale;
}

Value lower_largest(const QuantizerNodes& nodes, const Value& x) {
  return nodes.reduce("Max", nodes.op("Abs", x), x.shape.rank() > 1 ? all_but_last(x) : std::vector<int64_t>{0});
}

double next_power_of_two(double scale) { return std::exp2(std::nearbyint(std::log2(scale + kEpsilon))); }

Channels::Channels(const Array& weight, double factor)
    : shape(weight.shape()),
      x(static_cast<size_t>(shape.n_elements())),
      n(static_cast<size_t>(std::max<int64_t>(shape.last(), 1))) {
  for (size_t i = 0; i < x.size(); ++i) x[i] = factor * weight.at_offset(static_cast<int64_t>(i));
}

std::vector<double> Channels::largest() const {
  std::vector<double> result(n);
  for (size_t i = 0; i < x.size(); ++i) result[i % n] = std::max(result[i % n], std::abs(x[i]));
  if (shape.rank() == 1) result.assign(n, *std::ranges::max_element(result));
  return result;
}

std::vector<double> Channels::least_squares(const Alpha& alpha, const std::vector<double>& q) const {
  std::vector<double> xq(n);
  std::vector<double> qq(n);
  for (size_t i = 0; i < x.size(); ++i) {
    xq[i % n] += x[i] * q[i];
    qq[i % n] += q[i] * q[i];
  }
  const double n_rows = static_cast<double>(x.size()) / static_cast<double>(n);
  for (size_t c = 0; c < n; ++c) {
    xq[c] = xq[c] / n_rows / (qq[c] / n_rows + kEpsilon);
    if (alpha.kind == Alpha::Kind::kPowerOfTwo) xq[c] = next_power_of_two(xq[c]);
  }
  return xq;
}

}  // namespace hoarfrost::keras
