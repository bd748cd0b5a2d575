// The gradient of a convolution's output, which comes from BatchNormalization with its pool, is the largest value of a
// step, and only the convolution's own gradients read it: they are made image by image where it is (kernels/
// convolution_gradients.cpp), and it is never written.
#include <set>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/recurrent_step.h"
#include "runtime/kernels/convolution_block.h"

namespace hoarfrost::runtime {
namespace {

using Sizes = std::vector<int64_t>;

// The operations that read a batch norm's gradient, by place in the list; by_input: -1 where there is none.
struct GradientsMatch {
  int batch_norm, by_filter, by_input;
};

bool have_equal_windows(const graph::Node& a, const graph::Node& b) {
  const auto is_equal = [&](const char* key) { return a.get_or<Sizes>(key, {}) == b.get_or<Sizes>(key, {}); };
  return a.get_or<std::string>("padding", "") == b.get_or<std::string>("padding", "") && is_equal("strides") &&
         is_equal("dilations") && is_equal("explicit_paddings");
}

// By the filter and to the input that by_filter has.
bool is_its_by_input(const Readers& readers, const Operation& operation, const Operation& by_filter) {
  const auto shape = [&](ValueId id) -> const Shape& { return readers.value(id).shape; };
  return operation.is("Conv2DBackpropInput") && operation.is_plain() && operation.inputs[2] == by_filter.inputs[2] &&
         have_equal_windows(*operation.node, *by_filter.node) &&
         operation.node->get_or<std::string>("data_format", "NHWC") == "NHWC" &&
         readers.value(operation.inputs[1]).dtype == DType::kFloat32 &&
         shape(operation.inputs[1]) == shape(by_filter.outputs[0]) &&
         shape(operation.outputs[0]) == shape(by_filter.inputs[0]);
}

std::optional<GradientsMatch> match(const Readers& readers, const OperationList& list, int i) {
  const Operation& batch_norm = readers.operation(i);
  if (batch_norm.pool == nullptr || !batch_norm.op().starts_with("FusedBatchNormGrad")) return {};
  const ValueId dx = batch_norm.outputs[0];
  const auto& all = readers.readers(dx);
  if (readers.value(dx).is_fetched || all.empty() || all.size() > 2) return {};
  GradientsMatch found{i, -1, -1};
  for (const int reader : all) {
    const Operation& operation = readers.operation(reader);
    if (operation.is("Conv2DBackpropFilter") && operation.inputs[2] == dx) found.by_filter = reader;
  }
  if (found.by_filter < 0) return {};
  const Operation& by_filter = readers.operation(found.by_filter);
  for (const int reader : all) {
    if (is_its_by_input(readers, readers.operation(reader), by_filter)) found.by_input = reader;
  }
  const bool has_input = found.by_input >= 0;
  if (all.size() != (has_input ? 2U : 1U) || readers.producer(by_filter.inputs[0]) > i) return {};
  if (has_input && readers.producer(readers.operation(found.by_input).inputs[1]) > i) return {};
  if (!takes_block_gradients(by_filter, dx, has_input, list)) return {};
  return found;
}

}  // namespace

void fuse_convolution_gradients(OperationList& list) {
  std::vector<GradientsMatch> matches;
  const Readers readers(list);
  for (int i = 0; i < static_cast<int>(list.operations.size()); ++i) {
    if (const auto found = match(readers, list, i)) matches.push_back(*found);
  }
  std::set<size_t> merged;
  for (const GradientsMatch& found : matches) {
    const auto at = [&](int i) -> Operation& { return list.operations[static_cast<size_t>(i)]; };
    Operation& batch_norm = at(found.batch_norm);
    const auto take = [&](int i) {
      batch_norm.names.insert(batch_norm.names.begin(), at(i).names.begin(), at(i).names.end());
      merged.insert(static_cast<size_t>(i));
    };
    const Operation& by_filter = at(found.by_filter);
    batch_norm.convolution = by_filter.node;
    batch_norm.inputs.push_back(by_filter.inputs[0]);
    batch_norm.outputs[0] = by_filter.outputs[0];
    if (found.by_input >= 0) {
      batch_norm.inputs.push_back(at(found.by_input).inputs[1]);
      batch_norm.outputs.push_back(at(found.by_input).outputs[0]);
      take(found.by_input);
    }
    if (by_filter.outputs.size() > 1) batch_norm.outputs.push_back(by_filter.outputs[1]);
    take(found.by_filter);
  }
  size_t i = 0;
  std::erase_if(list.operations, [&](const Operation&) { return merged.contains(i++); });
}

}  // namespace hoarfrost::runtime
