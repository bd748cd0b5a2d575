#include "keras/fake_quantization.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "keras/architecture.h"

namespace hoarfrost::keras {
namespace {

// The range in float32, as TensorFlow 2.15's kernels move it until zero is a level: a last bit decides which that is.
struct Levels {
  double low = 0, step = 0;
  double n = 0;  // how many there are above the lowest
  double zero = 0;

  static Levels of(float min, float max, int64_t n_bits, bool is_narrow) {
    const auto first = static_cast<float>(is_narrow ? 1 : 0);
    const float last = std::ldexp(1.0F, static_cast<int>(n_bits)) - 1;
    const float step = (max - min) / (last - first);
    const float zero = std::clamp(std::round(first - min / step), first, last);
    const float low = (first - zero) * step;
    return {low, step, static_cast<double>(last - first), static_cast<double>(zero - first)};
  }

  [[nodiscard]] double nearest(double x) const {
    const double level = std::clamp((x - low) / step, 0.0, n);
    return (std::floor(level + 0.5) - zero) * step;
  }
};

}  // namespace

FakeQuantizer::FakeQuantizer(std::string scope, int64_t n_bits, bool is_per_channel, bool is_narrow)
    : scope_(std::move(scope)), n_bits_(n_bits), is_per_channel_(is_per_channel), is_narrow_(is_narrow) {}

FakeQuantizer FakeQuantizer::parse(const Config& where, const Json* quantizer) {
  if (quantizer == nullptr) return {};
  const std::string name = plain_class_name(text_at(*quantizer, "class_name"));
  if (name == "NoQuantizer") return {};
  if (!quantizer->contains("config") || !quantizer->at("config").is_object())
    where.fail("a quantizer must have a class_name and a config");
  const Config config(quantizer->at("config"), name, where.version());
  FakeQuantizer result;
  if (name == "FixedQuantizer") {  // whose number of bits the toolkit does not hand on
    result = FakeQuantizer("FixedQuantize", 8, false, config.get_bool({"narrow_range"}));
    result.is_fixed_ = true;
    result.low_ = config.get_float({"init_min"});
    result.high_ = config.get_float({"init_max"});
    return result;
  }
  const bool is_per_channel = config.get_bool({"per_axis"}, false);
  const bool is_narrow = config.get_bool({"narrow_range"}, false);
  const int64_t n_bits = config.get_int({"num_bits"});
  if (n_bits < 2 || n_bits > 16)
    where.unsupported(fmt::format("a quantizer of {} bits: TensorFlow quantizes to 2 to 16", n_bits));
  if (name == "LastValueQuantizer") return {"LastValueQuant", n_bits, is_per_channel, is_narrow};
  if (name == "AllValuesQuantizer") return {"AllValuesQuantize", n_bits, false, is_narrow};
  if (name != "MovingAverageQuantizer")
    where.unsupported(
        fmt::format("the quantizer `{}` is none of the toolkit's own, and its meaning is its author's Python", name));
  if (is_per_channel) where.unsupported("MovingAverageQuantizer has one range for all, in the toolkit too");
  return {"MovingAvgQuantize", n_bits, false, is_narrow};
}

std::vector<WeightSpec> FakeQuantizer::weights(const std::string& name, const Shape& x) const {
  if (!is_on() || is_fixed_) return {};
  const Shape shape = is_per_channel_ ? Shape{x.last()} : Shape{};
  return {{name + "_min", shape, false}, {name + "_max", shape, false}};
}

Value FakeQuantizer::lower(Lowering& lowering, const Value& x, size_t first) const {
  if (!is_on()) return x;
  Attributes attributes{{"num_bits", n_bits_}, {"narrow_range", is_narrow_}};
  std::string op = is_per_channel_ ? "FakeQuantWithMinMaxVarsPerChannel" : "FakeQuantWithMinMaxVars";
  std::vector<Value> inputs{x};
  if (is_fixed_) {
    op = "FakeQuantWithMinMaxArgs";
    attributes.emplace_back("min", static_cast<float>(low_));
    attributes.emplace_back("max", static_cast<float>(high_));
  } else {
    inputs.push_back(lowering.weight(first));
    inputs.push_back(lowering.weight(first + 1));
  }
  Value y = lowering.raw_op(fmt::format("{}/{}", scope_, op), op, inputs, x.dtype, attributes);
  y.shape = x.shape;
  return y;
}

FakeQuantizer::Of FakeQuantizer::reference(const Arrays& weights, size_t first) const {
  if (!is_on()) return [](double x, int64_t) { return x; };
  std::vector<Levels> levels;
  const int64_t n = is_per_channel_ ? weights.at(first).shape()[0] : 1;
  for (int64_t channel = 0; channel < n; ++channel) {
    const auto min = static_cast<float>(is_fixed_ ? low_ : weights.at(first).at_offset(channel));
    const auto max = static_cast<float>(is_fixed_ ? high_ : weights.at(first + 1).at_offset(channel));
    levels.push_back(min == 0 && max == 0 ? Levels{} : Levels::of(min, max, n_bits_, is_narrow_));
  }
  return [levels](double x, int64_t channel) {
    const Levels& here = levels.size() == 1 ? levels[0] : levels[static_cast<size_t>(channel)];
    return here.step == 0 ? 0 : here.nearest(x);
  };
}

}  // namespace hoarfrost::keras
