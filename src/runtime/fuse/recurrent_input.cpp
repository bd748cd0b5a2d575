// What only says in which order a recurrent layer's steps are read and shown becomes part of them: the transpositions
// to time first and back, the reversal of a layer that goes backwards. So does the product of its input, where each
// step has rows enough.
#include <algorithm>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/pattern.h"
#include "runtime/fuse/replacements.h"
#include "runtime/kernels/recurrent_rows.h"

namespace hoarfrost::runtime {
namespace {

// Of the kernel: as much as stays in a processor's own cache beside the recurrent one. Beyond it oneDNN's product is
// faster.
constexpr int64_t kMostBytes = 512 << 10;
// Of the batch: fewer do not pay for reading the kernel again at each step.
constexpr int64_t kFewestRows = 8;

class InputMatcher : Pattern {
 public:
  InputMatcher(const Readers& readers, int at) : Pattern(readers), operation_(readers.operation(at)) {
    operations_.insert(at);
    steps_ = *operation_.steps;
  }

  bool match() {
    const bool has_direction = attempt([&] { direction(); });
    const bool has_input = has_fast_products() && attempt([&] { input(); });
    const bool has_output = attempt([&] { output(); });
    operation_.steps = std::make_shared<const RecurrentSteps>(std::move(steps_));
    return has_direction || has_input || has_output;
  }

  [[nodiscard]] const Operation& operation() const { return operation_; }
  [[nodiscard]] const std::set<int>& removed() const { return operations_; }
  // Those whose inputs are read instead of what they give.
  [[nodiscard]] const std::set<ValueId>& passed() const { return passed_; }

 private:
  // Where f finds no match all is as it was.
  template <typename F>
  bool attempt(F&& f) {
    const InputMatcher before = *this;
    try {
      f();
      return true;
    } catch (const NoMatch&) {
      restore(before);
      return false;
    }
  }

  void restore(const InputMatcher& before) {
    operation_ = before.operation_;
    steps_ = before.steps_;
    operations_ = before.operations_;
    passed_ = before.passed_;
  }

  // The one that gives the value, if it is of that op.
  [[nodiscard]] const Operation* find(ValueId id, std::string_view op) const {
    const int at = readers_.producer(id);
    return at >= 0 && is(readers_.operation(at), op) ? &readers_.operation(at) : nullptr;
  }

  // What a value is computed of, by an operation that nobody else needs.
  ValueId before(ValueId id, const Operation& operation) {
    need(readers_.only_reader(id) >= 0);
    operations_.insert(readers_.producer(id));
    operation_.names.insert(operation_.names.end(), operation.names.begin(), operation.names.end());
    return operation.inputs[0];
  }

  ValueId passing(ValueId id, const Operation& operation) {
    passed_.insert(id);
    return operation.inputs[0];
  }

  // A mask must be read in the same order.
  void direction() {
    ValueId& x = operation_.inputs[0];
    const Operation* reverse = find(x, "ReverseV2");
    need(reverse != nullptr && is_along_time(*reverse, steps_.x_by_time));
    x = before(x, *reverse);
    if (steps_.is_masked) {
      ValueId& mask = operation_.inputs.back();
      const Operation* reverse_of_mask = find(mask, "ReverseV2");
      need(reverse_of_mask != nullptr && is_along_time(*reverse_of_mask, steps_.mask_by_time));
      mask = passing(mask, *reverse_of_mask);
    }
    steps_.goes_backwards = !steps_.goes_backwards;
  }

  [[nodiscard]] bool is_along_time(const Operation& reverse, bool is_by_time) const {
    const Value& axis = readers_.value(reverse.inputs[1]);
    return axis.is_constant() && axis.constant.n_elements() == 1 && Reader(axis.constant)[0] == (is_by_time ? 0 : 1);
  }

  void input() {
    const bool adds_all = steps_.cell == RecurrentCell::kSimple || steps_.is_lstm();
    need(adds_all && steps_.input_kernel.empty());
    const Shape shape = readers_.value(operation_.inputs[0]).shape;
    need(shape[steps_.x_by_time ? 1 : 0] >= kFewestRows);
    ValueId x = operation_.inputs[0];
    if (const Operation* reshape = find(x, "Reshape")) x = before(x, *reshape);
    if (const Operation* bias = find(x, "BiasAdd")) {
      x = before(x, *bias);
      steps_.input_bias = constant(bias->inputs[1], {shape.last()});
    }
    const Operation* product = find(x, "MatMul");
    need(product != nullptr);
    need(!product->node->get_or<bool>("transpose_a", false) && !product->node->get_or<bool>("transpose_b", false));
    x = before(x, *product);
    const int64_t n_features = readers_.value(x).shape.last();
    steps_.input_kernel = constant(product->inputs[1], {n_features, shape.last()});
    need(steps_.input_kernel.n_elements() * static_cast<int64_t>(sizeof(float)) <= kMostBytes);
    const Operation* rows = find(x, "Reshape");
    need(rows != nullptr);
    x = passing(x, *rows);
    need(readers_.value(x).shape == Shape{shape[0], shape[1], n_features});
    if (const Operation* transpose = find(x, "Transpose"); transpose != nullptr && swaps_time(*transpose)) {
      x = passing(x, *transpose);
      steps_.x_by_time = !steps_.x_by_time;
    }
    operation_.inputs[0] = x;
  }

  [[nodiscard]] Tensor constant(ValueId id, const Shape& shape) const {
    const Value& value = readers_.value(id);
    need(value.is_constant() && value.dtype == DType::kFloat32 && value.shape == shape && shape.n_elements() > 0);
    return value.constant;
  }

  void output() {
    need(steps_.gives_all);
    const Operation& transpose = reader(operation_.outputs[0], "Transpose");
    need(swaps_time(transpose));
    operation_.outputs[0] = transpose.outputs[0];
    steps_.shown_by_time = !steps_.shown_by_time;
  }

  [[nodiscard]] bool swaps_time(const Operation& transpose) const {
    const Value& order = readers_.value(transpose.inputs[1]);
    if (!order.is_constant() || order.constant.n_elements() != 3) return false;
    const Reader axes(order.constant);
    return axes[0] == 1 && axes[1] == 0 && axes[2] == 2;
  }

  Operation operation_;
  RecurrentSteps steps_;
  std::set<ValueId> passed_;
};

// The views and transpositions that nobody reads any more.
void remove_unread(OperationList& list, const std::set<ValueId>& values) {
  const auto is_unread = [&](ValueId id) {
    const auto reads_it = [&](const Operation& operation) {
      const auto all = operation.reads();
      return std::ranges::find(all, id) != all.end();
    };
    return values.contains(id) && !list.values[static_cast<size_t>(id)].is_fetched &&
           std::ranges::none_of(list.operations, reads_it);
  };
  size_t n_before = 0;
  do {  // the transposition's reader goes first
    n_before = list.operations.size();
    std::erase_if(list.operations, [&](const Operation& operation) { return is_unread(operation.outputs[0]); });
  } while (list.operations.size() < n_before);
}

}  // namespace

void fuse_recurrent_input(OperationList& list) {
  const Readers readers(list);
  Replacements replacements;
  std::set<ValueId> passed;
  for (size_t i = 0; i < list.operations.size(); ++i) {
    if (list.operations[i].steps == nullptr) continue;
    InputMatcher matcher(readers, static_cast<int>(i));
    if (!matcher.match()) continue;
    replacements.add(matcher.operation(), matcher.removed(), readers);
    passed.insert(matcher.passed().begin(), matcher.passed().end());
  }
  replacements.apply(list);
  remove_unread(list, passed);
}

}  // namespace hoarfrost::runtime
