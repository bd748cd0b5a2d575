// WeightNormalization: a layer whose kernel is v of length g in each of its outputs, g · v / |v| (Salimans and Kingma
// 2016). TensorFlow Addons 0.23.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/normalization.h"
#include "keras/quantized_layer.h"
#include "keras/recurrent.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

struct WeightNormalization {
  static constexpr double kLeastSquare = 1e-12;  // tf.nn.l2_normalize's epsilon
  std::shared_ptr<const Layer> layer;
  bool has_clone = true;  // of the layer, by which it was initialized

  static WeightNormalization parse(const Config& config) {
    const Json* inner = config.find({"layer"});
    if (inner != nullptr && inner->is_object() && inner->contains("class_name") &&
        inner->at("class_name").is_string()) {
      const auto name = inner->at("class_name").get<std::string>();
      if (name.ends_with("RNN") || name.ends_with("LSTM") || name.ends_with("GRU"))
        config.unsupported("weight normalization of recurrent layers is not converted");
    }
    return {parse_inner_layer(config, "layer"), config.get_bool({"data_init"}, true)};
  }

  Shapes infer(const Shapes& in) const { return layer->infer(in); }

  // g, the layer's (its kernel being v), whether they were initialized, and the clone's.
  std::vector<WeightSpec> weights(const Shapes& in) const {
    const std::vector<WeightSpec> inner = layer->weights(in);
    std::vector<WeightSpec> result{{"g", {inner.at(kernel(inner)).shape.last()}}};
    for (const WeightSpec& spec : inner)
      result.push_back({spec.name == "kernel" ? spec.name : "layer/" + spec.name, spec.shape, spec.is_trainable});
    result.push_back({"initialized", {}, false});
    for (size_t i = 0; has_clone && i < inner.size(); ++i)
      result.push_back({"naked_clone_layer/" + inner[i].name, inner[i].shape, false});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    lowering.expect_inference("WeightNormalization is not trained here");
    const Shapes shapes = shapes_of(in);
    const std::vector<WeightSpec> inner = layer->weights(shapes);
    if (Reader(lowering.weight_value(1 + inner.size()))[0] == 0) {
      throw Error(
          ErrorCode::kUnsupported, "",
          "was never called, so that its weights are not initialized: call the model once in Keras, and save it again");
    }
    Values weights;
    for (size_t i = 0; i < inner.size(); ++i) weights.push_back(lowering.weight(1 + i));
    Value& v = weights[kernel(inner)];
    std::vector<int64_t> axes;
    for (int64_t axis = 0; axis + 1 < v.shape.rank(); ++axis) axes.push_back(axis);
    const Value square = lowering.named_op("l2_normalize/Square", "Square", {v});
    const Value sum = lower_reduction(lowering, "l2_normalize/Sum", "Sum", square, axes);
    const Value least = lowering.named_op("l2_normalize/Maximum", "Maximum",
                                          {sum, lowering.scalar("l2_normalize/Maximum/y", kLeastSquare, sum)});
    const Value direction =
        lowering.named_op("l2_normalize", "Mul", {v, lowering.named_op("l2_normalize/Rsqrt", "Rsqrt", {least})});
    const Shape shape = v.shape;
    v = lowering.named_op("compute_weights/mul", "Mul", {direction, lowering.weight(0)});
    v.shape = shape;
    return lower_with(lowering, *layer, std::move(weights), in);
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const Shapes shapes = shapes_of(in);
    const std::vector<WeightSpec> specs = layer->weights(shapes);
    const auto first = weights.begin() + 1;
    Arrays inner(first, first + static_cast<std::ptrdiff_t>(specs.size()));
    Array& v = inner[kernel(specs)];
    const auto n = static_cast<size_t>(v.shape().last());
    Tensor normalized(DType::kFloat64, v.shape());
    const auto values = normalized.mutable_values<double>();
    std::vector<double> squares(n);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = v.at_offset(static_cast<int64_t>(i));
      squares[i % n] += values[i] * values[i];
    }
    for (size_t i = 0; i < values.size(); ++i)
      values[i] *=
          weights[0].at_offset(static_cast<int64_t>(i % n)) / std::sqrt(std::max(squares[i % n], kLeastSquare));
    v = Array(normalized);
    return layer->reference(inner, in);
  }

 private:
  static size_t kernel(const std::vector<WeightSpec>& specs) {
    const auto found = std::ranges::find(specs, "kernel", &WeightSpec::name);
    if (found == specs.end())
      throw Error(ErrorCode::kUnsupported, "",
                  "WeightNormalization is of layers with a `kernel` only, in TensorFlow Addons too");
    return static_cast<size_t>(found - specs.begin());
  }
};

}  // namespace

const LayerSpec layer_weight_normalization = make_spec<WeightNormalization>("Addons>WeightNormalization");

}  // namespace hoarfrost::keras
