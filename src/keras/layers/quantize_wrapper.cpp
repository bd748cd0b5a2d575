// QuantizeWrapper, QuantizeWrapperV2: a layer of quantization-aware training, its weights, activation and output
// rounded to what a quantized network's can be (FakeQuant nodes). TensorFlow Model Optimization Toolkit 0.7 and 0.8.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/layers/registry.h"
#include "keras/quantize_config.h"
#include "keras/quantized_layer.h"
#include "keras/shapes.h"
#include "keras/wrapped_layer.h"

namespace hoarfrost::keras {
namespace {

Formula of_elements(Formula x, FakeQuantizer::Of of) {
  return {x.shape, [at = std::move(x.at), of = std::move(of)](const Index& o) { return of(at(o), o[-1]); }, x.cost + 1};
}

struct QuantizeWrapper {
  std::shared_ptr<const Layer> layer;
  QuantizeConfig quantized;

  static QuantizeWrapper parse(const Config& config) {
    const Json* inner = config.find({"layer"});
    if (inner == nullptr || !inner->is_object() || !inner->contains("config") || !inner->at("config").is_object())
      config.fail("`layer` must be a layer with a class_name and a config");
    const std::string class_name = registered_class(*inner);
    Json json = inner->at("config");
    QuantizeWrapper result;
    result.quantized = QuantizeConfig::parse(config, class_name, json);
    result.layer = parse_layer(Config(json, class_name, config.version()));
    return result;
  }

  Shapes infer(const Shapes& in) const {
    Shapes result = layer->infer(in);
    if (quantized.has_activation) result.at(0) = quantized.activation.infer(result[0]);
    if (quantized.output.is_on() && result.size() != 1)
      throw Error(ErrorCode::kUnsupported, "", "several outputs are not quantized, by the toolkit neither");
    return result;
  }

  // The layer's, then the ranges. In a call the quantized weight takes the place of the variable, which is the
  // wrapper's from then on: .keras files hold it there, twice, and the layer's other trainable weights there too.
  std::vector<WeightSpec> weights(const Shapes& in) const {
    const std::vector<WeightSpec> inner = layer->weights(in);
    std::vector<WeightSpec> result = wrapped_weights(*layer, in);
    for (size_t i = 0; i < inner.size(); ++i) {
      if (is_quantized(inner[i].name)) result[i].name = inner[i].name;
      (is_quantized(inner[i].name) ? result[i].is_own_again : result[i].is_also_own) = result[i].is_trainable;
    }
    const auto add = [&](const FakeQuantizer& quantizer, const std::string& name, const Shape& shape) {
      for (WeightSpec& spec : quantizer.weights(name, shape)) result.push_back(std::move(spec));
    };
    result.push_back({"optimizer_step", {}, false});
    for (const std::string& name : quantized.weights) add(quantized.weight, name, inner[index_of(inner, name)].shape);
    add(quantized.before_activation, "pre_activation", {});
    add(quantized.after_activation, "post_activation", {});
    add(quantized.output, "output", {});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    refuse_training(lowering, "train quantization-aware with the toolkit");
    const Shapes shapes = shapes_of(in);
    const std::vector<WeightSpec> inner = layer->weights(shapes);
    Values weights;
    for (size_t i = 0; i < inner.size(); ++i) weights.push_back(lowering.weight(i));
    size_t next = inner.size() + 1;
    for (const std::string& name : quantized.weights) {
      Value& weight = weights[index_of(inner, name)];
      weight = quantized.weight.lower(lowering, weight, next);
      next += 2;
    }
    const Values ranges = ranges_from(lowering, next);
    Values out = lower_with(lowering, *layer, std::move(weights), without_masks(in));
    lowering.set_layer(lowering.scope(), ranges, {}, lowering.is_trainable());
    Value& y = out.at(0);
    y.shape = layer->infer(shapes).at(0);
    next = 0;
    const auto quantize = [&](const FakeQuantizer& quantizer) {
      y = quantizer.lower(lowering, y, next);
      next += quantizer.weights("", {}).size();
    };
    quantize(quantized.before_activation);
    if (quantized.has_activation) {
      const Shape shape = quantized.activation.infer(y.shape);
      y = quantized.activation.lower(lowering, y);
      y.shape = shape;
    }
    quantize(quantized.after_activation);
    quantize(quantized.output);
    return without_masks(out);
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const std::vector<WeightSpec> inner = layer->weights(shapes_of(in));
    Arrays used(weights.begin(), weights.begin() + static_cast<std::ptrdiff_t>(inner.size()));
    size_t next = inner.size() + 1;
    for (const std::string& name : quantized.weights) {
      Array& weight = used[index_of(inner, name)];
      weight = rounded(weight, quantized.weight.reference(weights, next));
      next += 2;
    }
    Formulas result = layer->reference(used, in);
    Formula& y = result.at(0);
    const auto quantize = [&](const FakeQuantizer& quantizer) {
      if (!quantizer.is_on()) return;
      y = of_elements(std::move(y), quantizer.reference(weights, next));
      next += 2;
    };
    quantize(quantized.before_activation);
    if (quantized.has_activation) y = quantized.activation.reference(std::move(y));
    quantize(quantized.after_activation);
    quantize(quantized.output);
    return result;
  }

 private:
  [[nodiscard]] bool is_quantized(const std::string& name) const {
    return std::ranges::find(quantized.weights, name) != quantized.weights.end();
  }

  static size_t index_of(const std::vector<WeightSpec>& specs, const std::string& name) {
    const auto found = std::ranges::find(specs, name, &WeightSpec::name);
    if (found == specs.end())
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("quantize_config names the weight `{}`, which the layer has not", name));
    return static_cast<size_t>(found - specs.begin());
  }

  static Values ranges_from(Lowering& lowering, size_t first) {
    Values result;
    for (size_t i = first; i < lowering.n_weights(); ++i) result.push_back(lowering.weight(i));
    return result;
  }

  static Array rounded(const Array& weight, const FakeQuantizer::Of& of) {
    Tensor result(DType::kFloat64, weight.shape());
    const auto values = result.mutable_values<double>();
    const int64_t n_channels = weight.shape().last();
    for (size_t i = 0; i < values.size(); ++i) {
      const auto at = static_cast<int64_t>(i);
      values[i] = of(weight.at_offset(at), at % n_channels);
    }
    return Array(result);
  }
};

}  // namespace

const LayerSpec layer_quantize_wrapper = make_spec<QuantizeWrapper>("QuantizeWrapperV2", "QuantizeWrapper");

}  // namespace hoarfrost::keras
