// QuantizeAnnotate: a layer that quantize_apply will quantize, and that is itself until then. TensorFlow Model
// Optimization Toolkit 0.7 and 0.8.
#include "keras/layers/registry.h"
#include "keras/wrapped_layer.h"

namespace hoarfrost::keras {
namespace {

struct QuantizeAnnotate {
  std::shared_ptr<const Layer> layer;

  static QuantizeAnnotate parse(const Config& config) {
    config.ignore({"quantize_config"});
    return {parse_wrapped(config)};
  }

  Shapes infer(const Shapes& in) const { return layer->infer(in); }
  std::vector<WeightSpec> weights(const Shapes& in) const { return wrapped_weights(*layer, in); }

  Values lower(Lowering& lowering, const Values& in) const {
    refuse_training(lowering, "train the model without it, or with the toolkit");
    return without_masks(layer->lower(lowering, without_masks(in)));
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const { return layer->reference(weights, in); }
};

}  // namespace

const LayerSpec layer_quantize_annotate = make_spec<QuantizeAnnotate>("QuantizeAnnotate");

}  // namespace hoarfrost::keras
