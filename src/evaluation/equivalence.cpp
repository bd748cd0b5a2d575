#include "evaluation/equivalence.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "evaluation/compare.h"
#include "evaluation/random_input.h"
#include "evaluation/rounding_reach.h"

namespace hoarfrost::evaluation {
namespace {

using graph::Endpoint;

Tensor channels_first(const Tensor& input) {
  const Shape& s = input.shape();
  Tensor result(input.dtype(), {s[0], s[3], s[1], s[2]});
  const size_t size = dtype_size(input.dtype());
  const auto from = input.bytes();
  const auto to = result.mutable_bytes();
  const int64_t n_places = s[1] * s[2], n_channels = s[3];
  for (int64_t i = 0; i < input.n_elements(); ++i) {
    const int64_t channel = i % n_channels, place = i / n_channels % n_places, example = i / n_channels / n_places;
    const int64_t target = (example * n_channels + channel) * n_places + place;
    std::memcpy(to.data() + static_cast<size_t>(target) * size, from.data() + static_cast<size_t>(i) * size, size);
  }
  return result;
}

class Comparer {
 public:
  Comparer(const Model& before, const Model& after, const EquivalenceOptions& options)
      : before_(before), after_(after), options_(options) {
    if (before.signature.outputs.size() != after.signature.outputs.size())
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("one graph has {} outputs, the other {}", before.signature.outputs.size(),
                              after.signature.outputs.size()));
    match_inputs();
  }

  std::vector<Comparison> run() {
    runtime::Session first(before_.frozen, before_.signature, {.threads = options_.threads, .n_runs = 1});
    runtime::Session second(after_.frozen, after_.signature, {.threads = options_.threads, .n_runs = 1});
    const auto shapes = shapes_of_inputs();
    const auto [inputs, expected] =
        try_random_inputs(before_.frozen, before_.signature, shapes, options_.seed, [&](std::vector<Tensor>& values) {
          for (size_t i = 0; i < values.size(); ++i) {
            if (!places_[i]) values[i] = Tensor(values[i].dtype(), values[i].shape());
          }
          return first.run(values);
        });
    const auto found = second.run(inputs_of_after(inputs));
    std::vector<std::vector<double>> allowed(expected.size());
    bool is_all_near = true;
    for (size_t i = 0; i < expected.size(); ++i) is_all_near = is_all_near && is_near(expected[i], found[i]);
    if (!is_all_near)
      allowed = rounding_reach(before_.frozen, before_.signature, inputs, expected,
                               {.seed = options_.seed, .threads = options_.threads});
    std::vector<Comparison> result;
    for (size_t i = 0; i < expected.size(); ++i)
      result.push_back(compare_output(after_.signature.outputs[i].name(), expected[i], found[i], allowed[i]));
    return result;
  }

 private:
  // For each input of the first its place among the second's.
  void match_inputs() {
    const auto& theirs = after_.signature.inputs;
    const auto& ours = before_.signature.inputs;
    places_.resize(ours.size());
    size_t n_found = 0;
    for (size_t i = 0; i < ours.size(); ++i) {
      const auto found =
          std::ranges::find_if(theirs, [&](const Endpoint& input) { return input.name() == ours[i].name(); });
      if (found == theirs.end()) continue;
      places_[i] = static_cast<size_t>(found - theirs.begin());
      ++n_found;
    }
    if (n_found < theirs.size() && ours.size() == theirs.size()) {
      for (size_t i = 0; i < ours.size(); ++i) places_[i] = i;
      n_found = theirs.size();
    }
    const auto is_flag = [](const Endpoint& input) {
      return input.node->get_or<DType>("dtype", DType::kInvalid) == DType::kBool;
    };
    for (size_t i = 0; i < ours.size(); ++i) {
      if (places_[i] || is_flag(ours[i])) continue;
      throw Error(ErrorCode::kMismatch, "", fmt::format("input `{}` is in one graph only", ours[i].name()));
    }
    if (n_found != theirs.size())
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("one graph has {} inputs, the other {}", ours.size(), theirs.size()));
  }

  [[nodiscard]] bool is_turned(const Endpoint& input) const {
    return std::ranges::find(options_.nchw_inputs, input.node->name()) != options_.nchw_inputs.end();
  }

  // The second may have sizes that the first leaves open. A bool that leaves the graph with training is one number.
  [[nodiscard]] std::vector<Shape> shapes_of_inputs() const {
    const auto of_after = input_shapes(after_.frozen, after_.signature, options_.batch);
    std::vector<Shape> shapes;
    for (const auto& place : places_) {
      if (!place) {
        shapes.emplace_back();
        continue;
      }
      Shape shape = of_after[*place];
      if (is_turned(after_.signature.inputs[*place])) shape = {shape[0], shape[2], shape[3], shape[1]};
      shapes.push_back(shape);
    }
    return shapes;
  }

  [[nodiscard]] std::vector<Tensor> inputs_of_after(const std::vector<Tensor>& inputs) const {
    std::vector<Tensor> result(after_.signature.inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!places_[i]) continue;
      const Endpoint& input = after_.signature.inputs[*places_[i]];
      const Tensor& x = inputs[i];
      const DType dtype = input.node->get_or<DType>("dtype", x.dtype());  // a target may take whole numbers as floats
      result[*places_[i]] = is_turned(input) ? channels_first(x) : dtype == x.dtype() ? x : x.cast(dtype);
    }
    return result;
  }

  const Model& before_;
  const Model& after_;
  const EquivalenceOptions& options_;
  std::vector<std::optional<size_t>> places_;
};

}  // namespace

std::vector<Comparison> compare_graphs(const Model& before, const Model& after, const EquivalenceOptions& options) {
  return Comparer(before, after, options).run();
}

}  // namespace hoarfrost::evaluation
