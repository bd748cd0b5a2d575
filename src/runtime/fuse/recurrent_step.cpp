#include "runtime/fuse/recurrent_step.h"

#include <algorithm>
#include <array>
#include <span>

#include "runtime/fuse/pattern.h"

namespace hoarfrost::runtime {

namespace {

class Matcher : Pattern {
 public:
  Matcher(const Readers& readers, ValueId x) : Pattern(readers), x_(x) {}

  RecurrentStep match() {
    const Value& x = readers_.value(x_);
    if (x.dtype != DType::kFloat32 || x.shape.rank() != 2 || !x.shape.is_static()) throw NoMatch();
    const Operation& first = reader(x_);
    if (first.is("Split"))
      gru(first);
    else
      simple_or_lstm(first);
    masked();
    step_.operations = std::move(operations_);
    return std::move(step_);
  }

 private:
  void need_split(const Operation& split, size_t n) const {
    need(is(split, "Split") && split.outputs.size() == n && split.inputs.size() == 2);
    const Value& axis = readers_.value(split.inputs[0]);
    need(axis.is_constant() && axis.constant.n_elements() == 1);
    const double along = Reader(axis.constant)[0];
    need(along == 1 || along == -1);
  }

  // h · kernel [units, gates · units], which `by` alone reads; gives h.
  ValueId product(ValueId id, const Operation& by, int64_t n_gates, ValueId& kernel) {
    need_only(id, by);
    const Operation& product = producer(id, "MatMul");
    need(!product.node->get_or<bool>("transpose_a", false) && !product.node->get_or<bool>("transpose_b", false));
    kernel = product.inputs[1];
    const Value& value = readers_.value(kernel);
    need(value.is_constant() && value.dtype == DType::kFloat32 && value.shape == Shape{n_units_, n_gates * n_units_});
    return product.inputs[0];
  }

  // What the function that alone reads a value gives; the value itself where there is none, and all of one kind alike.
  ValueId function(ValueId id, std::optional<CellFunction>& kind) {
    const int i = readers_.only_reader(id);
    need(i >= 0);
    const Operation& first = readers_.operation(i);
    CellFunction found = function_of(first);
    ValueId result = id;
    if (found != CellFunction::kLinear) {
      operations_.insert(i);
      result = first.outputs[0];
    } else if (is_fifth_of(first, id)) {
      found = CellFunction::kHardSigmoid;
      result = hard_sigmoid(id);
    }
    need(!kind || *kind == found);
    kind = found;
    return result;
  }

  static CellFunction function_of(const Operation& operation) {
    if (is(operation, "Sigmoid")) return CellFunction::kSigmoid;
    if (is(operation, "Tanh")) return CellFunction::kTanh;
    if (is(operation, "Relu")) return CellFunction::kRelu;
    return CellFunction::kLinear;
  }

  [[nodiscard]] bool is_fifth_of(const Operation& operation, ValueId id) const {
    return is(operation, "Mul") && is_number(other(operation, id), 0.2F);
  }

  ValueId hard_sigmoid(ValueId id) {
    const Operation& fifth = reader(id);
    const Operation& shifted = reader(fifth.outputs[0], "Add");
    need(is_number(other(shifted, fifth.outputs[0]), 0.5F));
    const Operation& below = reader(shifted.outputs[0], "Minimum");
    need(is_number(other(below, shifted.outputs[0]), 1));
    const Operation& clipped = reader(below.outputs[0], "Maximum");
    need(is_number(other(clipped, below.outputs[0]), 0));
    return clipped.outputs[0];
  }

  ValueId gate(ValueId id) {
    const ValueId result = function(id, gates_);
    step_.gates = *gates_;
    return result;
  }

  ValueId activated(ValueId id) {
    const ValueId result = function(id, activation_);
    step_.activation = *activation_;
    return result;
  }

  void simple_or_lstm(const Operation& sum) {
    need(is(sum, "Add"));
    const ValueId z = sum.outputs[0];
    need(readers_.value(z).shape == readers_.value(x_).shape);
    const int next = readers_.only_reader(z);
    const bool is_lstm = next >= 0 && readers_.operation(next).is("Split");
    step_.cell = is_lstm ? RecurrentCell::kLstm : RecurrentCell::kSimple;
    const int64_t n_gates = is_lstm ? 4 : 1;
    n_units_ = readers_.value(x_).shape[1] / n_gates;
    const ValueId inner = other(sum, x_);
    if (readers_.value(inner).is_constant())
      need(readers_.are_zeros(inner));
    else
      step_.h_before = product(inner, sum, n_gates, step_.kernel);
    if (is_lstm)
      lstm(reader(z));
    else
      simple(z);
  }

  // Where h is read by several there is no function; else it is the function that decides.
  void simple(ValueId z) {
    const int next = readers_.only_reader(z);
    const bool is_linear = next < 0 || (function_of(readers_.operation(next)) == CellFunction::kLinear &&
                                        !is_fifth_of(readers_.operation(next), z));
    step_.h = is_linear ? z : activated(z);
    if (is_linear) step_.activation = CellFunction::kLinear;
  }

  void lstm(const Operation& split) {
    need_split(split, 4);
    const ValueId i = gate(split.outputs[0]);
    const ValueId f = gate(split.outputs[1]);
    const ValueId candidate = activated(split.outputs[2]);
    const ValueId o = gate(split.outputs[3]);
    const Operation& kept = reader(f, "Mul");
    step_.c_before = other(kept, f);
    const Operation& added = reader(i, "Mul");
    need(other(added, i) == candidate);
    need_only(candidate, added);
    const Operation& c = reader(kept.outputs[0], "Add");
    need(other(c, kept.outputs[0]) == added.outputs[0]);
    need_only(added.outputs[0], c);
    step_.c = c.outputs[0];
    const Operation& h = reader(o, "Mul");
    const ValueId shown = other(h, o);
    if (step_.activation != CellFunction::kLinear) {
      need_only(shown, h);
      const int at = readers_.producer(shown);
      need(at >= 0 && function_of(readers_.operation(at)) == step_.activation);
      operations_.insert(at);
      need(readers_.operation(at).inputs[0] == step_.c);
    } else {
      need(shown == step_.c);
    }
    step_.h = h.outputs[0];
  }

  void gru(const Operation& split) {
    need_split(split, 3);
    n_units_ = readers_.value(x_).shape[1] / 3;
    const Operation* sums[3];
    ValueId inner[3];
    for (size_t gate = 0; gate < 3; ++gate) {
      sums[gate] = &reader(split.outputs[gate], "Add");
      inner[gate] = other(*sums[gate], split.outputs[gate]);
    }
    const ValueId z = gate(sums[0]->outputs[0]);
    const ValueId r = gate(sums[1]->outputs[0]);
    const ValueId candidate = activated(sums[2]->outputs[0]);
    const Operation& reset = reader(r, "Mul");
    mix(z, candidate);
    if (inner[2] == reset.outputs[0]) {
      step_.cell = RecurrentCell::kGruResetAfter;
      need_only(inner[2], *sums[2]);
      inner[2] = other(reset, r);
      reset_after(inner, {sums[0], sums[1], &reset});
    } else {
      step_.cell = RecurrentCell::kGruResetBefore;
      need(other(reset, r) == step_.h_before);
      need(product(inner[2], *sums[2], 1, step_.candidate_kernel) == reset.outputs[0]);
      need_only(reset.outputs[0], readers_.operation(readers_.producer(inner[2])));
      reset_before(inner, {sums[0], sums[1]});
    }
  }

  // The gates' parts of the product of h, each read by one.
  const Operation& parts(std::span<const ValueId> inner, std::span<const Operation* const> by) {
    const Operation& parts = producer(inner[0], "Split");
    need_split(parts, inner.size());
    for (size_t gate = 0; gate < inner.size(); ++gate) {
      need(inner[gate] == parts.outputs[gate]);
      need_only(inner[gate], *by[gate]);
    }
    return parts;
  }

  void reset_after(std::span<const ValueId, 3> inner, const std::array<const Operation*, 3>& by) {
    if (readers_.value(inner[0]).is_constant()) {
      step_.constants.assign(inner.begin(), inner.end());
      for (const ValueId id : step_.constants) need(readers_.value(id).is_constant());
      need(readers_.are_zeros(step_.h_before));
      step_.h_before = -1;
      return;
    }
    const Operation& split = parts(inner, by);
    const ValueId whole = split.inputs[1];
    need_only(whole, split);
    const Operation* product_by = &split;
    ValueId multiplied = whole;
    const int last = readers_.producer(whole);
    if (last >= 0 && is(readers_.operation(last), "BiasAdd")) {
      product_by = &producer(whole, "BiasAdd");
      step_.bias = product_by->inputs[1];
      need(readers_.value(step_.bias).is_constant() && readers_.value(step_.bias).dtype == DType::kFloat32);
      multiplied = product_by->inputs[0];
    }
    need(product(multiplied, *product_by, 3, step_.kernel) == step_.h_before);
  }

  void reset_before(std::span<const ValueId, 3> inner, const std::array<const Operation*, 2>& by) {
    const auto gates = inner.first<2>();
    if (readers_.value(gates[0]).is_constant()) {
      for (const ValueId id : gates) need(readers_.are_zeros(id));
      need(readers_.are_zeros(step_.h_before));
      return;
    }
    const Operation& split = parts(gates, by);
    need(product(split.inputs[1], split, 2, step_.kernel) == step_.h_before);
  }

  // h' = z · h + (1 − z) · candidate
  void mix(ValueId z, ValueId candidate) {
    const auto& both = readers_.readers(z);
    need(both.size() == 2 && !readers_.value(z).is_fetched);
    const bool is_first = is(readers_.operation(both[0]), "Mul");
    const Operation& kept = readers_.operation(both[is_first ? 0 : 1]);
    const Operation& rest = readers_.operation(both[is_first ? 1 : 0]);
    need(is(kept, "Mul") && is(rest, "Sub") && rest.inputs[1] == z);
    need(is_number(rest.inputs[0], 1));
    operations_.insert({both[0], both[1]});
    step_.h_before = other(kept, z);
    const Operation& added = reader(rest.outputs[0], "Mul");
    need(other(added, rest.outputs[0]) == candidate);
    need_only(candidate, added);
    const Operation& h = reader(kept.outputs[0], "Add");
    need(other(h, kept.outputs[0]) == added.outputs[0]);
    need_only(added.outputs[0], h);
    step_.h = h.outputs[0];
  }

  // The Selects that read a value as what they give where the mask is true.
  std::vector<Selection> selections(ValueId id) {
    std::vector<Selection> result;
    for (const int i : readers_.readers(id)) {
      const Operation& operation = readers_.operation(i);
      if (operations_.contains(i)) continue;
      const bool is_selection = is(operation, "Select") && operation.inputs[1] == id && operation.inputs[2] != id;
      if (!is_selection || (step_.mask >= 0 && operation.inputs[0] != step_.mask)) return {};
      step_.mask = operation.inputs[0];
      result.push_back({i, operation.outputs[0], operation.inputs[2]});
    }
    return result;
  }

  void masked() {
    if (readers_.value(step_.h).is_fetched) return;
    step_.h_selections = selections(step_.h);
    if (step_.h_selections.empty()) {
      step_.mask = -1;
      return;
    }
    const Value& mask = readers_.value(step_.mask);
    need(mask.dtype == DType::kBool && mask.shape == Shape{readers_.value(x_).shape[0]});
    if (step_.cell != RecurrentCell::kLstm) return;
    const auto of_c = selections(step_.c);
    need(of_c.size() <= 1);
    if (!of_c.empty()) step_.c_selection = of_c[0];
  }

  ValueId x_;
  RecurrentStep step_;
  int64_t n_units_ = 0;
  std::optional<CellFunction> gates_;
  std::optional<CellFunction> activation_;
};

}  // namespace

std::optional<RecurrentStep> match_recurrent_step(const Readers& readers, ValueId x) {
  try {
    return Matcher(readers, x).match();
  } catch (const NoMatch&) {
    return {};
  }
}

}  // namespace hoarfrost::runtime
