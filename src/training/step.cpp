#include "training/step.h"

#include <array>

namespace hoarfrost::training {
namespace {

runtime::Options options_for(int threads, distributed::Group* group) {
  runtime::Options options;
  options.threads = threads;
  options.is_deterministic = true;  // a training that goes on rounds as it did before
  options.group = group;
  return options;
}

}  // namespace

Step::Step(StepGraph graph, int threads, distributed::Group* group)
    : graph_(std::move(graph)),
      options_(options_for(threads, group)),
      session_(graph_.graph, graph_.signature, options_) {}

std::vector<Tensor> Step::inputs_of(const Feed& feed) const {
  std::vector<Tensor> inputs(feed.x.begin(), feed.x.end());
  inputs.insert(inputs.end(), feed.y.begin(), feed.y.end());
  inputs.push_back(*feed.example_weights);
  if (graph_.has_seed) inputs.push_back(Tensor::vector(std::vector<int64_t>(feed.seed.begin(), feed.seed.end())));
  inputs.insert(inputs.end(), feed.variables.begin(), feed.variables.end());
  return inputs;
}

// By their places among the gradients.
runtime::AfterStep Step::after_step(const runtime::AfterStep& on_gradients) const {
  if (!on_gradients) return {};
  return [this, &on_gradients](std::span<const size_t> outputs) {
    const size_t first = 1 + 2 * graph_.n_y;
    std::vector<size_t> places;
    for (const size_t i : outputs) {
      if (i >= first && i < first + graph_.trainable.size()) places.push_back(i - first);
    }
    on_gradients(places);
  };
}

std::span<Tensor> Step::gradients() {
  if (outputs_.empty()) return {};
  return std::span(outputs_).subspan(1 + 2 * graph_.n_y, graph_.trainable.size());
}

Step::Result Step::run(const Feed& feed, const runtime::AfterStep& on_gradients) {
  const auto inputs = inputs_of(feed);
  if (outputs_.empty())
    outputs_ = session_.run(inputs);
  else
    session_.run_into(inputs, outputs_, after_step(on_gradients));
  Result result;
  result.loss = outputs_[0].values<float>()[0];
  const size_t n = graph_.n_y;
  for (size_t i = 0; i < n; ++i) result.losses.push_back(outputs_[1 + i].values<float>()[0]);
  const std::span<const Tensor> all = outputs_;
  result.predictions = all.subspan(1 + n, n);
  result.gradients = all.subspan(1 + 2 * n, graph_.trainable.size());
  result.updates = all.subspan(1 + 2 * n + graph_.trainable.size(), graph_.updated.size());
  return result;
}

std::vector<Tensor> Step::values_at(std::span<const std::string> endpoints, const Feed& feed) const {
  graph::Signature signature{graph_.signature.inputs, {}};
  for (const std::string& name : endpoints) signature.outputs.push_back(graph::resolve(graph_.graph, name));
  return runtime::Session(graph_.graph, signature, options_).run(inputs_of(feed));
}

std::vector<runtime::Step> Step::plan() {
  std::vector<Shape> shapes;
  for (const graph::Endpoint& input : graph_.signature.inputs) shapes.push_back(input.node->get<Shape>("shape"));
  return session_.plan(shapes);
}

}  // namespace hoarfrost::training
