// QActivation: one of QKeras' quantizers, or of keras.activations, as a layer. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_layer.h"

namespace hoarfrost::keras {
namespace {

struct QActivation {
  QuantizedActivation activation;

  static QActivation parse(const Config& config) { return {QuantizedActivation::parse(config)}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return {activation.infer(in[0])};
  }

  Values lower(Lowering& lowering, const Values& in) const { return {activation.lower(lowering, in[0])}; }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {activation.reference({in[0].shape(), [x = in[0]](const Index& o) { return x[o]; }, 1})};
  }
};

}  // namespace

const LayerSpec layer_q_activation = make_spec<QActivation>("QActivation");

}  // namespace hoarfrost::keras
