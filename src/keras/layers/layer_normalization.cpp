// LayerNormalization: gamma · (x − mean) / sqrt(variance + epsilon) + beta, with each example's own moments along the
// axes (Ba, Kiros and Hinton 2016). Keras 2.3 to 3.15.
#include <cmath>

#include "keras/layers/registry.h"
#include "keras/normalization.h"

namespace hoarfrost::keras {
namespace {

struct LayerNormalization {
  static constexpr bool kPassesMask = true;
  std::vector<int64_t> axes;
  double epsilon = 1e-3;
  bool has_beta = true;
  bool has_gamma = true;

  static LayerNormalization parse(const Config& config) {
    if (config.get_bool({"rms_scaling"}, false)) {
      config.unsupported(
          "rms_scaling (early Keras 3's division by the deviation alone) is not converted; RMSNormalization is");
    }
    return {config.get_list({"axis"}, std::vector<int64_t>{-1}), config.get_float({"epsilon"}, 1e-3),
            config.get_bool({"center"}, true), config.get_bool({"scale"}, true)};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    (void)normalized_axes(axes, in[0]);
    return in;
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    const Shape shape = sizes_along(normalized_axes(axes, in[0]), in[0]);
    std::vector<WeightSpec> result;
    if (has_gamma) result.push_back({"gamma", shape});
    if (has_beta) result.push_back({"beta", shape});
    return result;
  }

  // Keras 2.15's unfused path; its fused one is the same function through FusedBatchNorm in training, which few readers
  // of graphs know.
  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    const std::vector<int64_t> along = normalized_axes(axes, x.shape);
    size_t next = 0;
    Value gamma = has_gamma ? lowering.weight(next++) : Value{};
    Value beta = has_beta ? lowering.weight(next) : Value{};
    const Moments moments = lower_moments(lowering, x, along);
    if (!are_last(along, x.shape)) {
      for (Value* weight : {&gamma, &beta}) {
        if (weight->tensor) *weight = lowering.reshape(*weight, broadcast_along(along, x.shape));
      }
    }
    return {lower_affine(lowering, x, moments, gamma, beta, epsilon)};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const std::vector<int64_t> along = normalized_axes(axes, in[0].shape());
    const auto n = static_cast<double>(sizes_along(along, in[0].shape()).n_elements());
    const auto at = [x = in[0], w = weights, layer = *this, along, n](const Index& o) {
      double sum = 0;
      for_each_along(along, x.shape(), o, [&](const Index& i) { sum += x[i]; });
      const double mean = sum / n;
      double squares = 0;
      for_each_along(along, x.shape(), o, [&](const Index& i) { squares += (x[i] - mean) * (x[i] - mean); });
      const int64_t place = offset_along(along, x.shape(), o);
      const double gamma = layer.has_gamma ? w[0].at_offset(place) : 1;
      const double beta = layer.has_beta ? w[layer.has_gamma ? 1 : 0].at_offset(place) : 0;
      return gamma * (x[o] - mean) / std::sqrt(squares / n + layer.epsilon) + beta;
    };
    return {{in[0].shape(), at, 2 * n}};
  }
};

}  // namespace

const LayerSpec layer_layer_normalization = make_spec<LayerNormalization>("LayerNormalization");

}  // namespace hoarfrost::keras
