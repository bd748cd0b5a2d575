// Conv2D: y = activation(x ∗ kernel + bias), a correlation (the kernel is not flipped). Keras 1.2 to 3.15.
#include "keras/convolution.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Conv2D {
  Convolution c;

  static Conv2D parse(const Config& config) { return {parse_convolution(config, 2)}; }
  Shapes infer(const Shapes& in) const { return infer_convolution(c, in); }
  std::vector<WeightSpec> weights(const Shapes& in) const { return convolution_weights(c, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_convolution(c, "Conv2D", lowering, in); }
  Formulas reference(const Arrays& weights, const Arrays& in) const { return convolution_reference(c, weights, in); }
};

}  // namespace

const LayerSpec layer_conv2d = make_spec<Conv2D>("Conv2D", "Convolution2D");

}  // namespace hoarfrost::keras
