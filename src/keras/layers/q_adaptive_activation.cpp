// QAdaptiveActivation: quantized_bits or quantized_relu whose range, for each channel or for all, is the power of two
// that holds what training saw: moving averages of the least and the largest value, weights of the layer. QKeras 0.9,
// whose first call after loading has the range of a new layer still, and all others this one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "keras/layers/registry.h"
#include "keras/quantizer.h"
#include "keras/quantizer_nodes.h"

namespace hoarfrost::keras {
namespace {

struct QAdaptiveActivation {
  Quantizer quantizer;  // of the range 1
  int64_t n_bits = 8;   // without the sign
  bool has_negative = true;
  bool is_symmetric = true;
  bool is_rounded = false;  // to the next power of two; else up
  bool is_per_channel = false;

  static QAdaptiveActivation parse(const Config& config) {
    config.ignore({"current_step", "quantization_delay", "ema_freeze_delay", "ema_decay"});  // of training
    QAdaptiveActivation layer;
    const std::string name = config.get_string({"activation"});
    const double slope = config.get_float({"relu_neg_slope"}, 0.0);
    layer.has_negative = name == "quantized_bits" || slope != 0;
    layer.is_symmetric = config.get_bool({"symmetric"}, true);
    layer.is_rounded = config.get_bool({"po2_rounding"}, false);
    layer.is_per_channel = config.get_bool({"per_channel"}, false);
    const int64_t n_bits = config.get_int({"total_bits"});
    layer.n_bits = n_bits - (layer.has_negative ? 1 : 0);
    Json own{{"bits", n_bits}, {"integer", 0}};
    if (name == "quantized_bits") {
      own["symmetric"] = layer.is_symmetric;
      own["alpha"] = 1.0;
    } else if (name == "quantized_relu") {
      own["negative_slope"] = slope;
    } else {
      config.unsupported(fmt::format("activation must be quantized_bits or quantized_relu, found `{}`", name));
    }
    const Json call{{"name", config.name()}, {"quantizer", {{"class_name", name}, {"config", own}}}};
    layer.quantizer =
        parse_quantizer(Config(call, config.class_name(), config.version()), "quantizer", QuantizerUse::kActivation);
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    const Shape channels{is_per_channel ? in[0].last() : 1};
    return {{"step", {}, false}, {"ema_min", channels, false}, {"ema_max", channels, false}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    lowering.expect_inference(kTrainedByQKeras);
    const QuantizerNodes nodes(lowering, "adaptive");
    const Value bits =
        nodes.op("Maximum", lower_bits(nodes, lowering.weight(1), true), lower_bits(nodes, lowering.weight(2), false));
    const Value range = nodes.power(2, nodes.op("Minimum", bits, static_cast<double>(n_bits)));
    const Value y = quantizer.lower(lowering, nodes.op("RealDiv", in[0], range));
    return {nodes.op("Mul", y, range)};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    std::vector<double> ranges;
    for (int64_t i = 0; i < weights[1].size(0); ++i) {
      const float bits = std::max(bits_of(static_cast<float>(weights[1].at_offset(i)), true),
                                  bits_of(static_cast<float>(weights[2].at_offset(i)), false));
      ranges.push_back(std::exp2(std::min(bits, static_cast<float>(n_bits))));
    }
    const auto at = [ranges, x = in[0], of = quantizer.of](const Index& o) {
      const double range = ranges[ranges.size() == 1 ? 0 : static_cast<size_t>(o[-1])];
      return of(x[o] / range) * range;
    };
    return {{in[0].shape(), at, 1}};
  }

 private:
  // QKeras' _get_integer_bits: how many bits before the point hold the value.
  [[nodiscard]] Value lower_bits(const QuantizerNodes& nodes, Value value, bool is_least) const {
    if (!has_negative) value = nodes.op("Maximum", value, 0.0);
    Value bits = nodes.op("RealDiv", nodes.op("Log", nodes.op("Abs", value)), std::numbers::ln2);
    bits = nodes.op(is_rounded ? "Round" : "Ceil", nodes.op("Maximum", bits, 0.0));
    if (is_rounded || (is_least && !is_symmetric)) return bits;
    const Value step = nodes.power(2, nodes.op("Minimum", nodes.op("Sub", bits, static_cast<double>(n_bits)), 0.0));
    const Value largest = nodes.op("Sub", nodes.power(2, bits), step);
    const Value is_beyond =
        is_least ? nodes.truth("Less", value, nodes.op("Neg", largest)) : nodes.truth("Greater", value, largest);
    return nodes.op("Add", bits, is_beyond);
  }

  // The same in float32, as QKeras has it: a logarithm may be a whole number or next to it.
  [[nodiscard]] float bits_of(float value, bool is_least) const {
    if (!has_negative) value = std::max(value, 0.0F);
    float bits = std::max(std::log(std::abs(value)) / std::numbers::ln2_v<float>, 0.0F);
    bits = is_rounded ? std::nearbyint(bits) : std::ceil(bits);
    if (is_rounded || (is_least && !is_symmetric)) return bits;
    const float largest = std::exp2(bits) - std::exp2(std::min(bits - static_cast<float>(n_bits), 0.0F));
    return (is_least ? value < -largest : value > largest) ? bits + 1 : bits;
  }
};

}  // namespace

const LayerSpec layer_q_adaptive_activation = make_spec<QAdaptiveActivation>("QAdaptiveActivation");

}  // namespace hoarfrost::keras
