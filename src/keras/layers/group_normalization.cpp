// GroupNormalization: gamma · (x − mean) / sqrt(variance + epsilon) + beta with the moments of each example's groups of
// channels (Wu and He 2018); groups -1 is one per channel. Keras 2.11 to 3.15; TensorFlow Addons 0.23, whose
// InstanceNormalization is that.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cmath>

#include "keras/layers/registry.h"
#include "keras/normalization.h"

namespace hoarfrost::keras {
namespace {

struct GroupNormalization {
  static constexpr bool kPassesMask = true;
  int64_t groups = 32;
  int64_t axis = -1;
  double epsilon = 1e-3;
  bool has_beta = true;
  bool has_gamma = true;

  static GroupNormalization parse(const Config& config) {
    GroupNormalization layer{config.get_int({"groups"}, 32), config.get_int({"axis"}, -1),
                             config.get_float({"epsilon"}, 1e-3), config.get_bool({"center"}, true),
                             config.get_bool({"scale"}, true)};
    if (config.class_name() == "Addons>InstanceNormalization") layer.groups = -1;  // whatever is written
    if (config.class_name().starts_with("Addons>") && layer.axis < -1) {
      config.unsupported(
          "TensorFlow Addons takes another axis than the one said when `axis` is below -1; count it from the first");
    }
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    const int64_t n_channels = in[0][channel_axis(in[0])];
    if (groups != -1 && (groups < 1 || n_channels % groups != 0)) {
      throw Error(
          ErrorCode::kMismatch, "",
          fmt::format("groups {} does not divide the {} channels of {}", groups, n_channels, in[0].to_string()));
    }
    return in;
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    const Shape shape{in[0][channel_axis(in[0])]};
    std::vector<WeightSpec> result;
    if (has_gamma) result.push_back({"gamma", shape});
    if (has_beta) result.push_back({"beta", shape});
    return result;
  }

  // The channel axis is split in [groups, channels of a group] and put together again.
  Values lower(Lowering& lowering, const Values& in) const {
    if (in[0].mask) {
      throw Error(
          ErrorCode::kUnsupported, lowering.scope(),
          "a GroupNormalization layer under a mask weighs its moments by it, which is not converted; remove the mask");
    }
    const Shape split = split_shape(in[0].shape);
    const int channel = channel_axis(in[0].shape);
    Value x = lowering.reshape(in[0], split);
    x.shape = split;
    std::vector<int64_t> along;
    for (int i = 1; i < split.rank(); ++i) {
      if (i != channel) along.push_back(i);
    }
    Shape weight_shape(std::vector<int64_t>(static_cast<size_t>(split.rank()), 1));
    weight_shape[channel] = split[channel];
    weight_shape[channel + 1] = split[channel + 1];
    size_t next = 0;
    const Moments moments = lower_moments(lowering, x, along);
    const Value gamma = has_gamma ? lowering.reshape(lowering.weight(next++), weight_shape) : Value{};
    const Value beta = has_beta ? lowering.reshape(lowering.weight(next), weight_shape) : Value{};
    return {lowering.reshape_like(lower_affine(lowering, x, moments, gamma, beta, epsilon), in[0], in[0].shape)};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const int channel = channel_axis(in[0].shape());
    const Shape& shape = in[0].shape();
    const int64_t n_in_group = shape[channel] / n_groups(shape);
    double n = static_cast<double>(n_in_group);
    std::vector<int64_t> others;
    for (int i = 1; i < shape.rank(); ++i) {
      if (i == channel) continue;
      others.push_back(i);
      n *= static_cast<double>(shape[i]);
    }
    const auto at = [x = in[0], w = weights, layer = *this, channel, others, n_in_group, n](const Index& o) {
      const int64_t first = o[channel] / n_in_group * n_in_group;
      const auto for_each_of_group = [&](const auto& visit) {
        for (int64_t c = first; c < first + n_in_group; ++c)
          for_each_along(others, x.shape(), o.with(channel, c), visit);
      };
      double sum = 0;
      for_each_of_group([&](const Index& i) { sum += x[i]; });
      const double mean = sum / n;
      double squares = 0;
      for_each_of_group([&](const Index& i) { squares += (x[i] - mean) * (x[i] - mean); });
      const double gamma = layer.has_gamma ? w[0].at_offset(o[channel]) : 1;
      const double beta = layer.has_beta ? w[layer.has_gamma ? 1 : 0].at_offset(o[channel]) : 0;
      return gamma * (x[o] - mean) / std::sqrt(squares / n + layer.epsilon) + beta;
    };
    return {{shape, at, 2 * n}};
  }

 private:
  int channel_axis(const Shape& x) const { return static_cast<int>(normalized_axes({axis}, x)[0]); }
  int64_t n_groups(const Shape& x) const { return groups == -1 ? x[channel_axis(x)] : groups; }

  Shape split_shape(const Shape& x) const {
    const int channel = channel_axis(x);
    Shape result;
    for (int i = 0; i < x.rank(); ++i) {
      if (i == channel) result.push_back(n_groups(x));
      result.push_back(i == channel ? x[i] / n_groups(x) : x[i]);
    }
    return result;
  }
};

}  // namespace

const LayerSpec layer_group_normalization =
    make_spec<GroupNormalization>("GroupNormalization", "Addons>GroupNormalization", "Addons>InstanceNormalization");

}  // namespace hoarfrost::keras
