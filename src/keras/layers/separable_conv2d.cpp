// SeparableConv2D: a depthwise convolution, then a 1×1 one: y = activation((x ∗ depthwise) · pointwise + bias).
// Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/separable_convolution.h"

namespace hoarfrost::keras {
namespace {

struct SeparableConv2D {
  SeparableConvolution c;

  static SeparableConv2D parse(const Config& config) { return {parse_separable(config, 2)}; }
  Shapes infer(const Shapes& in) const { return infer_separable(c, in); }
  std::vector<WeightSpec> weights(const Shapes& in) const { return separable_weights(c, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_separable(c, lowering, in); }
  Formulas reference(const Arrays& weights, const Arrays& in) const { return separable_reference(c, weights, in); }
};

}  // namespace

const LayerSpec layer_separable_conv2d = make_spec<SeparableConv2D>("SeparableConv2D", "SeparableConvolution2D");

}  // namespace hoarfrost::keras
