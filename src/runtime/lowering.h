// lower()'s work: a schedule's nodes, one by one, into a list of operations. What loops and branches are stands in
// lower_flow.cpp.
#pragma once

#include <initializer_list>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "graph/schedule.h"
#include "ops/known.h"
#include "runtime/operation.h"

namespace hoarfrost::runtime {

// What the values of a branch depend on: conditions, and which way each went.
using Conditions = std::set<std::pair<graph::Endpoint, int>>;

class Lowering {
 public:
  using Endpoint = graph::Endpoint;
  using Node = graph::Node;
  explicit Lowering(const graph::Schedule& schedule) : schedule_(schedule) {}

  // A value that comes from outside, at one or more endpoints; a constant is none of the list's inputs.
  void give(Value value, std::initializer_list<Endpoint> endpoints);
  OperationList lower(std::span<const Endpoint> outputs);

 private:
  void lower(Node& node);
  static Operation operation_of(const Node& node, std::vector<ValueId> inputs);
  [[nodiscard]] ops::Known known_of(ValueId id) const;
  [[nodiscard]] std::vector<ValueId> inputs_of(const Node& node) const;
  ValueId add_output(Node& node, int i, const ops::Known& known, const Conditions& conditions);
  [[noreturn]] static void in_branch(const Node& node);
  ValueId add(Value value);
  ValueId id_of(Endpoint endpoint, const Node& user) const;
  static void fold(const Node& node, std::span<const ops::Known> inputs, std::vector<ops::Known>& outputs);
  void drop_unused();

  // Branches: what stands in one has values, for its shapes, but no operations; those of a Merge have it run as a
  // whole.
  [[nodiscard]] bool is_dead(const Node& node) const;
  void kill(Node& node);
  [[nodiscard]] Conditions conditions_of(const Node& node) const;
  void lower_branch(Node& node);
  void lower_merge(Node& node);
  static Conditions settled(Conditions conditions);
  void find_branches(Node& merge, Operation& operation) const;

  // Loops.
  void lower_loop(Node& exit, const graph::Loop& loop, const Conditions& conditions);
  static OperationList lower_rounds(const graph::Loop& loop, const std::vector<Value>& given,
                                    const graph::Schedule& schedule, bool is_body);
  static bool is_settled(const LoopLists& lists, std::vector<Value>& given, bool gives_up, const Node& exit);

  const graph::Schedule& schedule_;
  OperationList list_;
  std::map<Endpoint, ValueId> ids_;
  std::map<Endpoint, Conditions> conditions_;  // of what stands in branches
  std::set<Endpoint> dead_;                    // in a branch that is never taken
};

// "node `NAME`", where errors are.
std::string place(const graph::Node& node);

}  // namespace hoarfrost::runtime
