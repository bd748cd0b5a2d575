#include "keras/summary.h"

#include <map>

#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

struct LayerFacts {
  Shapes outputs;
  int64_t n_parameters = 0;
  int64_t n_trainable = 0;
};
using Facts = std::map<const ModelLayer*, LayerFacts>;

LayerFacts facts_of(const ModelLayer& layer, const Facts& leaves);

LayerFacts facts_of_model(const Model& model, const Facts& leaves) {
  LayerFacts sum;
  for (const ModelLayer& layer : model.layers) {
    const LayerFacts inner = facts_of(layer, leaves);
    sum.n_parameters += inner.n_parameters;
    sum.n_trainable += inner.n_trainable;
  }
  for (const TensorRef& ref : model.outputs) {
    const Shapes outputs = facts_of(model.layers[ref.layer], leaves).outputs;
    sum.outputs.push_back(ref.output < outputs.size() ? outputs[ref.output] : Shape::unknown_rank());
  }
  return sum;
}

LayerFacts facts_of(const ModelLayer& layer, const Facts& leaves) {
  if (layer.model) return facts_of_model(*layer.model, leaves);
  if (layer.is_input) return {{layer.input_shape}};
  const auto found = leaves.find(&layer);
  return found == leaves.end() ? LayerFacts{} : found->second;
}

}  // namespace

Summary summarize(const Model& model) {
  Facts leaves;
  infer_shapes(model, input_shapes(model), [&](const ModelLayer& layer, const Shapes& in, const Shapes& out) {
    const auto [facts, is_first_call] = leaves.try_emplace(&layer);
    if (!is_first_call) return;
    facts->second.outputs = out;
    for (const WeightSpec& weight : layer.layer->weights(in)) {
      facts->second.n_parameters += weight.shape.n_elements();
      if (weight.is_trainable && layer.is_trainable) facts->second.n_trainable += weight.shape.n_elements();
    }
  });
  Summary summary{model.name, model.class_name, model.version, {}};
  for (const ModelLayer& layer : model.layers) {
    const LayerFacts facts = facts_of(layer, leaves);
    SummaryRow row{layer.name, layer.class_name, facts.outputs, facts.n_parameters, facts.n_trainable, {}};
    for (const Call& call : layer.calls) {
      for (const TensorRef& ref : call.inputs) row.connected_to.push_back(model.layers[ref.layer].name);
    }
    summary.rows.push_back(std::move(row));
  }
  return summary;
}

}  // namespace hoarfrost::keras
