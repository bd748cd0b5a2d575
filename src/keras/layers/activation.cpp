// Activation: one of keras.activations, as a layer. Keras 0.x to 3.15.
#include "keras/activations.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct ActivationLayer {
  Activation activation;
  static constexpr bool kPassesMask = true;

  static ActivationLayer parse(const Config& config) { return {Activation::parse(config)}; }

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

const LayerSpec layer_activation = make_spec<ActivationLayer>("Activation");

}  // namespace hoarfrost::keras
