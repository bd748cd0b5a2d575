// Normalization: (x − mean) / max(sqrt(variance), 1e-7) with moments that were adapted (weights) or given (the
// configuration); invert turns it around. Keras 2.3 to 3.15.
#include "keras/normalization.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

// {"config": {"value": […]}} (NumPy arrays) and nested lists alike: all numbers, in order.
void collect_numbers(const Config& config, const Json& json, std::vector<double>& result) {
  if (json.is_number()) {
    result.push_back(json.get<double>());
  } else if (json.is_array()) {
    for (const Json& element : json) collect_numbers(config, element, result);
  } else if (json.is_object() && json.contains("config")) {
    collect_numbers(config, json.at("config"), result);
  } else if (json.is_object() && json.contains("value")) {
    collect_numbers(config, json.at("value"), result);
  } else {
    config.fail("mean and variance must be numbers or lists of numbers, found " + json.dump());
  }
}

struct Normalization {
  static constexpr double kSmallestDeviation = 1e-7;  // keras.backend.epsilon()
  std::vector<int64_t> axes;
  bool is_inverted = false;
  std::vector<double> given_mean;
  std::vector<double> given_variance;
  DType dtype = DType::kFloat32;
  bool passes_mask = false;  // Keras 3

  static Normalization parse(const Config& config) {
    Normalization layer;
    // Keras always writes the key; null is one mean and variance of all elements.
    layer.axes = config.get_list({"axis"}, std::vector<int64_t>{});
    layer.is_inverted = config.get_bool({"invert"}, false);
    layer.dtype = config.dtype();
    layer.passes_mask = config.version().major >= 3;
    const Json* mean = config.find({"mean"});
    const Json* variance = config.find({"variance"});
    if ((mean == nullptr) != (variance == nullptr)) config.fail("mean and variance must both be given, or neither");
    if (mean == nullptr) return layer;
    collect_numbers(config, *mean, layer.given_mean);
    collect_numbers(config, *variance, layer.given_variance);
    if (layer.given_mean.empty() || layer.given_variance.empty()) config.fail("mean or variance is an empty list");
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    const int64_t n = kept(in[0]).n_elements();
    for (const auto* given : {&given_mean, &given_variance}) {
      if (given->size() > 1 && static_cast<int64_t>(given->size()) != n) {
        throw Error(
            ErrorCode::kMismatch, "",
            fmt::format("mean or variance has {} numbers, expected {} for {}", given->size(), n, in[0].to_string()));
      }
    }
    return in;
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    if (!given_mean.empty()) return {};
    return {{"mean", kept(in[0]), false}, {"variance", kept(in[0]), false}, {"count", Shape{}, false}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    Value x = in[0];
    if (x.dtype != dtype) x = lowering.raw_op("Cast", "Cast", {x}, dtype, {{"SrcT", x.dtype}, {"DstT", dtype}});
    const std::vector<int64_t> along = normalized_axes(axes, in[0].shape);
    Value mean = given_mean.empty() ? lowering.weight(0) : constant(lowering, "sub/y", given_mean, in[0].shape);
    Value variance =
        given_mean.empty() ? lowering.weight(1) : constant(lowering, "Sqrt/x", given_variance, in[0].shape);
    if (given_mean.empty() && !are_last(along, in[0].shape)) {
      mean = lowering.reshape(mean, broadcast_along(along, in[0].shape));
      variance = lowering.reshape(variance, broadcast_along(along, in[0].shape));
    }
    const Value deviation = lowering.named_op(
        "Maximum", "Maximum",
        {lowering.op("Sqrt", {variance}), lowering.scalar("Maximum/y", kSmallestDeviation, variance)});
    if (is_inverted) return {lowering.named_op("add", "Add", {mean, lowering.named_op("mul", "Mul", {x, deviation})})};
    return {lowering.named_op("truediv", "RealDiv", {lowering.named_op("sub", "Sub", {x, mean}), deviation})};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const auto at = [x = in[0], w = weights, layer = *this,
                     along = normalized_axes(axes, in[0].shape())](const Index& o) {
      const int64_t place = offset_along(along, x.shape(), o);
      const auto pick = [&](const std::vector<double>& given, size_t i) {
        if (given.empty()) return w[i].at_offset(place);
        return given[given.size() == 1 ? 0 : static_cast<size_t>(place)];
      };
      const double mean = pick(layer.given_mean, 0);
      const double deviation = std::max(std::sqrt(pick(layer.given_variance, 1)), kSmallestDeviation);
      return layer.is_inverted ? mean + x[o] * deviation : (x[o] - mean) / deviation;
    };
    return {{in[0].shape(), at, 1}};
  }

 private:
  Shape kept(const Shape& x) const { return sizes_along(normalized_axes(axes, x), x); }

  Value constant(Lowering& lowering, std::string_view name, const std::vector<double>& given, const Shape& x) const {
    if (given.size() == 1) return lowering.constant(name, Tensor::scalar(given[0]).cast(dtype));
    const Value values = lowering.constant(name, Tensor::vector(given).cast(dtype));
    const std::vector<int64_t> along = normalized_axes(axes, x);
    return along.size() == 1 && are_last(along, x) ? values : lowering.reshape(values, broadcast_along(along, x));
  }
};

}  // namespace

const LayerSpec layer_normalization = make_spec<Normalization>("Normalization");

}  // namespace hoarfrost::keras
