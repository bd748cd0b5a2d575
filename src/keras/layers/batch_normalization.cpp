// BatchNormalization: y = gamma · (x − moving_mean) / sqrt(moving_variance + epsilon) + beta, channel by channel
// (Ioffe and Szegedy 2015). Keras 0.2 to 3.15; several axes are normalised together as in tf.keras.
// In training by the batch's statistics, of all processes that share it, toward which the moving ones go.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "keras/layers/registry.h"
#include "keras/normalization.h"
#include "keras/sample_normalization.h"

namespace hoarfrost::keras {
namespace {

struct BatchNormalization {
  static constexpr bool kPassesMask = true;
  std::vector<int64_t> axes{-1};
  double epsilon = 1e-3;
  bool has_beta = true;
  bool has_gamma = true;
  double momentum = 0.99;                        // of the moving statistics, in training
  std::optional<SampleNormalization> of_sample;  // mode 1

  static BatchNormalization parse(const Config& config) {
    config.ignore({"synchronized", "fused", "renorm_clipping", "renorm_momentum"});
    if (config.get_bool({"renorm"}, false)) config.unsupported("renorm (batch renormalization) is not converted");
    if (config.find({"virtual_batch_size"}) != nullptr) config.unsupported("virtual_batch_size is not converted");
    if (config.find({"adjustment"}) != nullptr)
      config.unsupported("adjustment is a function that the file does not hold");
    BatchNormalization layer{config.get_list({"axis"}, std::vector<int64_t>{-1}),
                             config.get_float({"epsilon"}, 1e-3),
                             config.get_bool({"center"}, true),
                             config.get_bool({"scale"}, true),
                             config.get_float({"momentum"}, 0.99),
                             {}};
    const int64_t mode = config.get_int({"mode"}, 0);  // Keras 0.x and 1
    if (mode == 2)
      config.unsupported(
          "mode 2 normalises by the statistics of the batch at inference too, which no frozen graph does");
    if (mode < 0 || mode > 2) config.fail(fmt::format("`mode` must be 0, 1 or 2, found {}", mode));
    const Version version = config.version();
    if (mode == 1)
      layer.of_sample = {layer.epsilon, version > Version{1, 0} || (version == Version{1, 0} && version.patch >= 5)};
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    const std::vector<int> along = normalized_axes(in[0]);
    if (of_sample && along != std::vector<int>{in[0].rank() - 1}) {
      throw Error(ErrorCode::kUnsupported, "", "mode 1 normalises along the last axis: `axis` must be it");
    }
    return in;
  }

  // [channels], or with several axes their sizes among ones.
  std::vector<WeightSpec> weights(const Shapes& in) const {
    const Shape shape = weight_shape(in[0]);
    std::vector<WeightSpec> result;
    if (has_gamma) result.push_back({"gamma", shape});
    if (has_beta) result.push_back({"beta", shape});
    result.push_back({"moving_mean", shape, false});
    result.push_back({"moving_variance", shape, false});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    size_t next = 0;
    Value gamma = has_gamma ? lowering.weight(next++) : Value{};
    Value beta = has_beta ? lowering.weight(next++) : Value{};
    Value mean = lowering.weight(next);
    Value variance = lowering.weight(next + 1);
    for (Value* weight : {&gamma, &beta, &mean, &variance}) {
      if (!weight->tensor || weight->dtype == x.dtype) continue;
      const Value cast =
          lowering.raw_op("Cast", "Cast", {*weight}, x.dtype, {{"SrcT", weight->dtype}, {"DstT", x.dtype}});
      *weight = {cast.tensor, x.dtype, weight->shape, {}};
    }
    if (of_sample) return {lower_sample_normalization(*of_sample, lowering, x, gamma, beta)};
    const bool is_training = lowering.is_training() && lowering.is_trainable();
    const bool is_last = axes.size() == 1 && normalized_axes(x.shape)[0] == x.shape.rank() - 1;
    if (is_last && x.shape.rank() == 4 && x.dtype == DType::kFloat32) {
      if (!has_gamma) gamma = constant_vector(lowering, x.shape.last(), 1);
      if (!has_beta) beta = constant_vector(lowering, x.shape.last(), 0);
      Attributes attributes{
          {"epsilon", static_cast<float>(epsilon)}, {"data_format", std::string("NHWC")}, {"is_training", is_training}};
      if (is_training && lowering.group_size() > 1)
        attributes.emplace_back("group_size", int64_t{lowering.group_size()});
      const Value y = lowering.op("FusedBatchNorm", {x, gamma, beta, mean, variance}, attributes);
      if (is_training) {
        move(lowering, next, {{y.tensor.node, 1}, x.dtype});
        move(lowering, next + 1, {{y.tensor.node, 2}, x.dtype});  // unbiased, as the fused kernel of tf.keras has it
      }
      return {y};
    }
    if (is_training) std::tie(mean, variance) = batch_statistics(lowering, x, next);
    if (axes.size() == 1 && !is_last) {
      for (Value* weight : {&gamma, &beta, &mean, &variance}) {
        if (weight->tensor) *weight = lowering.reshape(*weight, broadcast_shape(x.shape));
      }
    }
    return {lower_affine(lowering, x, {mean, variance}, gamma, beta, epsilon)};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    if (of_sample) return {sample_normalization_reference(*of_sample, weights, in[0])};
    const size_t i_beta = has_gamma ? 1 : 0;
    const size_t i_mean = i_beta + (has_beta ? 1 : 0);
    const auto at = [x = in[0], w = weights, layer = *this, channel_axes = normalized_axes(in[0].shape()), i_beta,
                     i_mean](const Index& o) {
      // All weights have one shape: the channel's place in it is that of the position along the axes.
      int64_t channel = 0;
      for (const int axis : channel_axes) channel = channel * x.size(axis) + o[axis];
      const double gamma = layer.has_gamma ? w[0].at_offset(channel) : 1;
      const double beta = layer.has_beta ? w[i_beta].at_offset(channel) : 0;
      const double deviation = std::sqrt(w[i_mean + 1].at_offset(channel) + layer.epsilon);
      return gamma * (x[o] - w[i_mean].at_offset(channel)) / deviation + beta;
    };
    return {{in[0].shape(), at, 3}};
  }

 private:
  // Counted from the first, ascending.
  std::vector<int> normalized_axes(const Shape& x) const {
    std::vector<int> result;
    for (const int64_t axis : axes) result.push_back(static_cast<int>(x.normalized(static_cast<int>(axis))));
    std::ranges::sort(result);
    for (const int axis : result) {
      if (axis == 0 || x[axis] == kUnknown) {
        throw Error(ErrorCode::kUnsupported, "",
                    "cannot normalise axis " + std::to_string(axis) + " of " + x.to_string() +
                        ": its size must be known; give --input-shape");
      }
    }
    return result;
  }

  // Ones, but for the normalised axes.
  Shape broadcast_shape(const Shape& x) const {
    Shape result(std::vector<int64_t>(static_cast<size_t>(x.rank()), 1));
    for (const int axis : normalized_axes(x)) result[axis] = x[axis];
    return result;
  }

  Shape weight_shape(const Shape& x) const {
    return axes.size() == 1 ? Shape{x[normalized_axes(x)[0]]} : broadcast_shape(x);
  }

  // The weight i moves toward the batch's value: moving − (moving − value) · (1 − momentum).
  void move(Lowering& lowering, size_t i, const Value& value) const {
    const Value moving = lowering.weight(i);
    const Value way = lowering.named_op("AssignMovingAvg/sub", "Sub", {moving, value});
    const Value step = lowering.named_op("AssignMovingAvg/mul", "Mul",
                                         {way, lowering.scalar("AssignMovingAvg/decay", 1 - momentum, moving)});
    lowering.update(i, lowering.named_op("AssignMovingAvg", "Sub", {moving, step}));
  }

  // tf.nn.moments over all axes but the normalised ones, in the weights' shape: biased, for moving statistics too.
  std::pair<Value, Value> batch_statistics(Lowering& lowering, const Value& x, size_t i_mean) const {
    std::vector<int64_t> reduced;
    const std::vector<int> kept = normalized_axes(x.shape);
    for (int axis = 0; axis < x.shape.rank(); ++axis) {
      if (std::ranges::find(kept, axis) == kept.end()) reduced.push_back(axis);
    }
    const Value all = lowering.ints("moments/axes", reduced);
    const auto mean_of = [&](const Value& values) {
      return lowering.mean_over_group(
          lowering.named_op("moments/mean", "Mean", {values, all}, {{"keep_dims", true}, {"Tidx", DType::kInt32}}));
    };
    Value mean = mean_of(x);
    Value variance = mean_of(lowering.named_op("moments/SquaredDifference", "SquaredDifference", {x, mean}));
    const Shape shape = weight_shape(x.shape);
    mean = lowering.reshape(mean, shape);
    variance = lowering.reshape(variance, shape);
    move(lowering, i_mean, mean);
    move(lowering, i_mean + 1, variance);
    return {mean, variance};
  }

  static Value constant_vector(Lowering& lowering, int64_t n, float value) {
    return lowering.constant("Const", Tensor::vector(std::vector<float>(static_cast<size_t>(n), value)));
  }
};

}  // namespace

const LayerSpec layer_batch_normalization =
    make_spec<BatchNormalization>("BatchNormalization", "SyncBatchNormalization");

}  // namespace hoarfrost::keras
