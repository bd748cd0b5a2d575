#include "evaluation/saturation.h"

#include <hoarfrost/runtime.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "evaluation/sample.h"

namespace hoarfrost::evaluation {
namespace {

constexpr double kProbe = 0.01;         // relative change of weights and inputs
constexpr double kVisible = 1e-5;       // change of an output of at most one that a comparison sees
constexpr int64_t kProbedElements = 4;  // for each index of the last axis, at least
constexpr double kScaleStep = 0.125;
constexpr int kMaxSteps = 3;

bool is_bounded(const Tensor& tensor) {
  if (tensor.dtype() != DType::kFloat32 || tensor.shape().rank() == 0 || tensor.n_elements() == 0) return false;
  return std::ranges::all_of(tensor.values<float>(), [](float value) { return std::abs(value) <= 1.0001F; });
}

Tensor scaled(const Tensor& tensor, double scale) {
  Tensor result(tensor.dtype(), tensor.shape());
  const auto target = result.mutable_values<float>();
  std::ranges::transform(tensor.values<float>(), target.begin(),
                         [&](float value) { return static_cast<float>(value * scale); });
  return result;
}

bool can_run_alone(const LayerCheck& check, const LayerEndpoints& endpoints) {
  const auto is_missing = [](const graph::Endpoint& endpoint) { return !endpoint; };
  const auto has_mask = [](const Tensor& mask) { return !mask.empty(); };
  const auto is_no_float = [](const Tensor& input) { return input.dtype() != DType::kFloat32; };
  return !check.layer.inputs.empty() && std::ranges::none_of(endpoints.inputs, is_missing) &&
         std::ranges::none_of(check.layer.masks, has_mask) && std::ranges::none_of(check.layer.inputs, is_no_float);
}

}  // namespace

bool is_saturated(const LayerCheck& check, double budget, uint64_t seed) {
  const Tensor& output = check.outputs.at(0);
  if (check.outputs.size() != 1 || !is_bounded(output)) return false;
  const keras::Formula plain = formulas(check.layer).at(0);
  // The question may not cost more than the comparison itself: a wide dense layer within a network is let be.
  const double cost = 2 * plain.cost * static_cast<double>(kProbedElements * plain.shape.last());
  if (cost > budget) return false;
  const keras::Formula moved = formulas(check.layer, {kProbe, seed}).at(0);
  Random random(seed);
  const int64_t n_last = plain.shape.last();
  std::set<int64_t> seen;
  for (const int64_t offset : sample_offsets(plain.shape, kProbedElements * n_last, random)) {
    const keras::Index index = keras::Index::at_offset(plain.shape, offset);
    if (std::abs(plain.at(index) - moved.at(index)) > kVisible) seen.insert(index[-1]);
  }
  return static_cast<int64_t>(seen.size()) < n_last;
}

void compare_unsaturated(Comparison& comparison, const LayerCheck& check, const LayerEndpoints& endpoints,
                         const graph::Graph& frozen, double budget, uint64_t seed, int n_threads) {
  if (!can_run_alone(check, endpoints)) return;
  runtime::Session session(frozen, {endpoints.inputs, endpoints.outputs}, {n_threads, false});
  LayerCheck alone = check;
  double scale = 1;
  for (int step = 0; step < kMaxSteps && is_saturated(alone, budget, seed); ++step) {
    scale *= kScaleStep;
    for (size_t i = 0; i < check.layer.inputs.size(); ++i) alone.layer.inputs[i] = scaled(check.layer.inputs[i], scale);
    alone.outputs = session.run(alone.layer.inputs);
    const Comparison other = compare_layer(alone, budget, seed);
    comparison.max_abs = std::max(comparison.max_abs, other.max_abs);
    comparison.max_rel = std::max(comparison.max_rel, other.max_rel);
    if (!other.equal && comparison.equal) {
      comparison.equal = false;
      comparison.divergence = other.divergence;
    }
  }
}

}  // namespace hoarfrost::evaluation
