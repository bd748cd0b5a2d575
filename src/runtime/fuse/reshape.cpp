// A dense layer of a sequence is a product of rows, reshaped before its bias: bias and activation go in front of the
// reshape, where they are part of the product.
#include <algorithm>
#include <memory>
#include <optional>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/readers.h"

namespace hoarfrost::runtime {
namespace {

// Whether an operation does the same to [rows, n] as to what is reshaped of it.
bool is_by_columns(const Operation& operation, ValueId x, const OperationList& list) {
  if (!operation.is_plain()) return false;
  if (fusable_activation(operation)) return true;
  const bool is_linear = operation.is("BiasAdd") || operation.is("Add") || operation.is("AddV2");
  if (!is_linear || operation.node->get_or<std::string>("data_format", "NHWC").starts_with("NC")) return false;
  const auto& inputs = operation.inputs;
  const Value& constant = list.values[static_cast<size_t>(inputs[inputs[0] == x ? 1 : 0])];
  const Shape& shape = list.values[static_cast<size_t>(x)].shape;
  return constant.is_constant() && constant.dtype == DType::kFloat32 && constant.shape.rank() == 1 &&
         constant.shape[0] == shape.last();
}

// Where `rows` are only reshaped for such an operation, that one comes first; what it gives of the rows.
std::optional<ValueId> move_in_front(OperationList& list, const Readers& readers, ValueId rows) {
  const auto shape_of = [&](ValueId id) -> Shape& { return list.values[static_cast<size_t>(id)].shape; };
  const int at = readers.only_reader(rows);
  if (at < 0 || !list.operations[static_cast<size_t>(at)].is("Reshape")) return {};
  Operation& reshape = list.operations[static_cast<size_t>(at)];
  const ValueId reshaped = reshape.outputs[0];
  const int next = readers.only_reader(reshaped);
  if (next < 0 || shape_of(reshaped).rank() < 2 || shape_of(rows).last() != shape_of(reshaped).last()) return {};
  Operation& function = list.operations[static_cast<size_t>(next)];
  if (!is_by_columns(function, reshaped, list)) return {};
  shape_of(reshaped) = shape_of(rows);  // the value's new meaning: the function of the rows
  std::ranges::replace(function.inputs, reshaped, rows);
  std::swap(function.outputs[0], reshape.outputs[0]);
  reshape.inputs[0] = reshaped;
  std::swap(function, reshape);
  return reshaped;
}

}  // namespace

void fuse_reshape(OperationList& list) {
  auto readers = std::make_unique<Readers>(list);
  for (size_t i = 0; i < list.operations.size(); ++i) {
    if (!list.operations[i].is("MatMul") || !takes_epilogue(list.operations[i], list)) continue;
    ValueId rows = list.operations[i].outputs[0];
    while (const auto moved = move_in_front(list, *readers, rows)) {
      rows = *moved;
      readers = std::make_unique<Readers>(list);
    }
  }
}

}  // namespace hoarfrost::runtime
