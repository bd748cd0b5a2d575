// Conv3DTranspose: the transposed convolution ("deconvolution"), y = activation(xᵀ ∗ kernel + bias). Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/transposed_convolution.h"

namespace hoarfrost::keras {
namespace {

struct Conv3DTranspose {
  TransposedConvolution c;

  static Conv3DTranspose parse(const Config& config) { return {parse_transposed(config, 3)}; }
  Shapes infer(const Shapes& in) const { return infer_transposed(c, in); }
  std::vector<WeightSpec> weights(const Shapes& in) const { return transposed_weights(c, in); }
  Values lower(Lowering& lowering, const Values& in) const {
    return lower_transposed(c, "conv3d_transpose", lowering, in);
  }
  Formulas reference(const Arrays& weights, const Arrays& in) const { return transposed_reference(c, weights, in); }
};

}  // namespace

const LayerSpec layer_conv3d_transpose = make_spec<Conv3DTranspose>("Conv3DTranspose", "Convolution3DTranspose");

}  // namespace hoarfrost::keras
