// TensorFlow 1's control flow as structure: which nodes run for what is wanted, in which order, where a while loop is
// one thing that is run as a whole. TensorFlow's own executor knows no loops, only frames in which nodes run (Abadi et
// al., "Dynamic control flow in large-scale machine learning", EuroSys 2018); the graphs that its Python writes have
// always this structure.
#pragma once

#include <hoarfrost/graph.h>

#include <map>
#include <memory>
#include <set>
#include <span>
#include <vector>

namespace hoarfrost::graph {

struct Loop;

struct Schedule {
  std::vector<Node*> nodes;  // each after what it needs; of a loop only those of its Exits that are needed
  std::map<const Node*, std::shared_ptr<const Loop>> loops;  // by Exit
};

// Round after round the condition is computed from the variables at `merge` and, while it is true, the next variables
// from those behind `condition`: at output 1 of `gate` (Switch). What is left goes out by `exit`.
struct Loop {
  struct Variable {
    Node* enter = nullptr;
    Node* merge = nullptr;
    Node* gate = nullptr;
    Node* next = nullptr;  // NextIteration
  };
  std::string frame;
  std::vector<Variable> variables;
  std::vector<Node*> constants;  // the Enters of what is the same in every round
  Endpoint condition;            // what LoopCond takes
  Schedule condition_schedule;   // from the merges and constants to it
  Schedule body;                 // from the merges, gates' output 1 and constants to the NextIterations' inputs
  // The variable that goes out by this Exit.
  [[nodiscard]] size_t variable_of(const Node& exit) const;
};

// Whether nodes stand in it whose order is not that of their inputs alone: frames, or Switch and Merge.
bool has_control_flow(const Graph& graph);

// What must run to have `fetches`, when `given` is there already. A Switch that belongs to no loop stands before a
// branch: nodes behind it may turn out dead, and a node then follows its control input from the branch's pivot
// (`pivots`). Throws Error{kCorrupt} for a cycle and for frames that are no structured loops (an Enter of another
// frame, a Merge that waits for itself), Error{kInvalidArgument} for a fetch within a loop, Error{kUnsupported} for
// loops nested more than 8 deep.
Schedule schedule(const Graph& graph, std::span<const Endpoint> fetches, const std::set<Endpoint>& given);

// How many outputs a node has at most, for what is dead as a whole.
int most_outputs(const Node& node);

// The control inputs of a node that are the pivots of branches: Identity of a Switch. The node is dead where they are.
std::vector<Endpoint> pivots(const Node& node);

}  // namespace hoarfrost::graph
