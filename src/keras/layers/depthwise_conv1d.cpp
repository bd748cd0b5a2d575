// DepthwiseConv1D: DepthwiseConv2D over time, also with causal padding. Keras 2.7 to 3.15.
#include "keras/convolution.h"
#include "keras/depthwise.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct DepthwiseConv1D {
  Window window;
  int64_t depth_multiplier = 1;
  bool use_bias = true;
  Activation activation;

  static DepthwiseConv1D parse(const Config& config) {
    if (config.get_int({"groups"}, 1) != 1) config.unsupported("`groups` has no meaning here, it must be 1");
    config.ignore({"filters"});  // null
    DepthwiseConv1D layer{parse_kernel(config, 1), config.get_int({"depth_multiplier"}, 1),
                          config.get_bool({"use_bias"}, true), Activation::parse(config)};
    if (layer.depth_multiplier < 1) config.fail("`depth_multiplier` must be 1 or more");
    return layer;
  }

  // [batch, time, channels] -> [batch, time', channels · depth_multiplier]
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 3);
    return {activation.infer(slide(window, in[0], in[0].last() * depth_multiplier))};
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result{{"depthwise_kernel", {window.size[0], in[0].last(), depth_multiplier}}};
    if (use_bias) result.push_back({"bias", {in[0].last() * depth_multiplier}});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value x = pad_ahead(lowering, in[0], window);
    Value row = expand_dims(lowering, "ExpandDims", x, 1);
    row.shape = {x.shape[0], 1, x.shape[1], x.shape[2]};
    Value y = lower_depthwise(lowering, "depthwise", row, expand_dims(lowering, "ExpandDims_1", lowering.weight(0), 0),
                              as_row(window));
    if (use_bias) y = bias_add(lowering, y, lowering.weight(1));
    y = squeeze(lowering, "Squeeze", y, 1);
    y.shape = slide(window, in[0].shape, in[0].shape.last() * depth_multiplier);
    return {activation.lower(lowering, y)};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const auto at = [=, w = window, has_bias = use_bias, x = in[0]](const Index& o) {
      return depthwise_element(w, weights[0], x, o) + (has_bias ? weights[1].at_offset(o[-1]) : 0);
    };
    return {activation.reference({slide(window, in[0].shape(), in[0].shape().last() * depth_multiplier), at,
                                  static_cast<double>(window.n_cells())})};
  }
};

}  // namespace

const LayerSpec layer_depthwise_conv1d = make_spec<DepthwiseConv1D>("DepthwiseConv1D", "DepthwiseConvolution1D");

}  // namespace hoarfrost::keras
