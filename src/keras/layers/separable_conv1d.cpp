// SeparableConv1D: a depthwise convolution, then a 1×1 one: y = activation((x ∗ depthwise) · pointwise + bias).
// Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/separable_convolution.h"

namespace hoarfrost::keras {
namespace {

struct SeparableConv1D {
  SeparableConvolution c;

  static SeparableConv1D parse(const Config& config) { return {parse_separable(config, 1)}; }
  Shapes infer(const Shapes& in) const { return infer_separable(c, in); }
  std::vector<WeightSpec> weights(const Shapes& in) const { return separable_weights(c, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_separable(c, lowering, in); }
  Formulas reference(const Arrays& weights, const Arrays& in) const { return separable_reference(c, weights, in); }
};

}  // namespace

const LayerSpec layer_separable_conv1d = make_spec<SeparableConv1D>("SeparableConv1D", "SeparableConvolution1D");

}  // namespace hoarfrost::keras
