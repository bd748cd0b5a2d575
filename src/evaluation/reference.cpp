#include "evaluation/reference.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>
#include <hoarfrost/passes.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <numeric>
#include <set>

#include "base/processors.h"
#include "evaluation/parallel.h"
#include "ops/op.h"

namespace hoarfrost::evaluation {
namespace {

constexpr int64_t kChunk = 1024;           // elements that a thread takes at a time
constexpr double kSingleThreadCost = 1e5;  // multiplications below which a second thread costs more than it gains

keras::Array array(const Tensor& tensor, const Perturbation& perturbation, uint64_t number) {
  keras::Array result(tensor);
  return perturbation.amount == 0 ? result
                                  : result.perturbed_by(perturbation.amount, perturbation.seed * 1000003 + number);
}

Tensor texts_of(const keras::Formula& formula) {
  std::vector<std::string> texts;
  for (int64_t i = 0; i < formula.shape.n_elements(); ++i)
    texts.push_back(formula.text(keras::Index::at_offset(formula.shape, i)));
  return {formula.shape, std::move(texts)};
}

double total_cost(const keras::Formulas& outputs) {
  return std::accumulate(outputs.begin(), outputs.end(), 0.0, [](double sum, const keras::Formula& output) {
    return sum + output.cost * static_cast<double>(output.shape.n_elements());
  });
}

}  // namespace

keras::Formulas formulas(const LayerInputs& layer, const Perturbation& perturbation) {
  keras::Arrays weights, inputs;
  uint64_t number = 0;
  for (const Tensor& weight : layer.call->weights) weights.push_back(array(weight, perturbation, ++number));
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    inputs.push_back(array(layer.inputs[i], perturbation, ++number));
    const bool has_mask = i < layer.masks.size() && !layer.masks[i].empty();
    if (has_mask) inputs.back().mask = std::make_shared<keras::Array>(layer.masks[i]);
  }
  try {
    return layer.call->layer->reference(weights, inputs);
  } catch (Error& error) {
    error.within(fmt::format("layer `{}` ({})", layer.call->layer_name, layer.call->class_name));
    throw;
  }
}

std::vector<Tensor> compute(const LayerInputs& layer, int n_threads) {
  const keras::Formulas shapes = formulas(layer);
  std::vector<Tensor> outputs;
  std::vector<std::span<double>> targets;
  for (const keras::Formula& formula : shapes) {
    outputs.push_back(formula.text ? texts_of(formula) : Tensor(DType::kFloat64, formula.shape));
    targets.push_back(formula.text ? std::span<double>() : outputs.back().mutable_values<double>());
  }
  std::vector<std::atomic<int64_t>> next(outputs.size());
  in_parallel(total_cost(shapes) < kSingleThreadCost ? 1 : n_threads, [&] {
    const keras::Formulas own = formulas(layer);
    for (size_t o = 0; o < own.size(); ++o) {
      const auto n = static_cast<int64_t>(targets[o].size());
      for (int64_t first = next[o].fetch_add(kChunk); first < n; first = next[o].fetch_add(kChunk)) {
        for (int64_t i = first; i < std::min(first + kChunk, n); ++i) {
          targets[o][static_cast<size_t>(i)] = own[o].at(keras::Index::at_offset(own[o].shape, i));
        }
      }
    }
  });
  return outputs;
}

bool left_no_node(const keras::LoweredCall& call) { return call.outputs == call.inputs; }

graph::Endpoint find_endpoint(const graph::Graph& graph, const std::string& name) {
  if (graph::Node* node = graph.find(name)) return node->output();
  const size_t colon = name.rfind(':');
  if (colon == std::string::npos) return {};
  int index = 0;
  std::from_chars(name.data() + colon + 1, name.data() + name.size(), index);
  graph::Node* node = graph.find(name.substr(0, colon));
  return node == nullptr ? graph::Endpoint{} : node->output(index);
}

graph::Graph frozen_copy(const keras::Lowered& lowered) {
  std::set<std::string> names;
  const auto keep = [&](const std::string& name) {
    if (const auto endpoint = find_endpoint(lowered.graph, name)) names.insert(endpoint.node->name());
  };
  for (const auto& call : lowered.calls) {
    for (const auto* endpoints : {&call.inputs, &call.masks, &call.outputs}) std::ranges::for_each(*endpoints, keep);
  }
  for (const auto& output : lowered.signature.outputs) keep(output.name());
  for (const auto& input : lowered.signature.inputs) keep(input.name());
  graph::Graph copy = lowered.graph.clone();
  passes::freeze(copy, lowered.variables, {{names.begin(), names.end()}, {}, {}});
  return copy;
}

KnownValues::KnownValues(const keras::Lowered& lowered) : graph_(frozen_copy(lowered)) {}

Tensor KnownValues::get(const std::string& name) {
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  const graph::Endpoint wanted = find_endpoint(graph_, name);
  if (!wanted)
    throw Error(ErrorCode::kMismatch, fmt::format("endpoint `{}`", name), "the lowered graph has no such node");
  if (dtypes_.empty()) {
    for (const auto& [endpoint, known] : ops::infer(graph_)) dtypes_[endpoint.name()] = known.dtype;
  }
  // Only what stands right behind known values is computed.
  std::map<graph::Endpoint, Tensor> feeds;
  std::set<graph::Endpoint> seen;
  std::vector<graph::Endpoint> open{wanted};
  while (!open.empty()) {
    const graph::Endpoint endpoint = open.back();
    open.pop_back();
    if (!seen.insert(endpoint).second) continue;
    const auto known = values_.find(endpoint.name());
    if (known != values_.end())
      feeds.emplace(endpoint, known->second.cast(dtypes_.at(endpoint.name())));
    else
      open.insert(open.end(), endpoint.node->inputs.begin(), endpoint.node->inputs.end());
  }
  Tensor value = ops::evaluate(graph_, feeds, std::span(&wanted, 1)).at(0);
  set(name, value);
  return value;
}

LayerInputs KnownValues::inputs_of(const keras::LoweredCall& call) {
  LayerInputs result{&call, {}, {}};
  for (const auto& name : call.inputs) result.inputs.push_back(get(name));
  for (const auto& name : call.masks) result.masks.push_back(name.empty() ? Tensor() : get(name));
  return result;
}

std::vector<Tensor> reference_outputs(const keras::Lowered& lowered, std::span<const Tensor> inputs) {
  if (inputs.size() != lowered.signature.inputs.size()) {
    throw Error(
        ErrorCode::kInvalidArgument, "",
        fmt::format("the model has {} inputs, but {} are given", lowered.signature.inputs.size(), inputs.size()));
  }
  KnownValues values(lowered);
  for (size_t i = 0; i < inputs.size(); ++i) values.set(lowered.signature.inputs[i].name(), inputs[i]);
  for (const auto& call : lowered.calls) {
    if (left_no_node(call)) continue;
    const auto outputs = compute(values.inputs_of(call), thread_count(0));
    for (size_t o = 0; o < outputs.size() && o < call.outputs.size(); ++o) {
      if (!values.contains(call.outputs[o])) values.set(call.outputs[o], outputs[o]);
    }
  }
  std::vector<Tensor> results;
  for (const auto& output : lowered.signature.outputs)
    results.push_back(values.get(output.name()).cast(DType::kFloat64));
  return results;
}

}  // namespace hoarfrost::evaluation
