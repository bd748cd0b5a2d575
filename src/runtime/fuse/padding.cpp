// Pad with zeros in front of a VALID convolution, or of a MaxPool that sees nothing below zero, becomes its own
// padding.
#include <algorithm>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/links.h"

namespace hoarfrost::runtime {
namespace {

// before and after of each spatial axis; empty when batch or channels are padded, or not with zeros.
std::vector<std::pair<int64_t, int64_t>> spatial_paddings(const Operation& pad, const OperationList& list) {
  const auto value = [&](size_t i) -> const Value& { return list.values[static_cast<size_t>(pad.inputs[i])]; };
  if (!pad.is_plain() || (!pad.is("Pad") && !pad.is("PadV2")) || !value(1).is_constant()) return {};
  if (pad.is("PadV2") && (!value(2).is_constant() || Reader(value(2).constant)[0] != 0)) return {};
  const Reader reader(value(1).constant);
  const int rank = value(0).shape.rank();
  const auto at = [&](int axis, int side) { return static_cast<int64_t>(reader[2 * axis + side]); };
  if (at(0, 0) != 0 || at(0, 1) != 0 || at(rank - 1, 0) != 0 || at(rank - 1, 1) != 0) return {};
  std::vector<std::pair<int64_t, int64_t>> result;
  for (int axis = 1; axis < rank - 1; ++axis) result.emplace_back(at(axis, 0), at(axis, 1));
  return result;
}

// Whether zeros around the image change no maximum: nothing in it is below zero, and no window lies in the zeros alone.
bool is_harmless_to(const Operation& max_pool, const Operation& pad,
                    const std::vector<std::pair<int64_t, int64_t>>& paddings, Links& links) {
  const Operation* before = links.sole_producer(pad.inputs[0]);
  if (before == nullptr || (!before->is("Relu") && !before->is("Relu6"))) return false;
  const auto kernel = max_pool.node->get<std::vector<int64_t>>("ksize");
  if (max_pool.node->get_or<std::string>("data_format", "NHWC") != "NHWC") return false;
  for (size_t i = 0; i < paddings.size(); ++i) {
    if (std::max(paddings[i].first, paddings[i].second) >= kernel.at(i + 1)) return false;
  }
  return true;
}

}  // namespace

void fuse_padding(OperationList& list) {
  Links links(list);
  for (size_t i = 0; i < links.size(); ++i) {
    Operation* operation = links.operation(i);
    if (operation == nullptr || operation->is("MatMul")) continue;
    const bool is_max_pool = operation->is("MaxPool");
    if (!is_max_pool && !takes_epilogue(*operation, list)) continue;
    if (!operation->paddings.empty() || operation->node->get<std::string>("padding") != "VALID") continue;
    Operation* before = links.sole_producer(operation->inputs[0]);
    if (before == nullptr) continue;
    auto paddings = spatial_paddings(*before, list);
    if (paddings.empty() || (is_max_pool && !is_harmless_to(*operation, *before, paddings, links))) continue;
    operation->paddings = std::move(paddings);
    links.swallow(*operation, *before);
  }
}

}  // namespace hoarfrost::runtime
