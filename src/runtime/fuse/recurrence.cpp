// The steps of an LSTM or GRU that stand one after the other, as Keras' unroll and our own lowering write them, become
// one operation: an Unpack of all steps' input products, whose parts go through one step each.
#include <algorithm>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/recurrent_step.h"
#include "runtime/fuse/replacements.h"
#include "runtime/kernels/recurrent_steps.h"

namespace hoarfrost::runtime {
namespace {

class Finder {
 public:
  explicit Finder(OperationList& list) : list_(list), readers_(list) {}

  void run() {
    const auto n = static_cast<int>(list_.operations.size());
    for (int i = 0; i < n; ++i) {
      const Operation& operation = list_.operations[static_cast<size_t>(i)];
      if (operation.is("Unpack") && operation.is_plain() && operation.outputs.size() > 1) look(i);
    }
    replacements_.apply(list_);
  }

 private:
  const Value& value(ValueId id) const { return readers_.value(id); }

  void look(int unpack) {
    const Operation& parts = readers_.operation(unpack);
    const Value& x = value(parts.inputs[0]);
    int64_t axis = parts.node->get_or<int64_t>("axis", 0);
    if (axis < 0) axis += x.shape.rank();
    if (x.dtype != DType::kFloat32 || x.is_held() || x.shape.rank() != 3 || axis > 1 || x.shape.n_elements() == 0)
      return;
    std::vector<RecurrentStep> steps;
    for (const ValueId part : parts.outputs) {
      auto step = match_recurrent_step(readers_, part);
      if (!step) return;
      steps.push_back(std::move(*step));
    }
    RecurrentSteps all;
    all.is_by_time = axis == 0;
    all.goes_backwards = steps[0].h_before == steps[1].h;
    if (all.goes_backwards) std::ranges::reverse(steps);
    ValueId sequence = -1;
    std::set<int> removed{unpack};
    if (!are_chained(steps) || !is_sequence_found(steps, static_cast<int>(axis), sequence, removed)) return;
    for (const RecurrentStep& step : steps) removed.insert(step.operations.begin(), step.operations.end());
    const RecurrentStep& second = steps[1];
    all.is_lstm = second.is_lstm;
    all.has_hard_gates = second.has_hard_gates;
    all.n_steps = static_cast<int64_t>(steps.size());
    all.kernel = value(second.kernel).constant;
    all.n_units = all.kernel.shape()[0];
    if (second.bias >= 0) all.bias = value(second.bias).constant;
    if (!begins_at_zero(steps[0], second) || !are_states(steps[0], value(steps[0].h).shape)) return;
    add(parts, std::move(all), steps, sequence, removed);
  }

  // Each step takes the one before it, with one kernel; and what is between two steps is read by them alone.
  [[nodiscard]] bool are_chained(const std::vector<RecurrentStep>& steps) const {
    for (size_t i = 1; i < steps.size(); ++i) {
      const RecurrentStep& before = steps[i - 1];
      const RecurrentStep& step = steps[i];
      if (step.has_hard_gates != before.has_hard_gates) return false;
      if (step.is_lstm != before.is_lstm || step.h_before != before.h || step.c_before != before.c || step.kernel < 0)
        return false;
      if (step.kernel != steps[1].kernel || step.bias != steps[1].bias) return false;
      if (before.kernel >= 0 && (before.kernel != step.kernel || before.bias != step.bias)) return false;
      if (!step.is_lstm) continue;
      if (value(before.c).is_fetched) return false;
      for (const int reader : readers_.readers(before.c)) {
        if (!step.operations.contains(reader) && !before.operations.contains(reader)) return false;
      }
    }
    return true;
  }

  // Where all steps' outputs are wanted, a Pack of them in their order; nobody else reads any but the last.
  [[nodiscard]] bool is_sequence_found(const std::vector<RecurrentStep>& steps, int axis, ValueId& sequence,
                                       std::set<int>& removed) const {
    int pack = -1;
    for (size_t i = 0; i + 1 < steps.size(); ++i) {
      if (value(steps[i].h).is_fetched) return false;
      for (const int reader : readers_.readers(steps[i].h)) {
        if (steps[i + 1].operations.contains(reader)) continue;
        if (pack >= 0 && reader != pack) return false;
        pack = reader;
      }
    }
    if (pack < 0) return true;
    const Operation& all = readers_.operation(pack);
    if (!all.is("Pack") || !all.is_plain() || all.inputs.size() != steps.size()) return false;
    int64_t along = all.node->get_or<int64_t>("axis", 0);
    if (along < 0) along += 3;
    if (along != axis) return false;
    for (size_t i = 0; i < steps.size(); ++i) {
      if (all.inputs[i] != steps[i].h) return false;
    }
    sequence = all.outputs[0];
    removed.insert(pack);
    return true;
  }

  // One row of states to each of the batch: TensorFlow would broadcast a single one.
  [[nodiscard]] bool are_states(const RecurrentStep& first, const Shape& shape) const {
    const auto is_state = [&](ValueId id) {
      return id < 0 || (value(id).dtype == DType::kFloat32 && value(id).shape == shape);
    };
    return shape.is_static() && is_state(first.h_before) && is_state(first.c_before);
  }

  // Where the first product has become a constant, it is that of zeros: the bias alone.
  [[nodiscard]] bool begins_at_zero(const RecurrentStep& first, const RecurrentStep& second) const {
    if (first.h_before >= 0 || first.is_lstm) return true;
    const int64_t n = value(first.constants[0]).shape.last();
    for (size_t gate = 0; gate < 3; ++gate) {
      const Tensor& constant = value(first.constants[gate]).constant;
      const Reader found(constant);
      for (int64_t i = 0; i < constant.n_elements(); ++i) {
        const double bias =
            second.bias < 0 ? 0 : Reader(value(second.bias).constant)[static_cast<int64_t>(gate) * n + i % n];
        if (found[i] != bias) return false;
      }
    }
    return true;
  }

  ValueId new_value(Value value) {
    list_.values.push_back(std::move(value));
    return static_cast<ValueId>(list_.values.size()) - 1;
  }

  void add(const Operation& parts, RecurrentSteps all, const std::vector<RecurrentStep>& steps, ValueId sequence,
           const std::set<int>& removed) {
    const RecurrentStep& first = steps.front();
    const RecurrentStep& last = steps.back();
    const Shape state = value(last.h).shape;
    Operation operation;
    operation.node = parts.node;
    operation.names = {readers_.operation(readers_.producer(sequence >= 0 ? sequence : last.h)).names.front(),
                       parts.names.front()};
    operation.inputs = {parts.inputs[0]};
    operation.inputs.push_back(
        first.h_before >= 0
            ? first.h_before
            : new_value({.dtype = DType::kFloat32, .shape = state, .constant = Tensor(DType::kFloat32, state)}));
    if (all.is_lstm) operation.inputs.push_back(first.c_before);
    all.gives_all = sequence >= 0;
    operation.outputs.push_back(all.gives_all ? sequence
                                              : new_value({.dtype = DType::kFloat32, .shape = {0}, .constant = {}}));
    operation.outputs.push_back(last.h);
    if (all.is_lstm) operation.outputs.push_back(last.c);
    operation.steps = std::make_shared<const RecurrentSteps>(std::move(all));
    replacements_.add(std::move(operation), removed, readers_);
  }

  OperationList& list_;
  Readers readers_;
  Replacements replacements_;
};

}  // namespace

void fuse_recurrence(OperationList& list) { Finder(list).run(); }

}  // namespace hoarfrost::runtime
