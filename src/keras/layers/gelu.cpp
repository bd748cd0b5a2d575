// GELU: x · Φ(x), by default with tanh in the place of the normal distribution's Φ (Hendrycks and Gimpel 2016).
// TensorFlow Addons 0.23.
#include "keras/activations.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Gelu {
  static constexpr bool kPassesMask = true;
  Activation activation;

  static Gelu parse(const Config& config) {
    const bool is_approximate = config.get_bool({"approximate"}, true);
    return {Activation::named(is_approximate ? "gelu_approximate" : "gelu", config.version(), config)};
  }
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }
  Values lower(Lowering& lowering, const Values& in) const { return {activation.lower(lowering, in[0])}; }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {activation.reference({in[0].shape(), [x = in[0]](const Index& o) { return x[o]; }, 0})};
  }
};

}  // namespace

const LayerSpec layer_gelu = make_spec<Gelu>("Addons>GELU");

}  // namespace hoarfrost::keras
