// SpaceToBatchND + VALID convolution + BatchToSpaceND is how TensorFlow 1.x wrote a dilated convolution: it becomes one
// again. Input positions o + k * dilation - pad_before, as TensorFlow's nn.with_space_to_batch documents it.
#include "runtime/fuse/fuse.h"
#include "runtime/fuse/links.h"

namespace hoarfrost::runtime {
namespace {

std::vector<int64_t> integers(const Value& value) {
  std::vector<int64_t> result;
  if (!value.is_constant()) return result;
  const Reader reader(value.constant);
  for (int64_t i = 0; i < value.constant.n_elements(); ++i) result.push_back(static_cast<int64_t>(reader[i]));
  return result;
}

struct Dilation {
  std::vector<int64_t> rates;
  std::vector<std::pair<int64_t, int64_t>> paddings;
};

std::optional<Dilation> dilation_of(const Operation& to_batch, const Operation& convolution, const Operation& to_space,
                                    const Links& links) {
  const auto rates = integers(links.value(to_batch.inputs[1]));
  const auto pads = integers(links.value(to_batch.inputs[2]));
  const auto crops = integers(links.value(to_space.inputs[2]));
  const size_t n_spatial = static_cast<size_t>(links.value(to_batch.inputs[0]).shape.rank()) - 2;
  if (rates.size() != n_spatial || pads.size() != 2 * n_spatial || crops.size() != 2 * n_spatial) return {};
  if (rates != integers(links.value(to_space.inputs[1]))) return {};
  for (const int64_t stride : convolution.node->get_or<std::vector<int64_t>>("strides", {})) {
    if (stride != 1) return {};
  }
  for (const int64_t rate : convolution.node->get_or<std::vector<int64_t>>("dilations", {})) {
    if (rate != 1) return {};
  }
  Dilation result{rates, {}};
  for (size_t i = 0; i < n_spatial; ++i) {
    // What the crops take away at the end was there only to make the size a multiple of the rate.
    const int64_t after = pads[2 * i + 1] - crops[2 * i + 1];
    if (crops[2 * i] != 0 || after < 0) return {};
    result.paddings.emplace_back(pads[2 * i], after);
    const auto axis = static_cast<int>(i);
    const int64_t reach = (links.value(convolution.inputs[1]).shape[axis] - 1) * rates[i] + 1;
    const int64_t padded = links.value(to_batch.inputs[0]).shape[axis + 1] + pads[2 * i] + after;
    if (padded - reach + 1 != links.value(to_space.outputs[0]).shape[axis + 1]) return {};
  }
  return result;
}

}  // namespace

void fuse_dilation(OperationList& list) {
  Links links(list);
  for (size_t i = 0; i < links.size(); ++i) {
    Operation* to_space = links.operation(i);
    if (to_space == nullptr || !to_space->is("BatchToSpaceND")) continue;
    Operation* convolution = links.sole_producer(to_space->inputs[0]);
    if (convolution == nullptr || convolution->is("MatMul") || !takes_epilogue(*convolution, list)) continue;
    if (convolution->node->get<std::string>("padding") != "VALID" || !convolution->is_plain()) continue;
    Operation* to_batch = links.sole_producer(convolution->inputs[0]);
    if (to_batch == nullptr || !to_batch->is("SpaceToBatchND")) continue;
    const auto dilation = dilation_of(*to_batch, *convolution, *to_space, links);
    if (!dilation) continue;
    convolution->dilations = dilation->rates;
    convolution->paddings = dilation->paddings;
    links.swallow(*convolution, *to_batch);
    links.merge(*convolution, *to_space);
  }
}

}  // namespace hoarfrost::runtime
