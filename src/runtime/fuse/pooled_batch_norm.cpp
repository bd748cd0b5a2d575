// BatchNormalization in training and the MaxPool of two by two pixels behind it are one operation, forward and
// backward: what lies between them is never written. Forward keeps a byte for each maximum, its place in the window,
// and backward reads these instead of searching again. The batch norm's x must be what its gradient reads.
#include <set>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/recurrent_step.h"

namespace hoarfrost::runtime {
namespace {

constexpr int64_t kMostBlock = 16;  // channels of a block: bytes of a last one that is not full are there too

bool is_any(const Operation& operation, std::initializer_list<const char*> ops) {
  for (const char* op : ops) {
    if (operation.is(op)) return operation.is_plain();
  }
  return false;
}

bool is_2x2(const Operation& pool) {
  using Sizes = std::vector<int64_t>;
  const Sizes wanted{1, 2, 2, 1};
  const graph::Node& node = *pool.node;
  return node.get_or<std::string>("data_format", "NHWC") == "NHWC" && node.get_or<Sizes>("ksize", {}) == wanted &&
         node.get_or<Sizes>("strides", {}) == wanted;
}

// The operations around one batch norm, by place in the list.
struct PooledMatch {
  int forward, pool, pool_gradient, backward;
};

bool is_in_training(const Operation& operation, const Readers& readers, size_t i_x) {
  const Value& x = readers.value(operation.inputs[i_x]);
  return operation.node->get_or<bool>("is_training", true) &&
         operation.node->get_or<std::string>("data_format", "NHWC") == "NHWC" && x.dtype == DType::kFloat32 &&
         x.shape.is_static() && x.shape.rank() == 4 && x.shape.n_elements() > 0 && x.shape[1] % 2 == 0 &&
         x.shape[2] % 2 == 0;
}

std::optional<PooledMatch> match(const Readers& readers, int i) {
  const Operation& forward = readers.operation(i);
  if (!is_any(forward, {"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"}) ||
      !is_in_training(forward, readers, 0))
    return {};
  const ValueId y = forward.outputs[0];
  if (readers.value(y).is_fetched || readers.readers(y).size() != 2) return {};
  PooledMatch found{i, -1, -1, -1};
  for (const int reader : readers.readers(y)) {
    const Operation& operation = readers.operation(reader);
    if (is_any(operation, {"MaxPool"}) && is_2x2(operation)) found.pool = reader;
    if (is_any(operation, {"MaxPoolGrad"}) && is_2x2(operation) && operation.inputs[0] == y)
      found.pool_gradient = reader;
  }
  if (found.pool < 0 || found.pool_gradient < 0) return {};
  const Operation& pool_gradient = readers.operation(found.pool_gradient);
  if (pool_gradient.inputs[1] != readers.operation(found.pool).outputs[0]) return {};
  found.backward = readers.only_reader(pool_gradient.outputs[0]);
  if (found.backward < 0) return {};
  const Operation& backward = readers.operation(found.backward);
  const bool is_its_own = is_any(backward, {"FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"}) &&
                          is_in_training(backward, readers, 1) && backward.inputs[0] == pool_gradient.outputs[0] &&
                          backward.inputs[1] == forward.inputs[0];
  return is_its_own ? std::optional(found) : std::nullopt;
}

}  // namespace

void fuse_pooled_batch_norm(OperationList& list) {
  std::vector<PooledMatch> matches;
  const Readers readers(list);
  for (int i = 0; i < static_cast<int>(list.operations.size()); ++i) {
    if (const auto found = match(readers, i)) matches.push_back(*found);
  }
  std::set<size_t> merged;
  for (const PooledMatch& found : matches) {
    const auto at = [&](int i) -> Operation& { return list.operations[static_cast<size_t>(i)]; };
    Operation &forward = at(found.forward), &pool = at(found.pool), &pool_gradient = at(found.pool_gradient),
              &backward = at(found.backward);
    Shape places = list.values[static_cast<size_t>(pool.outputs[0])].shape;
    places[3] = (places[3] + kMostBlock - 1) / kMostBlock * kMostBlock;
    list.values.push_back({.dtype = DType::kUInt8, .shape = places, .constant = {}});
    const auto which = static_cast<ValueId>(list.values.size()) - 1;
    forward.pool = pool.node;
    forward.outputs[0] = pool.outputs[0];
    forward.outputs.push_back(which);
    backward.pool = pool_gradient.node;
    backward.inputs[0] = pool_gradient.inputs[2];
    backward.inputs.push_back(which);
    forward.names.insert(forward.names.begin(), pool.names.begin(), pool.names.end());
    backward.names.insert(backward.names.end(), pool_gradient.names.begin(), pool_gradient.names.end());
    merged.insert({static_cast<size_t>(found.pool), static_cast<size_t>(found.pool_gradient)});
  }
  size_t i = 0;
  std::erase_if(list.operations, [&](const Operation&) { return merged.contains(i++); });
}

}  // namespace hoarfrost::runtime
