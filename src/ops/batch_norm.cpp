// FusedBatchNorm, V2 and V3: y = (x - mean) * scale / sqrt(variance + epsilon) + offset per channel (TensorFlow 2.15's
// fused_batch_norm_op.cc). In V2 and V3 the statistics are float32 whatever x is. In training they are the batch's own.
#include "ops/batch_norm.h"

#include <cmath>

#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

int channel_axis(const Node& node, int rank) {
  const auto format = node.get_or<std::string>("data_format", "NHWC");
  if (format == "NHWC" || format == "NDHWC") return rank - 1;
  if (format == "NCHW" || format == "NCDHW") return 1;
  unsupported(node, "expected data_format NHWC, NCHW, NDHWC or NCDHW, found {}", format);
}

// y; batch_mean and batch_variance, which are the inputs at inference; reserve_space_1, _2 and in V3 _3, which
// TensorFlow leaves uninitialized then and which are the inputs and 0 here. In training batch_variance is unbiased (n -
// 1), and the reserve spaces are the mean and the biased variance, by which y was made. In training mean and variance
// may be empty.
std::vector<Known> infer_batch_norm(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 5);
  const bool is_training = node.get_or<bool>("is_training", true);
  if (is_training && node.get_or<float>("exponential_avg_factor", 1.0F) != 1.0F) {
    unsupported(node, "exponential_avg_factor is not 1");
  }
  need_same_type(node, inputs, 1);
  Shape x = inputs[0].shape;
  int64_t channels = kUnknown;
  for (size_t i = 1; i < 5; ++i) {
    if (is_training && i > 2) break;
    channels =
        merged(node, channels, shape_of_rank(node, inputs, i, 1)[0], "scale, offset, mean and variance of one length,");
  }
  if (x.has_rank()) {
    if (x.rank() < 4 || x.rank() > 5) mismatch(node, "expected an input of 4 or 5 axes, found {}", x.to_string());
    const int axis = channel_axis(node, x.rank());
    x[axis] = channels = merged(node, channels, x[axis], "channels, as scale has, being");
  }
  const Known statistic = of_type(inputs[1].dtype, {channels});
  std::vector<Known> outputs{of_type(inputs[0].dtype, x), statistic, statistic, statistic, statistic};
  if (node.op() == "FusedBatchNormV3") outputs.push_back(of_type(inputs[1].dtype, {}));
  return outputs;
}

// What inference comes to: y = x * slope + start for each channel.
struct Line {
  double slope, start;
};

template <typename T>
void normalize(const Tensor& x, Tensor& y, int axis, const std::vector<Line>& lines) {
  Sizes channel_strides(static_cast<size_t>(x.shape().rank()), 0);
  channel_strides[static_cast<size_t>(axis)] = 1;
  const T* from = x.values<T>().data();
  T* to = y.mutable_values<T>().data();
  for_each_run<2>(x.shape().sizes(), {strides_of(x.shape()), channel_strides},
                  [&](const auto& offsets, const auto& steps, int64_t n) {
                    to = zip_run(
                        to, n, from + offsets[0], steps[0], lines.data() + offsets[1], steps[1],
                        [](T value, const Line& line) { return static_cast<double>(value) * line.slope + line.start; });
                  });
}

// The batch's mean and biased variance for each channel, the last axis.
struct Statistics {
  std::vector<double> mean, variance;
  double n = 0;  // elements of a channel
};
Statistics statistics_of(const Node& node, const Tensor& x, int axis) {
  if (axis != x.shape().rank() - 1) unsupported(node, "expected data_format NHWC in training");
  const auto n_channels = static_cast<size_t>(x.shape().last());
  Statistics s{std::vector<double>(n_channels, 0.0), std::vector<double>(n_channels, 0.0)};
  if (x.n_elements() == 0) return s;
  s.n = static_cast<double>(x.n_elements()) / static_cast<double>(n_channels);
  with_floats(node, x.dtype(), [&]<typename T>() {
    const auto values = x.values<T>();
    for (size_t i = 0; i < values.size(); ++i) s.mean[i % n_channels] += static_cast<double>(values[i]);
    for (double& mean : s.mean) mean /= s.n;
    for (size_t i = 0; i < values.size(); ++i) {
      const double centred = static_cast<double>(values[i]) - s.mean[i % n_channels];
      s.variance[i % n_channels] += centred * centred;
    }
  });
  for (double& variance : s.variance) variance /= s.n;
  return s;
}

Tensor as_tensor(const std::vector<double>& values, DType dtype) { return Tensor::vector(values).cast(dtype); }

std::vector<Tensor> train(const Node& node, const Tensor& x, Tensors inputs, const std::vector<Known>& outputs) {
  const int axis = channel_axis(node, x.shape().rank());
  const Statistics s = statistics_of(node, x, axis);
  const Reader scale(inputs[1]), offset(inputs[2]);
  const double epsilon = node.get_or<float>("epsilon", kDefaultEpsilon);
  std::vector<Line> lines(s.mean.size());
  std::vector<double> unbiased = s.variance;
  for (size_t c = 0; c < lines.size(); ++c) {
    lines[c].slope = scale[static_cast<int64_t>(c)] / std::sqrt(s.variance[c] + epsilon);
    lines[c].start = offset[static_cast<int64_t>(c)] - s.mean[c] * lines[c].slope;
    if (s.n > 1) unbiased[c] *= s.n / (s.n - 1);
  }
  Tensor y = allocate(node, of_type(x.dtype(), outputs[0].shape));
  with_floats(node, x.dtype(), [&]<typename T>() { normalize<T>(x, y, axis, lines); });
  const DType dtype = outputs[1].dtype;
  std::vector<Tensor> result{y, as_tensor(s.mean, dtype), as_tensor(unbiased, dtype), as_tensor(s.mean, dtype),
                             as_tensor(s.variance, dtype)};
  if (outputs.size() == 6) result.push_back(allocate(node, outputs[5]));
  return result;
}

std::vector<Tensor> batch_norm(const Node& node, Tensors inputs) {
  const auto outputs = infer_batch_norm(node, known(inputs));
  const bool is_narrow = is_half(inputs[0].dtype());
  const Tensor x = is_narrow ? inputs[0].cast(DType::kFloat32) : inputs[0];
  if (node.get_or<bool>("is_training", true)) {
    auto result = train(node, x, inputs, outputs);
    if (is_narrow) result[0] = result[0].cast(inputs[0].dtype());
    return result;
  }
  Tensor y = allocate(node, of_type(x.dtype(), outputs[0].shape));
  const Reader scale(inputs[1]), offset(inputs[2]), mean(inputs[3]), variance(inputs[4]);
  const auto n_channels = static_cast<size_t>(inputs[1].n_elements());
  const double epsilon = node.get_or<float>("epsilon", kDefaultEpsilon);
  std::vector<Line> lines(n_channels);
  for (size_t c = 0; c < n_channels; ++c) {
    const auto i = static_cast<int64_t>(c);
    lines[c].slope = scale[i] / std::sqrt(variance[i] + epsilon);
    lines[c].start = offset[i] - mean[i] * lines[c].slope;
  }
  with_floats(node, x.dtype(), [&]<typename T>() { normalize<T>(x, y, channel_axis(node, x.shape().rank()), lines); });
  std::vector<Tensor> result{is_narrow ? y.cast(inputs[0].dtype()) : y, inputs[3], inputs[4], inputs[3], inputs[4]};
  if (outputs.size() == 6) result.push_back(allocate(node, outputs[5]));
  return result;
}

}  // namespace

std::span<const OpSpec> batch_norm_ops() {
  static constexpr OpSpec kOps[] = {
      {"FusedBatchNorm", infer_batch_norm, batch_norm},
      {"FusedBatchNormV2", infer_batch_norm, batch_norm},
      {"FusedBatchNormV3", infer_batch_norm, batch_norm},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
