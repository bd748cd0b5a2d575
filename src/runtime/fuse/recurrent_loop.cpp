// A while loop whose rounds are the steps of an LSTM or GRU becomes one operation: it reads a TensorArray that was
// filled from one tensor, and writes another from which one tensor is made, as Keras' backend.rnn and our own lowering
// write it.
#include <algorithm>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/recurrent_step.h"
#include "runtime/fuse/replacements.h"
#include "runtime/kernels/recurrent_steps.h"

namespace hoarfrost::runtime {
namespace {

struct NoRecurrence {};

void need(bool is_so) {
  if (!is_so) throw NoRecurrence();
}

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
    return replacement();
  }
  [[nodiscard]] const std::set<int>& removed() const { return removed_; }
  // Two variables may be the same: the last output and the state.
  [[nodiscard]] ValueId twin() const { return twin_; }
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

  void read_steps() {
    const auto is_read = [](const Operation& operation) { return operation.is("TensorArrayReadV3"); };
    const auto found = std::ranges::find_if(body_.operations, is_read);
    need(found != body_.operations.end());
    const auto step = match_recurrent_step(inner_, found->outputs[0]);
    need(step && step->kernel >= 0);
    step_ = *step;
    counter_ = variable_of(found->inputs[1]);
    const ValueId handle = constant_of(found->inputs[0]);
    const int scatter = readers_.producer(constant_of(found->inputs[2]));
    need(scatter >= 0);
    const Operation& fills = readers_.operation(scatter);
    need(fills.is("TensorArrayScatterV3") && fills.inputs[0] == handle);
    x_ = fills.inputs[2];
    const Value& x = readers_.value(x_);
    need(x.dtype == DType::kFloat32 && !x.is_held() && x.shape.rank() == 3 && x.shape.n_elements() > 0);
    n_steps_ = x.shape[0];
    need(is_range(readers_.value(fills.inputs[1]), n_steps_));
    removed_.insert(scatter);
    array_of(handle);
    n_known_ += 1 + step_.operations.size();
  }

  // A TensorArray that nobody else knows, once all its uses are removed (replacement() looks).
  void array_of(ValueId handle) {
    const int made = readers_.producer(handle);
    need(made >= 0 && readers_.operation(made).is("TensorArrayV3"));
    removed_.insert(made);
    handles_.push_back(handle);
  }

  void states() {
    h_ = variable_of(step_.h_before);
    need(body_.outputs[h_] == step_.h);
    if (!step_.is_lstm) return;
    c_ = variable_of(step_.c_before);
    need(body_.outputs[c_] == step_.c);
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
      if (body_.outputs[i] == step_.h) {
        need(inner_.readers(body_.inputs[i]).empty() && twin_ < 0);
        twin_ = loop_.outputs[i];
        continue;
      }
      need(sequence_ < 0);
      written(i);
    }
  }

  void written(size_t flow) {
    const int at = inner_.producer(body_.outputs[flow]);
    need(at >= 0);
    const Operation& write = inner_.operation(at);
    need(write.is("TensorArrayWriteV3") && write.inputs[3] == body_.inputs[flow] && write.inputs[2] == step_.h &&
         write.inputs[1] == body_.inputs[counter_]);
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
    for (const size_t i : {h_, step_.is_lstm ? c_ : h_}) {
      const Value& first = readers_.value(loop_.inputs[i]);
      need(first.dtype == DType::kFloat32 && first.shape == state);
    }
    RecurrentSteps all;
    all.is_lstm = step_.is_lstm;
    all.has_hard_gates = step_.has_hard_gates;
    all.is_by_time = true;
    all.n_steps = n_steps_;
    all.kernel = inner_.value(step_.kernel).constant;
    all.n_units = all.kernel.shape()[0];
    if (step_.bias >= 0) all.bias = inner_.value(step_.bias).constant;
    all.gives_all = sequence_ >= 0;
    Operation operation;
    operation.node = loop_.node;
    operation.names = loop_.names;
    operation.inputs = {x_, loop_.inputs[h_]};
    if (all.is_lstm) operation.inputs.push_back(loop_.inputs[c_]);
    operation.outputs = {sequence_ >= 0 ? sequence_ : new_value({0}), loop_.outputs[h_]};
    if (all.is_lstm) operation.outputs.push_back(loop_.outputs[c_]);
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
  int64_t n_steps_ = 0;
  size_t counter_ = kNone;
  size_t h_ = kNone;
  size_t c_ = kNone;
  ValueId twin_ = -1;
  ValueId sequence_ = -1;
  size_t n_known_ = 0;  // of the body's operations
  std::vector<ValueId> handles_;
  std::set<int> removed_;
};

void replace_uses(OperationList& list, ValueId from, ValueId to) {
  for (Operation& operation : list.operations) {
    std::ranges::replace(operation.inputs, from, to);
    if (operation.addend == from) operation.addend = to;
  }
  std::ranges::replace(list.outputs, from, to);
  if (list.values[static_cast<size_t>(from)].is_fetched) list.values[static_cast<size_t>(to)].is_fetched = true;
}

}  // namespace

void fuse_recurrent_loop(OperationList& list) {
  const bool has_loop =
      std::ranges::any_of(list.operations, [](const Operation& operation) { return operation.loop != nullptr; });
  if (!has_loop) return;
  const Readers readers(list);
  Replacements replacements;
  std::vector<std::pair<ValueId, ValueId>> twins;
  const auto n = static_cast<int>(list.operations.size());
  for (int i = 0; i < n; ++i) {
    if (readers.operation(i).loop == nullptr) continue;
    try {
      Matcher matcher(list, readers, i);
      Operation operation = matcher.match();
      replacements.add(std::move(operation), matcher.removed(), readers);
      if (matcher.twin() >= 0) twins.emplace_back(matcher.twin(), matcher.twin_of());
    } catch (const NoRecurrence&) {
    }
  }
  replacements.apply(list);
  for (const auto& [twin, of] : twins) replace_uses(list, twin, of);
}

}  // namespace hoarfrost::runtime
