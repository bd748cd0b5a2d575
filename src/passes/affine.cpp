#include "passes/affine.h"

#include <cmath>

#include "passes/edit.h"

namespace hoarfrost::passes {
namespace {

using graph::Endpoint;
using graph::Node;

bool is_real(const Tensor& tensor) { return tensor.dtype() == DType::kFloat32 || tensor.dtype() == DType::kFloat64; }

// One number for each channel, where the constant's shape broadcasts so.
std::optional<std::vector<double>> per_channel(const Endpoint& endpoint, const Channels& channels) {
  const Tensor* value = const_value(endpoint);
  if (value == nullptr || !is_real(*value) || value->shape().rank() > channels.rank) return std::nullopt;
  const int rank = value->shape().rank();
  const int channel_axis = channels.is_first ? rank - (channels.rank - 1) : rank - 1;
  for (int axis = 0; axis < rank; ++axis) {
    const int64_t expected = axis == channel_axis ? channels.n : 1;
    if (value->shape()[axis] != expected && value->shape()[axis] != 1) return std::nullopt;
  }
  const Reader reader(*value);
  const int64_t n = value->n_elements();
  if (n != 1 && n != channels.n) return std::nullopt;
  std::vector<double> result(static_cast<size_t>(channels.n));
  for (size_t i = 0; i < result.size(); ++i) result[i] = reader[n == 1 ? 0 : static_cast<int64_t>(i)];
  return result;
}

Affine identity(const Channels& channels) {
  const auto n = static_cast<size_t>(channels.n);
  return {std::vector<double>(n, 1.0), std::vector<double>(n, 0.0), false};
}

std::optional<Affine> batch_norm(const Node& node, const Endpoint& x, const Channels& channels) {
  if (node.get_or<bool>("is_training", true) || node.inputs.size() != 5 || node.inputs[0] != x) return std::nullopt;
  if ((node.get_or<std::string>("data_format", "NHWC") == "NCHW") != channels.is_first) return std::nullopt;
  std::vector<std::vector<double>> parameters;
  for (size_t i = 1; i < 5; ++i) {
    const Tensor* value = const_value(node.inputs[i]);
    if (value == nullptr || !is_real(*value) || value->shape() != Shape{channels.n}) return std::nullopt;
    const Reader reader(*value);
    auto& into = parameters.emplace_back();
    for (int64_t c = 0; c < channels.n; ++c) into.push_back(reader[c]);
  }
  const double epsilon = node.get_or<float>("epsilon", 1e-4F);  // TensorFlow's default
  Affine result = identity(channels);
  result.has_scale = true;
  for (size_t c = 0; c < result.scale.size(); ++c) {
    result.scale[c] = parameters[0][c] / std::sqrt(parameters[3][c] + epsilon);
    result.offset[c] = parameters[1][c] - parameters[2][c] * result.scale[c];
  }
  return result;
}

std::optional<Affine> arithmetic(const Node& node, const Endpoint& x, const Channels& channels) {
  if (node.inputs.size() != 2 || (node.inputs[0] == x) == (node.inputs[1] == x)) return std::nullopt;
  const bool is_left = node.inputs[0] == x;
  const auto constant = per_channel(node.inputs[is_left ? 1 : 0], channels);
  if (!constant) return std::nullopt;
  const auto& op = node.op();
  Affine result = identity(channels);
  result.has_scale = op == "Mul" || op == "RealDiv" || (op == "Sub" && !is_left);
  for (size_t c = 0; c < constant->size(); ++c) {
    const double value = (*constant)[c];
    if (op == "Mul")
      result.scale[c] = value;
    else if (op == "RealDiv" && is_left)
      result.scale[c] = 1 / value;
    else if (op == "Add" || op == "AddV2")
      result.offset[c] = value;
    else if (op == "Sub" && is_left)
      result.offset[c] = -value;
    else if (op == "Sub")
      result.scale[c] = -1, result.offset[c] = value;
    else
      return std::nullopt;
  }
  return result;
}

}  // namespace

Affine Affine::then(const Affine& other) const {
  Affine result = *this;
  result.has_scale = has_scale || other.has_scale;
  for (size_t c = 0; c < scale.size(); ++c) {
    result.scale[c] = scale[c] * other.scale[c];
    result.offset[c] = offset[c] * other.scale[c] + other.offset[c];
  }
  return result;
}

std::optional<Affine> affine_of(const Node& node, const Endpoint& x, const Channels& channels) {
  const auto& op = node.op();
  std::optional<Affine> result;
  if (op == "FusedBatchNorm" || op == "FusedBatchNormV2" || op == "FusedBatchNormV3") {
    result = batch_norm(node, x, channels);
  } else if (op == "BiasAdd") {
    const bool is_first = node.get_or<std::string>("data_format", "NHWC") == "NCHW";
    const auto bias = is_first == channels.is_first && node.inputs.size() == 2 && node.inputs[0] == x
                          ? per_channel(node.inputs[1], {channels.n, 1, false})
                          : std::nullopt;
    if (bias) result = identity(channels), result->offset = *bias;
  } else {
    result = arithmetic(node, x, channels);
  }
  if (!result) return std::nullopt;
  for (size_t c = 0; c < result->scale.size(); ++c) {
    if (!std::isfinite(result->scale[c]) || !std::isfinite(result->offset[c])) return std::nullopt;
  }
  return result;
}

}  // namespace hoarfrost::passes
