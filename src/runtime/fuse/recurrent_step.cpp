#include "runtime/fuse/recurrent_step.h"

#include <algorithm>

namespace hoarfrost::runtime {

Readers::Readers(const OperationList& list)
    : list_(list), producers_(list.values.size(), -1), readers_(list.values.size()) {
  for (size_t i = 0; i < list.operations.size(); ++i) {
    for (const ValueId id : list.operations[i].outputs) producers_[static_cast<size_t>(id)] = static_cast<int>(i);
    for (const ValueId id : list.operations[i].reads())
      readers_[static_cast<size_t>(id)].push_back(static_cast<int>(i));
  }
}

int Readers::only_reader(ValueId id) const {
  const auto& all = readers_[static_cast<size_t>(id)];
  return all.size() == 1 && !value(id).is_fetched ? all[0] : -1;
}

namespace {

// Throws itself where the pattern ends; nobody outside sees it.
struct NoStep {};

class Matcher {
 public:
  Matcher(const Readers& readers, ValueId x) : readers_(readers), x_(x) {}

  RecurrentStep match() {
    const Value& x = readers_.value(x_);
    if (x.dtype != DType::kFloat32 || x.shape.rank() != 2 || !x.shape.is_static()) throw NoStep();
    const Operation& first = reader(x_);
    step_.is_lstm = !first.is("Split");
    if (step_.is_lstm)
      lstm();
    else
      gru(first);
    return std::move(step_);
  }

 private:
  // The operation that alone reads the value; it is one of the step's.
  const Operation& reader(ValueId id) {
    const int i = readers_.only_reader(id);
    if (i < 0) throw NoStep();
    step_.operations.insert(i);
    return readers_.operation(i);
  }

  const Operation& reader(ValueId id, std::string_view op) {
    const Operation& operation = reader(id);
    if (!is(operation, op)) throw NoStep();
    return operation;
  }

  static bool is(const Operation& operation, std::string_view op) {
    return operation.is_plain() && (operation.is(op) || (op == "Add" && operation.is("AddV2")));
  }

  // The one input of two that is not `id`.
  static ValueId other(const Operation& operation, ValueId id) {
    if (operation.inputs.size() != 2) throw NoStep();
    return operation.inputs[operation.inputs[0] == id ? 1 : 0];
  }

  const Operation& producer(ValueId id, std::string_view op) {
    const int i = readers_.producer(id);
    if (i < 0 || !is(readers_.operation(i), op)) throw NoStep();
    step_.operations.insert(i);
    return readers_.operation(i);
  }

  void need(bool is_so) const {
    if (!is_so) throw NoStep();
  }

  // A value that one reads, `by`.
  void need_only(ValueId id, const Operation& by) const {
    const int i = readers_.only_reader(id);
    need(i >= 0 && &readers_.operation(i) == &by);
  }

  void need_split(const Operation& split, size_t n) const {
    need(is(split, "Split") && split.outputs.size() == n && split.inputs.size() == 2);
    const Value& axis = readers_.value(split.inputs[0]);
    need(axis.is_constant() && axis.constant.n_elements() == 1);
    const double along = Reader(axis.constant)[0];
    need(along == 1 || along == -1);
  }

  // h · kernel, which `by` alone reads.
  void product(ValueId id, const Operation& by, int64_t n_gates) {
    need_only(id, by);
    const Operation& product = producer(id, "MatMul");
    need(!product.node->get_or<bool>("transpose_a", false) && !product.node->get_or<bool>("transpose_b", false));
    step_.h_before = product.inputs[0];
    step_.kernel = product.inputs[1];
    const Value& kernel = readers_.value(step_.kernel);
    const int64_t n_units = readers_.value(x_).shape[1] / n_gates;
    need(kernel.is_constant() && kernel.dtype == DType::kFloat32 && kernel.shape == Shape{n_units, n_gates * n_units});
  }

  void need_number(ValueId id, float number) const {
    const Value& value = readers_.value(id);
    need(value.is_constant() && value.constant.n_elements() == 1 &&
         static_cast<float>(Reader(value.constant)[0]) == number);
  }

  // The last operation of the gate whose sum is `id`; all gates are alike.
  const Operation& gate(ValueId id) {
    const Operation& first = reader(id);
    const bool is_hard = !is(first, "Sigmoid");
    need(!has_gate_ || step_.has_hard_gates == is_hard);
    has_gate_ = true;
    step_.has_hard_gates = is_hard;
    if (!is_hard) return first;
    need(is(first, "Mul"));
    need_number(other(first, id), 0.2F);
    const Operation& shifted = reader(first.outputs[0], "Add");
    need_number(other(shifted, first.outputs[0]), 0.5F);
    const Operation& below = reader(shifted.outputs[0], "Minimum");
    need_number(other(below, shifted.outputs[0]), 1);
    const Operation& clipped = reader(below.outputs[0], "Maximum");
    need_number(other(clipped, below.outputs[0]), 0);
    return clipped;
  }

  void need_zeros(ValueId id) const {
    const Value& value = readers_.value(id);
    need(value.is_constant());
    const Reader values(value.constant);
    for (int64_t i = 0; i < value.constant.n_elements(); ++i) need(values[i] == 0);
  }

  void lstm() {
    const Operation& sum = reader(x_, "Add");
    const ValueId inner = other(sum, x_);
    if (readers_.value(inner).is_constant()) {
      need_zeros(inner);
    } else {
      product(inner, sum, 4);
    }
    need(readers_.value(sum.outputs[0]).shape == readers_.value(x_).shape);
    const Operation& split = reader(sum.outputs[0], "Split");
    need_split(split, 4);
    const Operation& i = gate(split.outputs[0]);
    const Operation& f = gate(split.outputs[1]);
    const Operation& candidate = reader(split.outputs[2], "Tanh");
    const Operation& o = gate(split.outputs[3]);
    const Operation& kept = reader(f.outputs[0], "Mul");
    step_.c_before = other(kept, f.outputs[0]);
    const Operation& added = reader(i.outputs[0], "Mul");
    need(other(added, i.outputs[0]) == candidate.outputs[0]);
    need_only(candidate.outputs[0], added);
    const Operation& c = reader(kept.outputs[0], "Add");
    need(other(c, kept.outputs[0]) == added.outputs[0]);
    need_only(added.outputs[0], c);
    step_.c = c.outputs[0];
    const Operation& h = reader(o.outputs[0], "Mul");
    const ValueId shown = other(h, o.outputs[0]);
    need_only(shown, h);
    need(producer(shown, "Tanh").inputs[0] == step_.c);
    step_.h = h.outputs[0];
  }

  void gru(const Operation& split) {
    need_split(split, 3);
    const Operation* sums[3];
    ValueId inner[3];
    for (size_t gate = 0; gate < 3; ++gate) {
      sums[gate] = &reader(split.outputs[gate], "Add");
      inner[gate] = other(*sums[gate], split.outputs[gate]);
    }
    const Operation& z = gate(sums[0]->outputs[0]);
    const Operation& r = gate(sums[1]->outputs[0]);
    const Operation& candidate = reader(sums[2]->outputs[0], "Tanh");
    const Operation& reset = reader(r.outputs[0], "Mul");
    need(inner[2] == reset.outputs[0]);
    need_only(inner[2], *sums[2]);
    inner[2] = other(reset, r.outputs[0]);
    mix(z, candidate);
    const Operation* by[3] = {sums[0], sums[1], &reset};
    if (readers_.value(inner[0]).is_constant()) {
      step_.constants.assign(inner, inner + 3);
      for (const ValueId id : step_.constants) need(readers_.value(id).is_constant());
      need_zeros(step_.h_before);
      step_.h_before = -1;
      return;
    }
    const Operation& parts = producer(inner[0], "Split");
    need_split(parts, 3);
    for (size_t gate = 0; gate < 3; ++gate) {
      need(inner[gate] == parts.outputs[gate]);
      need_only(inner[gate], *by[gate]);
    }
    const ValueId whole = parts.inputs[1];
    need_only(whole, parts);
    const ValueId mixed = step_.h_before;
    const int last = readers_.producer(whole);
    if (last >= 0 && is(readers_.operation(last), "BiasAdd")) {
      const Operation& biased = producer(whole, "BiasAdd");
      step_.bias = biased.inputs[1];
      need(readers_.value(step_.bias).is_constant() && readers_.value(step_.bias).dtype == DType::kFloat32);
      product(biased.inputs[0], biased, 3);
    } else {
      product(whole, parts, 3);
    }
    need(step_.h_before == mixed);
  }

  // h' = z · h + (1 − z) · candidate
  void mix(const Operation& z, const Operation& candidate) {
    const auto& both = readers_.readers(z.outputs[0]);
    need(both.size() == 2 && !readers_.value(z.outputs[0]).is_fetched);
    const bool is_first = is(readers_.operation(both[0]), "Mul");
    const Operation& kept = readers_.operation(both[is_first ? 0 : 1]);
    const Operation& rest = readers_.operation(both[is_first ? 1 : 0]);
    need(is(kept, "Mul") && is(rest, "Sub") && rest.inputs[1] == z.outputs[0]);
    const Value& one = readers_.value(rest.inputs[0]);
    need(one.is_constant() && one.constant.n_elements() == 1 && Reader(one.constant)[0] == 1);
    step_.operations.insert({both[0], both[1]});
    step_.h_before = other(kept, z.outputs[0]);
    const Operation& added = reader(rest.outputs[0], "Mul");
    need(other(added, rest.outputs[0]) == candidate.outputs[0]);
    need_only(candidate.outputs[0], added);
    const Operation& h = reader(kept.outputs[0], "Add");
    need(other(h, kept.outputs[0]) == added.outputs[0]);
    need_only(added.outputs[0], h);
    step_.h = h.outputs[0];
  }

  const Readers& readers_;
  ValueId x_;
  RecurrentStep step_;
  bool has_gate_ = false;
};

}  // namespace

std::optional<RecurrentStep> match_recurrent_step(const Readers& readers, ValueId x) {
  try {
    return Matcher(readers, x).match();
  } catch (const NoStep&) {
    return {};
  }
}

}  // namespace hoarfrost::runtime
