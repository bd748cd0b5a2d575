// What a pattern of operations is made of, step by step along who gives and who reads a value.
#pragma once

#include <set>
#include <string_view>

#include "runtime/fuse/readers.h"

namespace hoarfrost::runtime {

// Thrown where the pattern ends; whoever looks for it catches it.
struct NoMatch {};

inline void need(bool is_so) {
  if (!is_so) throw NoMatch();
}

class Pattern {
 public:
  explicit Pattern(const Readers& readers) : readers_(readers) {}

 protected:
  // The operation that alone reads the value; it is one of the pattern's.
  const Operation& reader(ValueId id) {
    const int i = readers_.only_reader(id);
    if (i < 0) throw NoMatch();
    operations_.insert(i);
    return readers_.operation(i);
  }

  const Operation& reader(ValueId id, std::string_view op) {
    const Operation& operation = reader(id);
    if (!is(operation, op)) throw NoMatch();
    return operation;
  }

  static bool is(const Operation& operation, std::string_view op) {
    return operation.is_plain() && (operation.is(op) || (op == "Add" && operation.is("AddV2")));
  }

  // The one input of two that is not `id`.
  static ValueId other(const Operation& operation, ValueId id) {
    if (operation.inputs.size() != 2) throw NoMatch();
    return operation.inputs[operation.inputs[0] == id ? 1 : 0];
  }

  const Operation& producer(ValueId id, std::string_view op) {
    const int i = readers_.producer(id);
    if (i < 0 || !is(readers_.operation(i), op)) throw NoMatch();
    operations_.insert(i);
    return readers_.operation(i);
  }

  // A value that one reads, `by`.
  void need_only(ValueId id, const Operation& by) const {
    const int i = readers_.only_reader(id);
    need(i >= 0 && &readers_.operation(i) == &by);
  }

  [[nodiscard]] bool is_number(ValueId id, float number) const {
    const Value& value = readers_.value(id);
    return value.is_constant() && value.constant.n_elements() == 1 &&
           static_cast<float>(Reader(value.constant)[0]) == number;
  }

  const Readers& readers_;
  std::set<int> operations_;  // of the pattern
};

}  // namespace hoarfrost::runtime
