#include "runtime/kernels/tensor_at.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cstring>

namespace hoarfrost::runtime {

Tensor tensor_at(const Value& value, void* memory) {
  if (value.is_held()) return *static_cast<Tensor*>(memory);
  const auto n_bytes = static_cast<size_t>(value.shape.n_elements()) * dtype_size(value.dtype);
  return {value.dtype, value.shape, {static_cast<const std::byte*>(memory), n_bytes}, nullptr};
}

void store(const Tensor& tensor, const Value& value, void* memory, const graph::Node& node) {
  if (value.is_held()) {
    *static_cast<Tensor*>(memory) = tensor;
    return;
  }
  if (tensor.shape() != value.shape) {
    throw Error(ErrorCode::kMismatch, fmt::format("node `{}`", node.name()),
                fmt::format("{}: expected an output of shape {}, found {}", node.op(), value.shape.to_string(),
                            tensor.shape().to_string()));
  }
  if (memory != nullptr && tensor.n_bytes() > 0) std::memcpy(memory, tensor.bytes().data(), tensor.n_bytes());
}

}  // namespace hoarfrost::runtime
