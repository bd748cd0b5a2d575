// verify: the frozen graph, as the runtime computes it, against the layers' references. docs/verify.md gives the
// reasons.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "base/processors.h"
#include "evaluation/compare.h"
#include "evaluation/endpoints.h"
#include "evaluation/parallel.h"
#include "evaluation/random_input.h"
#include "evaluation/rounding_reach.h"
#include "evaluation/sample.h"
#include "evaluation/saturation.h"

namespace hoarfrost::evaluation {
namespace {

constexpr double kMultiplicationsPerSecond = 5e7;  // of the references, per thread: measured low
constexpr double kInputPerturbation = 0x1p-20;
constexpr double kSteppedPerturbation =
    0x1p-15;  // of a model that rounds on its way, whose few jumps a smaller one would miss

class Verifier {
 public:
  Verifier(const keras::Lowered& lowered, const graph::Graph& frozen, const graph::Signature& signature,
           const VerifyOptions& options)
      : lowered_(lowered), frozen_(frozen), signature_(signature), options_(options), values_(lowered) {}

  Verification run() {
    expect_same_signature();
    run_unfused();
    collect_checks();
    compare_layers();
    reconsider_layers();
    compare_saturated_layers();
    compare_outputs();
    result_.equal = result_.first_divergence() == nullptr;
    return std::move(result_);
  }

 private:
  void expect_same_signature() const {
    const auto expect = [](size_t model, size_t graph, std::string_view what) {
      if (model != graph)
        throw Error(ErrorCode::kMismatch, "",
                    fmt::format("the model has {} {}, the frozen graph {}", model, what, graph));
    };
    expect(lowered_.signature.inputs.size(), signature_.inputs.size(), "inputs");
    expect(lowered_.signature.outputs.size(), signature_.outputs.size(), "outputs");
  }

  // Every layer's outputs, node by node.
  void run_unfused() {
    found_ = find_endpoints(lowered_, frozen_, signature_);
    const auto shapes = input_shapes(frozen_, signature_, options_.batch);
    graph::Signature all{signature_.inputs, {}};
    std::vector<std::string> names;
    for (const auto& [name, found] : found_) {
      if (std::ranges::find(signature_.inputs, found.endpoint) != signature_.inputs.end()) continue;
      all.outputs.push_back(found.endpoint);
      names.push_back(name);
    }
    runtime::Session session(frozen_, all, {.threads = options_.threads, .fuse = false});
    Trial trial = try_random_inputs(frozen_, signature_, shapes, options_.seed,
                                    [&](const std::vector<Tensor>& inputs) { return session.run(inputs); });
    inputs_ = std::move(trial.inputs);
    for (size_t i = 0; i < names.size(); ++i) runtime_values_[names[i]] = trial.outputs[i];
    for (size_t i = 0; i < inputs_.size(); ++i) values_.set(lowered_.signature.inputs[i].name(), inputs_[i]);
  }

  // In call order, so that a layer that the frozen graph has not under its name is computed by its reference for those
  // behind.
  void collect_checks() {
    for (const auto& call : lowered_.calls) {
      for (const auto& mask : call.masks) {
        if (runtime_values_.contains(mask)) values_.set(mask, runtime_values_.at(mask));
      }
      if (left_no_node(call)) continue;
      LayerInputs layer = values_.inputs_of(call);
      if (is_found(call, layer)) {
        std::vector<Tensor> outputs;
        for (const auto& output : call.outputs) outputs.push_back(runtime_values_.at(output));
        for (const auto& output : call.outputs) values_.set(output, runtime_values_.at(output));
        checks_.push_back({std::move(layer), std::move(outputs)});
        continue;
      }
      result_.not_found.push_back(call.layer_name);
      const auto outputs = compute(layer, thread_count(options_.threads));
      for (size_t o = 0; o < call.outputs.size(); ++o) values_.set(call.outputs[o], outputs.at(o));
    }
  }

  // A value found by its scope alone counts only when it has the layer's shape.
  [[nodiscard]] bool is_found(const keras::LoweredCall& call, const LayerInputs& layer) const {
    for (size_t o = 0; o < call.outputs.size(); ++o) {
      if (!runtime_values_.contains(call.outputs[o])) return false;
      if (!found_.at(call.outputs[o]).is_exact &&
          formulas(layer).at(o).shape != runtime_values_.at(call.outputs[o]).shape())
        return false;
    }
    return true;
  }

  // What is left of the budget is shared equally, the cheapest layers first: they leave over what they do not need.
  [[nodiscard]] std::vector<double> budgets(const std::vector<double>& costs, int n_threads) const {
    std::vector<double> budgets(costs.size(), HUGE_VAL);
    if (options_.exhaustive) return budgets;
    std::vector<size_t> order(costs.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::sort(order, {}, [&](size_t i) { return costs[i]; });
    double left = options_.budget_seconds * kMultiplicationsPerSecond * n_threads;
    size_t n_left = order.size();
    for (const size_t i : order) {
      budgets[i] = left / static_cast<double>(n_left--);
      left -= std::min(budgets[i], costs[i]);
    }
    return budgets;
  }

  void compare_layers() {
    const int n_threads = thread_count(options_.threads);
    std::vector<double> costs;
    for (const auto& check : checks_) costs.push_back(total_cost(check));
    shares_ = budgets(costs, n_threads);
    std::vector<size_t> order(checks_.size());  // the longest first, so that no thread is left with it at the end
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::sort(order, std::greater<>(), [&](size_t i) { return std::min(costs[i], shares_[i]); });
    result_.layers.resize(checks_.size());
    std::atomic<size_t> next = 0;
    in_parallel(std::min(n_threads, static_cast<int>(checks_.size())), [&] {
      for (size_t i = next++; i < order.size(); i = next++) {
        result_.layers[order[i]] = compare_layer(checks_[order[i]], shares_[order[i]], options_.seed + order[i]);
        // The next layer has weights of its own: memory grows with the largest layer, not with the model.
        for (const Tensor& weight : checks_[order[i]].layer.call->weights) weight.release();
      }
    });
  }

  // A layer that seems wrong may be written so that it rounds more than its definition must, as TensorFlow's
  // normalisations are: x / deviation + (beta - mean / deviation). Then its own nodes carry their rounding that far.
  void reconsider_layers() {
    for (size_t i = 0; i < checks_.size(); ++i) {
      const LayerCheck& check = checks_[i];
      if (result_.layers[i].equal) continue;
      graph::Signature alone;
      std::vector<Tensor> inputs;
      if (!find_alone(check, alone, inputs)) continue;
      const Allowed allowed = rounding_reach(
          frozen_, alone, inputs, check.outputs,
          {.input_amount = 0, .value_amount = 0x1p-23, .seed = options_.seed, .threads = options_.threads});
      result_.layers[i] = compare_layer(check, shares_[i], options_.seed + i, allowed);
    }
  }

  // Where the layer's nodes begin and end, and the values that they begin with, masks among them. false where a
  // beginning is not known.
  bool find_alone(const LayerCheck& check, graph::Signature& alone, std::vector<Tensor>& inputs) const {
    const auto begin = [&](const std::string& name, const Tensor& value) {
      if (name.empty()) return true;
      if (value.dtype() == DType::kString) return false;  // which no rounding moves
      const graph::Endpoint endpoint = endpoint_of(name);
      if (endpoint && std::ranges::find(alone.inputs, endpoint) == alone.inputs.end()) {
        alone.inputs.push_back(endpoint);
        inputs.push_back(value);
      }
      return static_cast<bool>(endpoint);
    };
    const keras::LoweredCall& call = *check.layer.call;
    for (size_t i = 0; i < call.inputs.size(); ++i) {
      if (!begin(call.inputs[i], check.layer.inputs[i])) return false;
    }
    for (size_t i = 0; i < call.masks.size(); ++i) {
      if (!begin(call.masks[i], check.layer.masks[i])) return false;
    }
    for (const auto& name : call.outputs) alone.outputs.push_back(found_.at(name).endpoint);
    return true;
  }

  // One after the other: each runs in the runtime, with all its threads.
  void compare_saturated_layers() {
    for (size_t i = 0; i < checks_.size(); ++i) {
      if (!result_.layers[i].equal || !is_saturated(checks_[i], shares_[i], options_.seed)) continue;
      LayerEndpoints endpoints;
      for (const auto& name : checks_[i].layer.call->inputs) endpoints.inputs.push_back(endpoint_of(name));
      for (const auto& name : checks_[i].layer.call->outputs) endpoints.outputs.push_back(found_.at(name).endpoint);
      compare_unsaturated(result_.layers[i], checks_[i], endpoints, frozen_, shares_[i], options_.seed,
                          options_.threads);
    }
  }

  [[nodiscard]] graph::Endpoint endpoint_of(const std::string& name) const {
    const auto found = found_.find(name);
    if (found != found_.end()) return found->second.endpoint;
    for (size_t i = 0; i < signature_.inputs.size(); ++i) {
      if (lowered_.signature.inputs[i].name() == name) return signature_.inputs[i];
    }
    return {};
  }

  void compare_outputs() {
    runtime::Session session(frozen_, signature_, {.threads = options_.threads, .n_runs = 1});
    const auto outputs = session.run(inputs_);
    std::vector<Tensor> expected;
    for (const auto& output : lowered_.signature.outputs) expected.push_back(values_.get(output.name()));
    bool is_all_near = true;
    for (size_t i = 0; i < outputs.size(); ++i) is_all_near = is_all_near && is_near(expected[i], outputs[i]);
    std::vector<std::vector<double>> allowed(outputs.size());
    if (!is_all_near) {
      const double amount = has_steps() ? kSteppedPerturbation : kInputPerturbation;
      allowed = rounding_reach(frozen_, signature_, inputs_, outputs,
                               {.input_amount = amount, .seed = options_.seed, .threads = options_.threads});
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      result_.outputs.push_back(compare_output(signature_.outputs[i].name(), expected[i], outputs[i], allowed[i]));
    }
  }

  // Whether the graph rounds numbers that flow through it, as quantized models do.
  [[nodiscard]] bool has_steps() const {
    return std::ranges::any_of(frozen_.nodes(), [](const auto& node) {
      return node->op() == "Round" || node->op() == "Floor" || node->op() == "Sign" ||
             node->op().starts_with("FakeQuant");
    });
  }

  const keras::Lowered& lowered_;
  const graph::Graph& frozen_;
  const graph::Signature& signature_;
  VerifyOptions options_;
  KnownValues values_;  // by the lowered graph's names
  std::map<std::string, FoundEndpoint> found_;
  std::map<std::string, Tensor> runtime_values_;
  std::vector<Tensor> inputs_;
  std::vector<LayerCheck> checks_;
  std::vector<double> shares_;  // of the budget, by check
  Verification result_;
};

bool are_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

// Read in blocks: mapped pages would count as memory.
bool are_finite(const FileRange& floats) {
  std::vector<float> block(std::min<uint64_t>(floats.n_bytes / sizeof(float), 1 << 16));
  for (uint64_t done = 0; done < floats.n_bytes;) {
    const auto part = std::span(block).first(std::min<uint64_t>(block.size(), (floats.n_bytes - done) / sizeof(float)));
    floats.file->read(floats.offset + done, std::as_writable_bytes(part));
    if (!are_finite(part)) return false;
    done += part.size_bytes();
  }
  return true;
}

bool has_nan_or_infinity(const Tensor& weight) {
  if (weight.dtype() == DType::kFloat32) {
    const FileRange* range = weight.file_range();
    return range != nullptr ? !are_finite(*range) : !are_finite(weight.values<float>());
  }
  if (dtype_size(weight.dtype()) == 0) return false;
  const Reader reader(weight);
  for (int64_t i = 0; i < weight.n_elements(); ++i) {
    if (!std::isfinite(reader[i])) return true;
  }
  return false;
}

}  // namespace

const Comparison* Verification::first_divergence() const {
  for (const auto* comparisons : {&layers, &outputs}) {
    const auto found = std::ranges::find(*comparisons, false, &Comparison::equal);
    if (found != comparisons->end()) return &*found;
  }
  return nullptr;
}

Verification verify(const keras::Lowered& lowered, const graph::Graph& frozen, const graph::Signature& signature,
                    const VerifyOptions& options) {
  return Verifier(lowered, frozen, signature, options).run();
}

std::vector<std::string> nan_weights(const keras::Lowered& lowered) {
  std::vector<std::string> names;
  for (const auto& call : lowered.calls) {
    const bool is_known = std::ranges::find(names, call.layer_name) != names.end();
    if (!is_known && std::ranges::any_of(call.weights, has_nan_or_infinity)) names.push_back(call.layer_name);
  }
  return names;
}

}  // namespace hoarfrost::evaluation
