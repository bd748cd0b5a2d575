// Many operations that become one, wherever they stand.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "runtime/fuse/recurrent_step.h"

namespace hoarfrost::runtime {

class Replacements {
 public:
  // `operation` gives all of what the operations `removed` gave and others read. The list is as `readers` knows it, but
  // for new values.
  void add(Operation operation, const std::set<int>& removed, const Readers& readers);
  // Whoever reads `value` reads `same` instead.
  void same(ValueId value, ValueId same) { same_.emplace_back(value, same); }
  // Each new operation stands right behind what it reads: what reads its outputs stood behind what it replaces.
  void apply(OperationList& list);

 private:
  std::multimap<int, Operation> placed_;  // by the operation behind which they stand; -1: none
  std::set<int> removed_;
  std::vector<std::pair<ValueId, ValueId>> same_;
};

}  // namespace hoarfrost::runtime
