// Activation: one of keras.activations, as a layer. Keras 0.x to 3.15.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "keras/activations.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct ActivationLayer {
  Activation activation;
  bool is_softmax = false;
  static constexpr bool kPassesMask = true;

  static ActivationLayer parse(const Config& config) {
    const Json* name = config.find({"activation"});
    return {Activation::parse(config), name != nullptr && *name == "softmax"};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return {activation.infer(in[0])};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    // What Keras itself makes of a file whose author's own function was named softmax, and ran along another axis.
    if (is_softmax && in[0].shape.rank() > 2 && in[0].shape.last() == 1)
      lowering.note(fmt::format(
          "layer `{0}` (Activation): softmax over a single element is 1 whatever it is; where its author's function of "
          "that name ran along another axis, say so with --lambda {0}='K.softmax(x, axis=1)'",
          lowering.scope()));
    return {activation.lower(lowering, in[0])};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {activation.reference({in[0].shape(), [x = in[0]](const Index& o) { return x[o]; }, 1})};
  }
};

}  // namespace

const LayerSpec layer_activation = make_spec<ActivationLayer>("Activation");

}  // namespace hoarfrost::keras
