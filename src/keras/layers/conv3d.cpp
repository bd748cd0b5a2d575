// Conv3D: y = activation(x ∗ kernel + bias), a correlation (the kernel is not flipped). Keras 1.2 to 3.15.
#include "keras/convolution.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Conv3D {
  Convolution c;

  static Conv3D parse(const Config& config) { return {parse_convolution(config, 3)}; }
  Shapes infer(const Shapes& in) const { return infer_convolution(c, in); }
  std::vector<WeightSpec> weights(const Shapes& in) const { return convolution_weights(c, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_convolution(c, "Conv3D", lowering, in); }
  Formulas reference(const Arrays& weights, const Arrays& in) const { return convolution_reference(c, weights, in); }
};

}  // namespace

const LayerSpec layer_conv3d = make_spec<Conv3D>("Conv3D", "Convolution3D");

}  // namespace hoarfrost::keras
