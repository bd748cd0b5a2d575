#include "runtime/batch_norm.h"

#include <cmath>

namespace hoarfrost::runtime {

std::optional<Affine> affine_of_batch_norm(const Operation& operation, const OperationList& list) {
  if (!operation.is("FusedBatchNorm") && !operation.is("FusedBatchNormV2") && !operation.is("FusedBatchNormV3"))
    return {};
  if (operation.node->get_or<bool>("is_training", true)) return {};
  const auto format = operation.node->get_or<std::string>("data_format", "NHWC");
  if (format != "NHWC" && format != "NDHWC") return {};
  for (size_t i = 1; i < operation.outputs.size(); ++i) {
    if (list.values[static_cast<size_t>(operation.outputs[i])].is_used) return {};  // the statistics are wanted too
  }
  std::vector<Reader> statistics;  // scale, offset, mean, variance
  for (size_t i = 1; i < 5; ++i) {
    const Value& value = list.values[static_cast<size_t>(operation.inputs.at(i))];
    if (!value.is_constant() || value.dtype != DType::kFloat32) return {};
    statistics.emplace_back(value.constant);
  }
  const double epsilon = operation.node->get_or<float>("epsilon", 1e-4F);  // the op's default
  Affine result;
  for (int64_t c = 0; c < statistics[0].shape().n_elements(); ++c) {
    const double scale = statistics[0][c] / std::sqrt(statistics[3][c] + epsilon);
    result.scale.push_back(static_cast<float>(scale));
    result.shift.push_back(static_cast<float>(statistics[1][c] - statistics[2][c] * scale));
  }
  return result;
}

}  // namespace hoarfrost::runtime
