// The steps of a recurrent cell that stand one after the other, as Keras' unroll and our own lowering write them,
// become one operation: an Unpack of all steps' input products, whose parts go through one step each.
#include <algorithm>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/recurrent_chain.h"
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
    const int64_t axis = axis_of(parts);
    if (x.dtype != DType::kFloat32 || x.is_held() || x.shape.rank() != 3 || axis > 1 || x.shape.n_elements() == 0)
      return;
    std::vector<RecurrentStep> steps;
    for (const ValueId part : parts.outputs) {
      auto step = match_recurrent_step(readers_, part);
      if (!step) return;
      steps.push_back(std::move(*step));
    }
    const bool goes_backwards = steps[0].h_before >= 0 && gives(steps[1], steps[0].h_before);
    if (goes_backwards) std::ranges::reverse(steps);
    const auto chain = RecurrentChain::of(readers_, steps);
    if (!chain || !begins_at_zero(steps[0], steps[1]) || !are_states(steps[0], value(steps[0].h).shape)) return;
    std::set<int> removed = chain->operations;
    removed.insert(unpack);
    const RecurrentStep& second = steps[1];
    RecurrentSteps all{.cell = second.cell, .gates = second.gates, .activation = second.activation};
    all.x_by_time = all.mask_by_time = all.shown_by_time = axis == 0;
    all.goes_backwards = goes_backwards;
    all.masked_rows = chain->masked_rows;
    all.n_steps = static_cast<int64_t>(steps.size());
    all.kernel = value(second.kernel).constant;
    all.n_units = all.kernel.shape()[0];
    if (second.candidate_kernel >= 0) all.candidate_kernel = value(second.candidate_kernel).constant;
    if (second.bias >= 0) all.bias = value(second.bias).constant;
    ValueId sequence = -1;
    ValueId mask = -1;
    if (!is_sequence_found(chain->shown, axis, sequence, removed)) return;
    if (chain->is_masked && !is_mask_found(steps, axis, goes_backwards, mask, removed)) return;
    all.is_masked = mask >= 0;
    std::vector<ValueId> given{sequence, chain->h, chain->c, chain->h_twin};
    if (all.masked_rows == MaskedRows::kShownBefore) given.push_back(chain->shown.back());
    if (!readers_.are_alone(removed, given)) return;
    if (chain->h_twin >= 0) replacements_.same(chain->h_twin, chain->h);
    add(parts, std::move(all), steps[0], *chain, sequence, mask, removed);
  }

  static int64_t axis_of(const Operation& unpack_or_pack) { return unpack_or_pack.node->get_or<int64_t>("axis", 0); }

  static bool gives(const RecurrentStep& step, ValueId h) {
    const auto is_h = [&](const Selection& selection) { return selection.value == h; };
    return step.h == h || std::ranges::any_of(step.h_selections, is_h);
  }

  // Where all steps' outputs are wanted, a Pack of them in their order.
  [[nodiscard]] bool is_sequence_found(const std::vector<ValueId>& shown, int64_t axis, ValueId& sequence,
                                       std::set<int>& removed) const {
    for (const int reader : readers_.readers(shown[0])) {
      const Operation& all = readers_.operation(reader);
      if (!all.is("Pack") || !all.is_plain()) continue;
      if (sequence >= 0 || all.inputs != shown || axis_of(all) != axis) return false;
      sequence = all.outputs[0];
      removed.insert(reader);
    }
    return true;
  }

  // The steps' masks are the parts of one [batch, time] or [time, batch].
  [[nodiscard]] bool is_mask_found(const std::vector<RecurrentStep>& steps, int64_t axis, bool goes_backwards,
                                   ValueId& mask, std::set<int>& removed) const {
    const int at = readers_.producer(steps[0].mask);
    if (at < 0) return false;
    const Operation& parts = readers_.operation(at);
    if (!parts.is("Unpack") || !parts.is_plain() || axis_of(parts) != axis) return false;
    std::vector<ValueId> masks;
    for (const RecurrentStep& step : steps) masks.push_back(step.mask);
    if (goes_backwards) std::ranges::reverse(masks);
    if (masks != parts.outputs) return false;
    mask = parts.inputs[0];
    removed.insert(at);
    if (!readers_.are_alone(removed, {})) removed.erase(at);  // the other direction reads the parts too
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
    if (first.h_before >= 0 || first.cell != RecurrentCell::kGruResetAfter) return true;
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

  ValueId unread(DType dtype, const Shape& shape) {
    return new_value({.dtype = dtype, .shape = shape, .constant = {}});
  }

  void add(const Operation& parts, RecurrentSteps all, const RecurrentStep& first, const RecurrentChain& chain,
           ValueId sequence, ValueId mask, const std::set<int>& removed) {
    const Shape state = value(first.h).shape;
    Operation operation;
    operation.node = parts.node;
    const ValueId named = sequence >= 0 ? sequence : chain.h >= 0 ? chain.h : first.h;
    operation.names = {readers_.operation(readers_.producer(named)).names.front(), parts.names.front()};
    operation.inputs = {parts.inputs[0]};
    operation.inputs.push_back(
        first.h_before >= 0
            ? first.h_before
            : new_value({.dtype = DType::kFloat32, .shape = state, .constant = Tensor(DType::kFloat32, state)}));
    if (all.is_lstm()) operation.inputs.push_back(first.c_before);
    if (all.is_masked) operation.inputs.push_back(mask);
    all.gives_all = sequence >= 0;
    const auto or_unread = [&](ValueId id, const Shape& shape) {
      return id >= 0 ? id : unread(DType::kFloat32, shape);
    };
    operation.outputs = {or_unread(sequence, {0}), or_unread(chain.h, state)};
    if (all.is_lstm()) operation.outputs.push_back(or_unread(chain.c, state));
    if (all.masked_rows == MaskedRows::kShownBefore) operation.outputs.push_back(or_unread(chain.shown.back(), state));
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
