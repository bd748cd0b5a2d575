// A convolution or a matrix product whose weights are no constants takes the bias behind it, no constant either, and
// the relu behind that.
#include "runtime/fuse/fuse.h"
#include "runtime/fuse/links.h"
#include "runtime/kernels/convolution.h"
#include "runtime/kernels/matmul.h"

namespace hoarfrost::runtime {
namespace {

bool takes_bias(const Operation& operation, const OperationList& list) {
  if (takes_epilogue(operation, list)) return false;  // a constant one, by scale_and_bias
  const bool is_forward = operation.is("Conv2D") || operation.is("Conv3D") || operation.is("DepthwiseConv2dNative");
  return is_forward ? is_trained_convolution(operation, list) : is_trained_product(operation, list);
}

}  // namespace

void fuse_trained_bias(OperationList& list) {
  Links links(list);
  for (size_t i = 0; i < links.size(); ++i) {
    Operation* operation = links.operation(i);
    if (operation == nullptr) continue;
    if (operation->is("BiasAdd") || operation->is("BiasAddV1")) {
      const Value& bias = links.value(operation->inputs[1]);
      if (operation->node->get_or<std::string>("data_format", "NHWC") != "NHWC" || bias.dtype != DType::kFloat32)
        continue;
      Operation* before = links.sole_producer(operation->inputs[0]);
      if (before == nullptr || !before->is_plain() || !takes_bias(*before, list)) continue;
      before->bias_value = operation->inputs[1];
      links.merge(*before, *operation);
    } else if (operation->is("Relu")) {
      Operation* before = links.sole_producer(operation->inputs[0]);
      if (before == nullptr || !before->bias_value || before->activation) continue;
      before->activation = fusable_activation(*operation);
      links.merge(*before, *operation);
    }
  }
}

}  // namespace hoarfrost::runtime
