// Conv2DTranspose: the transposed convolution ("deconvolution"), y = activation(xᵀ ∗ kernel + bias). Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/transposed_convolution.h"

namespace hoarfrost::keras {
namespace {

struct Conv2DTranspose {
  TransposedConvolution c;

  static Conv2DTranspose parse(const Config& config) { return {parse_transposed(config, 2)}; }
  Shapes infer(const Shapes& in) const { return infer_transposed(c, in); }
  std::vector<WeightSpec> weights(const Shapes& in) const { return transposed_weights(c, in); }
  Values lower(Lowering& lowering, const Values& in) const {
    return lower_transposed(c, "conv2d_transpose", lowering, in);
  }
  Formulas reference(const Arrays& weights, const Arrays& in) const { return transposed_reference(c, weights, in); }
};

}  // namespace

const LayerSpec layer_conv2d_transpose = make_spec<Conv2DTranspose>("Conv2DTranspose", "Convolution2DTranspose");

}  // namespace hoarfrost::keras
