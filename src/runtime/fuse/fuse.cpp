#include "runtime/fuse/fuse.h"

#include "runtime/kernels/activation.h"
#include "runtime/kernels/convolution.h"

namespace hoarfrost::runtime {

#define FUSION(name) void fuse_##name(OperationList& list);
#include "runtime/fuse/fusions.def"
#undef FUSION

void fuse(OperationList& list) {
#define FUSION(name) fuse_##name(list);
#include "runtime/fuse/fusions.def"
#undef FUSION
  for (Operation& operation : list.operations) {
    if (operation.loop == nullptr) continue;
    auto lists = std::make_shared<LoopLists>(*operation.loop);
    fuse(lists->condition);
    fuse(lists->body);
    operation.loop = std::move(lists);
  }
}

bool takes_epilogue(const Operation& operation, const OperationList& list) {
  if (operation.is("Conv2D") || operation.is("Conv3D") || operation.is("DepthwiseConv2dNative")) {
    return is_convolution_of_constants(operation, list);
  }
  if (!operation.is("MatMul") || operation.node->get_or<bool>("transpose_a", false)) return false;
  const Value& input = list.values[static_cast<size_t>(operation.inputs[0])];
  const Value& weights = list.values[static_cast<size_t>(operation.inputs[1])];
  return weights.is_constant() && weights.dtype == DType::kFloat32 && !input.is_held() &&
         weights.shape.n_elements() > 0 && input.shape.n_elements() > 0;
}

std::optional<Activation> fusable_activation(const Operation& operation) {
  for (const char* op : {"Relu", "Relu6", "Elu", "Sigmoid", "Tanh", "LeakyRelu"}) {
    if (operation.is(op)) return activation_of(*operation.node);
  }
  return {};
}

std::vector<float> per_channel(const Value& constant, const Shape& shape) {
  if (!constant.is_constant() || constant.dtype != DType::kFloat32 || shape.rank() == 0) return {};
  const int64_t n_channels = shape.last();
  const bool is_scalar = constant.shape.n_elements() == 1;
  const bool is_vector = constant.shape.rank() > 0 && constant.shape.rank() <= shape.rank() &&
                         constant.shape.last() == n_channels && constant.shape.n_elements() == n_channels;
  if ((!is_scalar && !is_vector) || constant.shape.rank() > shape.rank()) return {};
  std::vector<float> result;
  const Tensor aligned = constant.constant.aligned();
  const auto values = aligned.values<float>();
  for (int64_t c = 0; c < n_channels; ++c) result.push_back(values[is_scalar ? 0 : static_cast<size_t>(c)]);
  return result;
}

}  // namespace hoarfrost::runtime
