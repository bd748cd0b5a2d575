#include "evaluation/rounding_reach.h"

#include <hoarfrost/runtime.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "evaluation/sample.h"
#include "ops/op.h"
#include "passes/edit.h"

namespace hoarfrost::evaluation {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

constexpr int kTrials = 5;
constexpr double kMargin = 16;

// Nodes of loops: a factor from outside would have to Enter each frame.
std::set<const Node*> nodes_in_loops(const Graph& graph) {
  std::map<const Node*, std::vector<const Node*>> users;
  std::set<const Node*> inside;
  std::vector<const Node*> open;
  for (const auto& node : graph.nodes()) {
    for (const Endpoint& input : node->inputs) users[input.node].push_back(node.get());
    if (node->op() == "Enter") open.push_back(node.get());
  }
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (!inside.insert(node).second || node->op() == "Exit") continue;
    open.insert(open.end(), users[node].begin(), users[node].end());
  }
  std::erase_if(inside, [](const Node* node) { return node->op() == "Exit"; });
  return inside;
}

struct Factor {
  Endpoint value;    // what is multiplied
  Endpoint factor;   // a Placeholder
  Endpoint product;  // what stands where the value stood
};

// A graph in which every float32 value that a node computes is multiplied by a further input.
struct Moved {
  Graph graph;
  graph::Signature signature;   // the factors behind the graph's own inputs
  std::vector<Factor> factors;  // in the graph's order
};

Endpoint in_clone(const Graph& clone, const Endpoint& endpoint) {
  return {clone.find(endpoint.node->name()), endpoint.index};
}

Factor add_factor(Graph& graph, const Endpoint& value, const Shape& of_value) {
  const bool has_channels = of_value.rank() > 0 && of_value.last() > 0;
  Node& factor = graph.add("Placeholder", graph.unique_name("rounding/factor"));
  factor.set("dtype", DType::kFloat32).set("shape", has_channels ? Shape{of_value.last()} : Shape{});
  Node& product = graph.add("Mul", graph.unique_name("rounding/product"));
  product.set("T", DType::kFloat32);
  return {value, factor.output(), product.output()};
}

std::vector<Factor> add_factors(Graph& graph, const std::map<Endpoint, Shape>& given) {
  const ops::KnownMap known = ops::infer(graph, given);
  const auto inside = nodes_in_loops(graph);
  std::vector<Factor> factors;
  for (size_t i = 0, n = graph.size(); i < n; ++i) {
    Node* node = graph.nodes()[i].get();
    if (node->op() == "Const" || node->op() == "Placeholder" || inside.contains(node)) continue;
    for (auto of_node = known.lower_bound({node, 0}); of_node != known.end() && of_node->first.node == node;
         ++of_node) {
      const auto& [value, facts] = *of_node;
      if (facts.dtype != DType::kFloat32 || !facts.shape.has_rank() || given.contains(value)) continue;
      factors.push_back(add_factor(graph, value, facts.shape));
    }
  }
  std::map<Endpoint, Endpoint> products;
  for (const Factor& factor : factors) products[factor.value] = factor.product;
  passes::redirect(graph, products);
  for (const Factor& factor : factors) factor.product.node->inputs = {factor.value, factor.factor};
  return factors;
}

Moved with_factors(const Graph& frozen, const graph::Signature& signature, const std::vector<Tensor>& inputs) {
  Moved moved{frozen.clone(), {}, {}};
  std::map<Endpoint, Shape> given;
  for (size_t i = 0; i < inputs.size(); ++i) {
    moved.signature.inputs.push_back(in_clone(moved.graph, signature.inputs[i]));
    given[moved.signature.inputs[i]] = inputs[i].shape();
  }
  moved.factors = add_factors(moved.graph, given);
  for (const Factor& factor : moved.factors) moved.signature.inputs.push_back(factor.factor);
  for (const Endpoint& output : signature.outputs) {
    const Endpoint value = in_clone(moved.graph, output);
    const auto found = std::ranges::find(moved.factors, value, &Factor::value);
    moved.signature.outputs.push_back(found == moved.factors.end() ? value : found->product);
  }
  return moved;
}

Tensor moved_input(const Tensor& input, double amount, Random& random) {
  if (input.dtype() != DType::kFloat32) return input;
  Tensor result(input.dtype(), input.shape());
  std::ranges::transform(input.values<float>(), result.mutable_values<float>().begin(), [&](float value) {
    const double part = amount * (2 * random.uniform() - 1);
    return value == std::floor(value) ? value : static_cast<float>(value * (1 + part));
  });
  return result;
}

Tensor random_factors(const Shape& shape, double amount, Random& random) {
  Tensor result(DType::kFloat32, shape);
  std::ranges::generate(result.mutable_values<float>(),
                        [&] { return static_cast<float>(1 + amount * (2 * random.uniform() - 1)); });
  return result;
}

}  // namespace

std::vector<std::vector<double>> rounding_reach(const Graph& frozen, const graph::Signature& signature,
                                                const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                                const ReachOptions& options) {
  const Moved moved = with_factors(frozen, signature, inputs);
  runtime::Session session(moved.graph, moved.signature, {.threads = options.threads, .fuse = false});
  std::vector<std::vector<double>> result;
  for (const Tensor& output : outputs) result.emplace_back(static_cast<size_t>(output.n_elements()));
  Random random(options.seed + 1);
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<Tensor> values;
    for (const Tensor& input : inputs) values.push_back(moved_input(input, options.input_amount, random));
    for (const Factor& factor : moved.factors) {
      values.push_back(random_factors(factor.factor.node->get<Shape>("shape"), options.value_amount, random));
    }
    const auto others = session.run(values);
    for (size_t o = 0; o < outputs.size(); ++o) {
      if (outputs[o].dtype() == DType::kString) continue;  // which is not rounded
      const Reader before(outputs[o]), after(others[o]);
      for (size_t i = 0; i < result[o].size(); ++i) {
        const double change = std::abs(before[static_cast<int64_t>(i)] - after[static_cast<int64_t>(i)]);
        if (std::isfinite(change)) result[o][i] = std::max(result[o][i], kMargin * change);
      }
    }
  }
  return result;
}

}  // namespace hoarfrost::evaluation
