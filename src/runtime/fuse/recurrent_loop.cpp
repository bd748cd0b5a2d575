// A while loop whose rounds are the steps of a recurrent cell becomes one operation: it reads a TensorArray that was
// filled from one tensor, and writes another from which one tensor is made, as Keras' backend.rnn and our own lowering
// write it.
#include <algorithm>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/pattern.h"
#include "runtime/fuse/recurrent_step.h"
#include "runtime/fuse/replacements.h"
#include "runtime/kernels/recurrent_steps.h"

namespace hoarfrost::runtime {
namespace {

// 0, 1, …, n - 1
bool is_range(const Value& value, int64_t n) {
  if (!value.is_constant() || value.dtype != DType::kInt32 || value.constant.n_elements() != n) return false;
  const Reader reader(value.constant);
  for (int64_t i = 0; i < n; ++i) {
    if (reader[i] != static_cast<double>(i)) return false;
  }
  return true;
}

bool is_integer(const Value& value, int64_t expected) {
  return value.is_constant() && value.constant.n_elements() == 1 &&
         Reader(value.constant)[0] == static_cast<double>(expected);
}

class Matcher {
 public:
  Matcher(OperationList& list, const Readers& readers, int at)
      : list_(list),
        readers_(readers),
        loop_(readers.operation(at)),
        lists_(*loop_.loop),
        body_(lists_.body),
        inner_(lists_.body) {
    removed_.insert(at);
  }

  // The operation instead of those that are removed.
  Operation match() {
    read_steps();
    states();
    counter();
    outputs();
    need(n_known_ == body_.operations.size());
    need(masked_rows_ != MaskedRows::kZeros || shown_ == kNone);
    need(masked_rows_ == MaskedRows::kState || !shows_state_);
    return replacement();
  }
  [[nodiscard]] const std::set<int>& removed() const { return removed_; }
  // Two variables may be the same: the last output and the state.
  [[nodiscard]] ValueId twin() const {
    return shown_ != kNone && masked_rows_ == MaskedRows::kState ? loop_.outputs[shown_] : -1;
  }
  [[nodiscard]] ValueId twin_of() const { return loop_.outputs[h_]; }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  // Which of the loop's inputs a value in its body is.
  [[nodiscard]] size_t input_of(ValueId id) const {
    const auto found = std::ranges::find(body_.inputs, id);
    return found == body_.inputs.end() ? kNone : static_cast<size_t>(found - body_.inputs.begin());
  }

  [[nodiscard]] size_t variable_of(ValueId id) const {
    const size_t i = input_of(id);
    need(i < lists_.n_variables);
    return i;
  }

  [[nodiscard]] ValueId constant_of(ValueId id) const {
    const size_t i = input_of(id);
    need(i != kNone && i >= lists_.n_variables);
    return loop_.inputs.at(i);
  }

  // Reads the step's input, and maybe its mask: of every TensorArray that is read, the one that begins a step.
  void read_steps() {
    std::optional<RecurrentStep> step;
    const Operation* x = nullptr;
    for (const Operation& operation : body_.operations) {
      if (!operation.is("TensorArrayReadV3") || step) continue;
      step = match_recurrent_step(inner_, operation.outputs[0]);
      x = &operation;
    }
    need(step && step->kernel >= 0);
    step_ = *step;
    n_known_ += step_.operations.size();
    counter_ = variable_of(x->inputs[1]);
    x_ = filled(*x);
    const Value& all = readers_.value(x_);
    need(all.dtype == DType::kFloat32 && !all.is_held() && all.shape.rank() == 3 && all.shape.n_elements() > 0);
    if (step_.mask < 0) return;
    const int at = inner_.producer(step_.mask);
    need(at >= 0 && inner_.operation(at).is("TensorArrayReadV3") && inner_.operation(at).inputs[1] == x->inputs[1]);
    mask_ = filled(inner_.operation(at));
    need(readers_.value(mask_).shape == Shape{all.shape[0], all.shape[1]});
  }

  // What the TensorArray holds that a body's operation reads, all of it from the first on.
  ValueId filled(const Operation& read) {
    const ValueId handle = constant_of(read.inputs[0]);
    const int scatter = readers_.producer(constant_of(read.inputs[2]));
    need(scatter >= 0);
    const Operation& fills = readers_.operation(scatter);
    need(fills.is("TensorArrayScatterV3") && fills.inputs[0] == handle);
    const Shape& shape = readers_.value(fills.inputs[2]).shape;
    need(shape.rank() > 0 && is_range(readers_.value(fills.inputs[1]), shape[0]));
    need(n_steps_ == 0 || n_steps_ == shape[0]);
    n_steps_ = shape[0];
    removed_.insert(scatter);
    array_of(handle);
    ++n_known_;
    return fills.inputs[2];
  }

  // A TensorArray that nobody else knows, once all its uses are removed (replacement() looks).
  void array_of(ValueId handle) {
    const int made = readers_.producer(handle);
    need(made >= 0 && readers_.operation(made).is("TensorArrayV3"));
    removed_.insert(made);
    handles_.push_back(handle);
  }

  // A masked row keeps its states.
  void states() {
    h_ = variable_of(step_.h_before);
    const ValueId h = body_.outputs[h_];
    if (step_.mask < 0)
      need(h == step_.h);
    else
      need(selection_of(h).otherwise == step_.h_before);
    if (step_.cell != RecurrentCell::kLstm) return;
    c_ = variable_of(step_.c_before);
    if (step_.mask < 0) {
      need(body_.outputs[c_] == step_.c);
      return;
    }
    need(step_.c_selection && step_.c_selection->value == body_.outputs[c_] &&
         step_.c_selection->otherwise == step_.c_before);
    ++n_known_;
  }

  // The Select by the mask that gives a value; each is counted once.
  const Selection& selection_of(ValueId id) {
    const auto gives = [&](const Selection& selection) { return selection.value == id; };
    const auto found = std::ranges::find_if(step_.h_selections, gives);
    need(found != step_.h_selections.end());
    if (known_selections_.insert(id).second) ++n_known_;
    return *found;
  }

  // From 0 by one while it is below the number of steps.
  void counter() {
    need(is_integer(readers_.value(loop_.inputs[counter_]), 0));
    const int next = inner_.producer(body_.outputs[counter_]);
    need(next >= 0);
    const Operation& add = inner_.operation(next);
    need((add.is("Add") || add.is("AddV2")) && add.inputs[0] == body_.inputs[counter_] &&
         is_integer(inner_.value(add.inputs[1]), 1));
    ++n_known_;
    const OperationList& condition = lists_.condition;
    need(condition.operations.size() == 1 && condition.operations[0].is("Less"));
    const auto& less = condition.operations[0].inputs;
    need(less[0] == condition.inputs[counter_] && is_integer(condition.values[static_cast<size_t>(less[1])], n_steps_));
  }

  // What else varies: the flow of the outputs, and the output of the step before, which is the state.
  void outputs() {
    for (size_t i = 0; i < lists_.n_variables; ++i) {
      if (i == counter_ || i == h_ || i == c_) continue;
      const int at = inner_.producer(body_.outputs[i]);
      need(at >= 0);
      if (inner_.operation(at).is("TensorArrayWriteV3"))
        written(i, inner_.operation(at));
      else
        repeated(i);
    }
  }

  // Where what is shown of masked rows begins as the state, it is always the same.
  void repeated(size_t i) {
    need(shown_ == kNone);
    shown_ = i;
    const ValueId input = body_.inputs[i];
    if (step_.mask < 0) {
      need(body_.outputs[i] == step_.h && inner_.readers(input).empty());
      return;
    }
    need(selection_of(body_.outputs[i]).otherwise == input && inner_.only_reader(input) >= 0);
    const bool are_alike = loop_.inputs[i] == loop_.inputs[h_] ||
                           (readers_.are_zeros(loop_.inputs[i]) && readers_.are_zeros(loop_.inputs[h_]));
    if (are_alike) return;
    need(readers_.are_zeros(loop_.inputs[i]));
    masked_rows_ = MaskedRows::kShownBefore;
  }

  // The state, or of a masked row zeros.
  void need_shown(ValueId id) {
    if (step_.mask < 0) {
      need(id == step_.h);
      return;
    }
    if (id == body_.outputs[h_]) {
      shows_state_ = true;
      return;
    }
    const Selection& selection = selection_of(id);
    const size_t input = input_of(selection.otherwise);
    if (input < lists_.n_variables) {
      need(body_.outputs[input] == id);  // repeated() looks at the first
      return;
    }
    masked_rows_ = MaskedRows::kZeros;
    need(input == kNone ? inner_.are_zeros(selection.otherwise) : readers_.are_zeros(loop_.inputs[input]));
  }

  void written(size_t flow, const Operation& write) {
    need(sequence_ < 0 && write.inputs[3] == body_.inputs[flow] && write.inputs[1] == body_.inputs[counter_]);
    need_shown(write.inputs[2]);
    ++n_known_;
    const ValueId handle = constant_of(write.inputs[0]);
    array_of(handle);
    for (const int reader : readers_.readers(loop_.outputs[flow])) {
      const Operation& operation = readers_.operation(reader);
      removed_.insert(reader);
      if (operation.is("TensorArraySizeV3")) continue;
      need(operation.is("TensorArrayGatherV3") && sequence_ < 0 && operation.inputs[0] == handle &&
           is_range(readers_.value(operation.inputs[1]), n_steps_));
      sequence_ = operation.outputs[0];
    }
    need(!readers_.value(loop_.outputs[flow]).is_fetched);
  }

  ValueId new_value(Shape shape) {
    list_.values.push_back({.dtype = DType::kFloat32, .shape = std::move(shape), .constant = {}});
    return static_cast<ValueId>(list_.values.size()) - 1;
  }

  Operation replacement() {
    for (const ValueId handle : handles_) {
      for (const int reader : readers_.readers(handle)) need(removed_.contains(reader));
    }
    need(!readers_.value(loop_.outputs[counter_]).is_fetched && readers_.readers(loop_.outputs[counter_]).empty());
    const Shape state{readers_.value(x_).shape[1], inner_.value(step_.kernel).shape[0]};
    for (const size_t i : {h_, c_ == kNone ? h_ : c_}) {
      const Value& first = readers_.value(loop_.inputs[i]);
      need(first.dtype == DType::kFloat32 && first.shape == state);
    }
    RecurrentSteps all{.cell = step_.cell, .gates = step_.gates, .activation = step_.activation};
    all.x_by_time = all.mask_by_time = all.shown_by_time = true;
    all.is_masked = mask_ >= 0;
    all.masked_rows = masked_rows_;
    all.n_steps = n_steps_;
    all.kernel = inner_.value(step_.kernel).constant;
    all.n_units = all.kernel.shape()[0];
    if (step_.candidate_kernel >= 0) all.candidate_kernel = inner_.value(step_.candidate_kernel).constant;
    if (step_.bias >= 0) all.bias = inner_.value(step_.bias).constant;
    all.gives_all = sequence_ >= 0;
    Operation operation;
    operation.node = loop_.node;
    operation.names = loop_.names;
    operation.inputs = {x_, loop_.inputs[h_]};
    if (all.is_lstm()) operation.inputs.push_back(loop_.inputs[c_]);
    if (all.is_masked) operation.inputs.push_back(mask_);
    operation.outputs = {sequence_ >= 0 ? sequence_ : new_value({0}), loop_.outputs[h_]};
    if (all.is_lstm()) operation.outputs.push_back(loop_.outputs[c_]);
    if (all.masked_rows == MaskedRows::kShownBefore) operation.outputs.push_back(loop_.outputs[shown_]);
    operation.steps = std::make_shared<const RecurrentSteps>(std::move(all));
    return operation;
  }

  OperationList& list_;
  const Readers& readers_;
  const Operation& loop_;
  const LoopLists& lists_;
  const OperationList& body_;
  Readers inner_;
  RecurrentStep step_;
  ValueId x_ = -1;
  ValueId mask_ = -1;
  MaskedRows masked_rows_ = MaskedRows::kState;
  bool shows_state_ = false;  // all steps' outputs are the state, masked or not
  std::set<ValueId> known_selections_;
  int64_t n_steps_ = 0;
  size_t counter_ = kNone;
  size_t h_ = kNone;
  size_t c_ = kNone;
  size_t shown_ = kNone;
  ValueId sequence_ = -1;
  size_t n_known_ = 0;  // of the body's operations
  std::vector<ValueId> handles_;
  std::set<int> removed_;
};

}  // namespace

void fuse_recurrent_loop(OperationList& list) {
  const bool has_loop =
      std::ranges::any_of(list.operations, [](const Operation& operation) { return operation.loop != nullptr; });
  if (!has_loop) return;
  const Readers readers(list);
  Replacements replacements;
  const auto n = static_cast<int>(list.operations.size());
  for (int i = 0; i < n; ++i) {
    if (readers.operation(i).loop == nullptr) continue;
    try {
      Matcher matcher(list, readers, i);
      Operation operation = matcher.match();
      replacements.add(std::move(operation), matcher.removed(), readers);
      if (matcher.twin() >= 0) replacements.same(matcher.twin(), matcher.twin_of());
    } catch (const NoMatch&) {
    }
  }
  replacements.apply(list);
}

}  // namespace hoarfrost::runtime
