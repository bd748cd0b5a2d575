// Layers computed by their references alone.
#pragma once

#include <hoarfrost/keras.h>

#include <map>
#include <string>
#include <vector>

#include "keras/layer.h"

namespace hoarfrost::evaluation {

// One call of a layer on given values.
struct LayerInputs {
  const keras::LoweredCall* call = nullptr;
  std::vector<Tensor> inputs;
  std::vector<Tensor> masks;  // empty tensors where there is none
};

struct Perturbation {
  double amount = 0;  // 0: none
  uint64_t seed = 0;
};

// The outputs' formulas. A formula remembers what it computed: each thread takes its own. Errors name the layer.
keras::Formulas formulas(const LayerInputs& layer, const Perturbation& perturbation = {});
// All elements of all outputs, as float64.
std::vector<Tensor> compute(const LayerInputs& layer, int n_threads);
// Whether the call left no node in the graph: what comes out is what went in.
bool left_no_node(const keras::LoweredCall& call);

// Values of endpoints of a lowered graph, by name. Those that are no layer's output (masks, an output's Identity) are
// computed from the known ones by the ops' references.
class KnownValues {
 public:
  explicit KnownValues(const keras::Lowered& lowered);
  void set(const std::string& name, Tensor value) { values_.insert_or_assign(name, std::move(value)); }
  [[nodiscard]] bool contains(const std::string& name) const { return values_.contains(name); }
  // Throws Error{kMismatch} for a name the graph has not.
  Tensor get(const std::string& name);
  // What this call's layer takes.
  LayerInputs inputs_of(const keras::LoweredCall& call);

 private:
  graph::Graph graph_;  // frozen: ops compute no variables
  std::map<std::string, Tensor> values_;
  std::map<std::string, DType> dtypes_;  // of all endpoints, found out when first needed
};

// The lowered graph with its variables as constants: all nodes that a call, a mask or an output names.
graph::Graph frozen_copy(const keras::Lowered& lowered);
// "name" or "name:1" in this graph, exactly; a false endpoint when there is none.
graph::Endpoint find_endpoint(const graph::Graph& graph, const std::string& name);

}  // namespace hoarfrost::evaluation
