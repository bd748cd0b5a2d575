#include "runtime/slice.h"

#include <algorithm>
#include <array>

#include "runtime/kernels/activation.h"

namespace hoarfrost::runtime {
namespace {

class Slicer {
 public:
  explicit Slicer(const OperationList& list) : list_(list), is_batch_(list.values.size(), false) {
    for (const ValueId id : list.inputs) {
      const Value& value = list_.values[static_cast<size_t>(id)];
      const bool has_batch = !value.is_held() && value.shape.rank() > 0 && value.dtype == DType::kFloat32;
      if (!has_batch) continue;
      if (batch_ == 0) batch_ = value.shape[0];
      is_batch_[static_cast<size_t>(id)] = value.shape[0] == batch_;
    }
  }

  std::optional<OperationList> slice(int64_t n_images) {
    if (batch_ <= n_images) return {};
    OperationList whole = list_;
    whole.operations.clear();
    OperationList body = list_;
    body.operations.clear();
    std::vector<std::string> names;
    for (const Operation& operation : list_.operations) {
      if (!is_separable(operation)) {
        whole.operations.push_back(operation);
        continue;
      }
      for (const ValueId id : operation.outputs) is_batch_[static_cast<size_t>(id)] = true;
      names.insert(names.begin(), operation.names.begin(), operation.names.end());
      body.operations.push_back(operation);
    }
    if (body.operations.size() < 2) return {};
    Operation step;
    step.node = body.operations.back().node;
    step.names = std::move(names);
    find_edges(body, whole);
    step.inputs = body.inputs;
    step.outputs = body.outputs;
    step.body = std::make_shared<const OperationList>(with_batch(body, n_images));
    whole.operations.insert(whole.operations.begin(), std::move(step));
    return whole;
  }

 private:
  const Value& value(ValueId id) const { return list_.values[static_cast<size_t>(id)]; }
  bool has_batch(ValueId id) const { return is_batch_[static_cast<size_t>(id)]; }

  // Whether image i of the outputs is made of image i of the inputs, by float32 kernels.
  bool is_separable(const Operation& operation) const {
    for (const ValueId id : operation.outputs) {
      const Value& output = value(id);
      if (output.dtype != DType::kFloat32 || output.is_held() || output.shape.rank() == 0 || output.shape[0] != batch_)
        return false;
    }
    for (const ValueId id : operation.reads()) {
      if (!has_batch(id) && !value(id).is_constant()) return false;
    }
    if (!has_batch(operation.inputs[0]) && !is_any(operation, {"Add", "AddV2", "Mul", "Maximum", "Minimum"}))
      return false;
    if (operation.is_affine) return true;
    if (is_any(operation, {"Conv2D", "Conv3D", "DepthwiseConv2dNative"}))
      return value(operation.inputs[1]).is_constant();
    if (is_any(operation, {"MaxPool", "AvgPool", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"}))
      return true;
    // Row-major, with as many elements to each image: nothing crosses from one to the next.
    if (is_any(operation, {"Reshape", "Squeeze", "ExpandDims"})) return true;
    if (is_any(operation, {"Add", "AddV2", "Sub", "Mul", "Maximum", "Minimum", "BiasAdd", "RealDiv"}))
      return broadcasts_within(operation);
    if (is_any(operation, {"Mean", "Max"})) return keeps_batch(operation);
    if (operation.is("ConcatV2")) return joins_within(operation);
    if (operation.is("Pad")) return pads_within(operation);
    return activation_of(*operation.node).has_value();
  }

  static bool is_any(const Operation& operation, std::initializer_list<const char*> ops) {
    return std::ranges::any_of(ops, [&](const char* op) { return operation.is(op); });
  }

  bool broadcasts_within(const Operation& operation) const {
    const int rank = value(operation.outputs[0]).shape.rank();
    return std::ranges::all_of(operation.inputs, [&](ValueId id) {
      const Shape& shape = value(id).shape;
      return has_batch(id) ? shape.rank() == rank : shape.rank() < rank || shape[0] == 1;
    });
  }

  bool keeps_batch(const Operation& operation) const {
    const Value& axes = value(operation.inputs[1]);
    const int rank = value(operation.inputs[0]).shape.rank();
    if (!axes.is_constant()) return false;
    const Reader reader(axes.constant);
    for (int64_t i = 0; i < axes.constant.n_elements(); ++i) {
      if (reader[i] == 0 || reader[i] == -rank) return false;
    }
    return true;
  }

  bool joins_within(const Operation& operation) const {
    const Value& axis = value(operation.inputs.back());
    if (!axis.is_constant()) return false;
    const double at = Reader(axis.constant)[0];
    return at != 0 && at != -value(operation.outputs[0]).shape.rank() &&
           std::ranges::all_of(operation.inputs.begin(), operation.inputs.end() - 1,
                               [&](ValueId id) { return has_batch(id); });
  }

  bool pads_within(const Operation& operation) const {
    const Value& paddings = value(operation.inputs[1]);
    return paddings.is_constant() && Reader(paddings.constant)[0] == 0 && Reader(paddings.constant)[1] == 0;
  }

  // What the body reads from outside, and what outside reads from it.
  void find_edges(OperationList& body, const OperationList& whole) const {
    std::vector<bool> is_inside(list_.values.size(), false);
    std::vector<bool> is_read(list_.values.size(), false);
    std::vector<bool> is_wanted(list_.values.size(), false);
    for (const auto& operation : body.operations) {
      for (const ValueId id : operation.outputs) is_inside[static_cast<size_t>(id)] = true;
      for (const ValueId id : operation.reads()) is_read[static_cast<size_t>(id)] = true;
    }
    for (const auto& operation : whole.operations) {
      for (const ValueId id : operation.reads()) is_wanted[static_cast<size_t>(id)] = true;
    }
    body.inputs.clear();
    body.outputs.clear();
    for (size_t i = 0; i < list_.values.size(); ++i) {
      Value& inner = body.values[i];
      const bool is_given = is_inside[i] && (is_wanted[i] || inner.is_fetched);
      if (is_read[i] && !is_inside[i] && !inner.is_constant()) body.inputs.push_back(static_cast<ValueId>(i));
      if (is_given) body.outputs.push_back(static_cast<ValueId>(i));
      inner.is_fetched = is_given;
    }
  }

  const OperationList& list_;
  std::vector<bool> is_batch_;
  int64_t batch_ = 0;
};

}  // namespace

std::optional<OperationList> sliced(const OperationList& list, int64_t n_images) {
  return Slicer(list).slice(n_images);
}

OperationList with_batch(const OperationList& body, int64_t n_images) {
  OperationList result = body;
  const auto set = [&](ValueId id) { result.values[static_cast<size_t>(id)].shape[0] = n_images; };
  for (const ValueId id : result.inputs) set(id);
  for (const auto& operation : result.operations) {
    for (const ValueId id : operation.outputs) set(id);
  }
  return result;
}

}  // namespace hoarfrost::runtime
