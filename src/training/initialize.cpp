#include "training/initialize.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <set>

#include "keras/shapes.h"
#include "keras/weight_setting.h"
#include "training/initializer.h"

namespace hoarfrost::training {
namespace {

using keras::Model;
using keras::ModelLayer;

std::shared_ptr<Model> copied(const Model& model) {
  auto copy = std::make_shared<Model>(model);
  for (ModelLayer& layer : copy->layers) {
    if (layer.model != nullptr) layer.model = copied(*layer.model);
  }
  return copy;
}

// LSTM's `unit_forget_bias`: the second quarter of the bias begins with ones (Jozefowicz et al. 2015).
bool forgets_at_first(const ModelLayer& layer, const std::string& weight, const Json& config) {
  if (!weight.ends_with("bias") || layer.class_name.find("LSTM") == std::string::npos) return false;
  return flag_in(config, "unit_forget_bias", true);
}

Tensor drawn(const ModelLayer& layer, const keras::WeightSpec& spec, uint64_t seed) {
  static const Json kNothing = Json::object();
  const Json& config = layer.config == nullptr ? kNothing : *layer.config;
  Tensor value = initialized(initializer_of(config, spec.name), spec.shape, seed);
  if (forgets_at_first(layer, spec.name, config) && spec.shape.rank() == 1) {
    const auto values = value.mutable_values<float>();
    std::ranges::fill(values.subspan(values.size() / 4, values.size() / 4), 1.0F);
  }
  return value.cast(layer.variable_dtype);
}

}  // namespace

std::shared_ptr<Model> initialized(const Model& model, uint64_t seed) {
  auto result = copied(model);
  std::set<const ModelLayer*> seen;
  uint64_t n_weights = 0;
  const auto fill = [&](const ModelLayer& layer, const keras::Shapes& in, const keras::Shapes&) {
    if (!seen.insert(&layer).second) return;
    const auto specs = layer.layer->weights(in);
    auto& weights = const_cast<ModelLayer&>(layer).weights;  // of `result`, which is ours
    weights.resize(specs.size());
    for (size_t i = 0; i < specs.size(); ++i) {
      const uint64_t own_seed = seed * 1000003 + n_weights++;
      weights[i] = weights[i].empty() ? drawn(layer, specs[i], own_seed) : weights[i].copied();
    }
  };
  keras::infer_shapes(*result, keras::input_shapes(*result), fill);
  return result;
}

}  // namespace hoarfrost::training
