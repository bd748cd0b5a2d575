// The gradient of a convolution's bias is summed while that of its filter is: both read the same.
#include <map>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/links.h"
#include "runtime/kernels/convolution.h"

namespace hoarfrost::runtime {
namespace {

bool is_by_filter(const Operation& operation) {
  return operation.is("Conv2DBackpropFilter") || operation.is("Conv3DBackpropFilterV2") ||
         operation.is("DepthwiseConv2dNativeBackpropFilter");
}

}  // namespace

void fuse_bias_gradient(OperationList& list) {
  std::map<ValueId, size_t> filters, biases;  // by what they read
  std::vector<size_t> made_by(list.values.size(), 0);
  for (size_t i = 0; i < list.operations.size(); ++i) {
    const Operation& operation = list.operations[i];
    for (const ValueId id : operation.outputs) made_by[static_cast<size_t>(id)] = i;
    const bool is_last = operation.node->get_or<std::string>("data_format", "NHWC") == "NHWC";
    if (operation.is("BiasAddGrad") && is_last) biases.emplace(operation.inputs[0], i);
    if (is_by_filter(operation) && is_trained_convolution(operation, list)) filters.emplace(operation.inputs[2], i);
  }
  const Links links(list);  // takes out what is merged away
  for (const auto& [given, at] : filters) {
    const auto found = biases.find(given);
    if (found == biases.end()) continue;
    Operation& filter = list.operations[at];
    Operation& bias = list.operations[found->second];
    // At the place of the first of the two, where the convolution's input must be there.
    if (found->second < at && made_by[static_cast<size_t>(filter.inputs[0])] >= found->second) continue;
    filter.names.insert(filter.names.end(), bias.names.begin(), bias.names.end());
    filter.outputs.push_back(bias.outputs[0]);
    if (found->second < at) std::swap(filter, bias);
    list.operations[std::max(at, found->second)] = Operation();
  }
}

}  // namespace hoarfrost::runtime
