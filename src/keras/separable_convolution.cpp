#include "keras/separable_convolution.h"

#include "keras/convolution.h"
#include "keras/depthwise.h"

namespace hoarfrost::keras {

SeparableConvolution parse_separable(const Config& config, size_t rank) {
  if (config.get_int({"groups"}, 1) != 1) config.unsupported("`groups` has no meaning here, it must be 1");
  SeparableConvolution c{config.get_int({"filters", "nb_filter"}), parse_kernel(config, rank),
                         config.get_int({"depth_multiplier"}, 1), config.get_bool({"use_bias", "bias"}, true),
                         Activation::parse(config)};
  if (c.filters < 1 || c.depth_multiplier < 1) config.fail("`filters` and `depth_multiplier` must be 1 or more");
  return c;
}

Shapes infer_separable(const SeparableConvolution& c, const Shapes& in) {
  expect_inputs(in, 1);
  return {c.activation.infer(slide(c.window, in[0], c.filters))};
}

std::vector<WeightSpec> separable_weights(const SeparableConvolution& c, const Shapes& in) {
  const int64_t channels = in.at(0).last();
  Shape depthwise(c.window.size);
  depthwise.push_back(channels);
  depthwise.push_back(c.depth_multiplier);
  Shape pointwise(std::vector<int64_t>(c.window.rank(), 1));
  pointwise.push_back(channels * c.depth_multiplier);
  pointwise.push_back(c.filters);
  std::vector<WeightSpec> result{{"depthwise_kernel", depthwise}, {"pointwise_kernel", pointwise}};
  if (c.use_bias) result.push_back({"bias", {c.filters}});
  return result;
}

Values lower_separable(const SeparableConvolution& c, Lowering& lowering, const Values& in) {
  const bool is_sequence = c.window.rank() == 1;
  Value x = pad_ahead(lowering, in[0], c.window);
  Value depthwise = lowering.weight(0);
  Value pointwise = lowering.weight(1);
  if (is_sequence) {
    const Shape row{x.shape[0], 1, x.shape[1], x.shape[2]};
    x = expand_dims(lowering, "ExpandDims", x, 1);
    x.shape = row;
    depthwise = expand_dims(lowering, "ExpandDims_1", depthwise, 0);
    pointwise = expand_dims(lowering, "ExpandDims_2", pointwise, 0);
  }
  Value y =
      lower_depthwise(lowering, "separable_conv2d/depthwise", x, depthwise, is_sequence ? as_row(c.window) : c.window);
  y = lower_conv(lowering, "separable_conv2d", y, pointwise, {1, 1}, "VALID");
  if (c.use_bias) y = bias_add(lowering, y, lowering.weight(2));
  if (is_sequence) y = squeeze(lowering, "Squeeze", y, 1);
  y.shape = slide(c.window, in[0].shape, c.filters);
  return {c.activation.lower(lowering, y)};
}

Formulas separable_reference(const SeparableConvolution& c, const Arrays& weights, const Arrays& in) {
  const int64_t depth = in[0].shape().last() * c.depth_multiplier;
  const auto at = [=, window = c.window, filters = c.filters, use_bias = c.use_bias, x = in[0]](const Index& o) {
    double sum = use_bias ? weights[2].at_offset(o[-1]) : 0;
    for (int64_t k = 0; k < depth; ++k) {
      sum += depthwise_element(window, weights[0], x, o.with(-1, k)) * weights[1].at_offset(k * filters + o[-1]);
    }
    return sum;
  };
  const auto cost = static_cast<double>(depth * (c.window.n_cells() + 1));
  return {c.activation.reference({slide(c.window, in[0].shape(), c.filters), at, cost})};
}

}  // namespace hoarfrost::keras
