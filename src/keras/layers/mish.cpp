// Mish: x · tanh(log(1 + e^x)) (Misra 2019), as layers of that name without arguments compute it; Keras has it as an
// activation alone.
#include "keras/activations.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Mish {
  static constexpr bool kPassesMask = true;
  Activation activation;

  static Mish parse(const Config& config) { return {Activation::named("mish", config.version(), config)}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const { return {activation.lower(lowering, in[0])}; }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {activation.reference({in[0].shape(), [x = in[0]](const Index& o) { return x[o]; }, 1})};
  }
};

}  // namespace

const LayerSpec layer_mish = make_spec<Mish>("Mish");

}  // namespace hoarfrost::keras
