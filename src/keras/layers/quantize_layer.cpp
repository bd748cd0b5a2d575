// QuantizeLayer: numbers rounded to what a quantized input can be. TensorFlow Model Optimization Toolkit 0.7 and 0.8.
#include "keras/fake_quantization.h"
#include "keras/identity.h"
#include "keras/layers/registry.h"
#include "keras/wrapped_layer.h"

namespace hoarfrost::keras {
namespace {

struct QuantizeLayer {
  FakeQuantizer quantizer;
  std::string name;

  static QuantizeLayer parse(const Config& config) {
    return {FakeQuantizer::parse(config, config.find({"quantizer"})), config.name()};
  }

  Shapes infer(const Shapes& in) const { return infer_identity(in); }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result = quantizer.weights(name, in[0]);
    result.push_back({"optimizer_step", {}, false});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    refuse_training(lowering, "train quantization-aware with the toolkit");
    return without_masks({quantizer.lower(lowering, in[0], 0)});
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const auto at = [x = in[0], of = quantizer.reference(weights, 0)](const Index& o) { return of(x[o], o[-1]); };
    return {{in[0].shape(), at, 1}};
  }
};

}  // namespace

const LayerSpec layer_quantize_layer = make_spec<QuantizeLayer>("QuantizeLayer");

}  // namespace hoarfrost::keras
