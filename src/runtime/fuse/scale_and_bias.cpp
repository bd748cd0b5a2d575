// What stands behind a convolution or a dense layer and is linear per channel goes into its weights and bias; an
// activation after it into its post-ops:
//   conv + BiasAdd | + Add c | + Sub c | * Mul c | FusedBatchNorm … + Relu
// A BatchNormalization behind an activation is left alone: SAME pads zeros after it, so it cannot go forward either.
#include <algorithm>

#include "runtime/batch_norm.h"
#include "runtime/fuse/fuse.h"
#include "runtime/fuse/links.h"

namespace hoarfrost::runtime {
namespace {

// The multiply-add that an operation is, and which of its inputs the variable one is.
struct Linear {
  Affine affine;
  ValueId input;
};

std::optional<Linear> linear(const Operation& operation, const OperationList& list) {
  if (auto affine = affine_of_batch_norm(operation, list)) return Linear{std::move(*affine), operation.inputs[0]};
  const auto is_any = [&](auto... ops) { return (operation.is(ops) || ...); };
  if (!is_any("BiasAdd", "BiasAddV1", "Add", "AddV2", "Sub", "Mul")) return {};
  if (operation.node->get_or<std::string>("data_format", "NHWC").starts_with("NC")) return {};
  const auto value = [&](size_t i) -> const Value& { return list.values[static_cast<size_t>(operation.inputs[i])]; };
  const Shape& shape = list.values[static_cast<size_t>(operation.outputs[0])].shape;
  const size_t i = is_any("Add", "AddV2", "Mul") && value(0).is_constant() ? 1 : 0;  // the variable one
  if (value(i).is_constant() || value(i).shape != shape || !shape.is_static()) return {};
  std::vector<float> constant = per_channel(value(1 - i), shape);
  if (constant.empty()) return {};
  const size_t n = constant.size();
  if (operation.is("Mul")) return Linear{{std::move(constant), std::vector<float>(n, 0.0F)}, operation.inputs[i]};
  if (operation.is("Sub")) std::ranges::transform(constant, constant.begin(), std::negate());
  return Linear{{std::vector<float>(n, 1.0F), std::move(constant)}, operation.inputs[i]};
}

bool is_identity(const std::vector<float>& scale) {
  return std::ranges::all_of(scale, [](float s) { return s == 1.0F; });
}

// (x * scale + bias) * a + b
void compose(Operation& operation, const Affine& affine) {
  const size_t n = affine.scale.size();
  if (operation.bias.empty()) operation.bias.assign(n, 0.0F);
  if (operation.scale.empty() && !is_identity(affine.scale)) operation.scale.assign(n, 1.0F);
  for (size_t c = 0; c < n; ++c) {
    if (!operation.scale.empty()) operation.scale[c] *= affine.scale[c];
    operation.bias[c] = operation.bias[c] * affine.scale[c] + affine.shift[c];
  }
}

}  // namespace

void fuse_scale_and_bias(OperationList& list) {
  Links links(list);
  for (size_t i = 0; i < links.size(); ++i) {
    Operation* operation = links.operation(i);
    if (operation == nullptr || operation->inputs.empty()) continue;
    if (const auto found = linear(*operation, list)) {
      Operation* before = links.sole_producer(found->input);
      if (before == nullptr || !takes_epilogue(*before, list) || before->activation || before->addend) continue;
      compose(*before, found->affine);
      links.merge(*before, *operation);
    } else if (const auto activation = fusable_activation(*operation)) {
      Operation* before = links.sole_producer(operation->inputs[0]);
      if (before == nullptr || !takes_epilogue(*before, list) || before->activation) continue;
      before->activation = activation;
      links.merge(*before, *operation);
    }
  }
}

}  // namespace hoarfrost::runtime
