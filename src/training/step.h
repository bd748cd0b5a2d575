// A StepGraph, compiled: runs one batch.
#pragma once

#include <hoarfrost/runtime.h>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "training/step_graph.h"

namespace hoarfrost::training {

class Step {
 public:
  // threads: 0 for as many as the process may use. Choices are fixed, not timed: the same inputs give the same bits in
  // every process with as many threads on the same kind of processor. group: of nodes that work with other processes.
  explicit Step(StepGraph graph, int threads = 0, distributed::Group* group = nullptr);

  struct Feed {
    std::span<const Tensor> x;
    std::span<const Tensor> y;
    const Tensor* example_weights = nullptr;  // [batch]
    std::array<int64_t, 2> seed{};
    std::span<const Tensor> variables;  // in the order of StepGraph::variables
  };
  // Views of memory that the next run overwrites.
  struct Result {
    double loss = 0;             // with penalties
    std::vector<double> losses;  // of each output
    std::span<const Tensor> predictions;
    std::span<const Tensor> gradients;  // by StepGraph::trainable
    std::span<const Tensor> updates;    // by StepGraph::updated
  };
  // on_gradients is called after every step of the plan with the places of the gradients that are there since, mostly
  // none; but not by the first run, which compiles.
  Result run(const Feed& feed, const runtime::AfterStep& on_gradients = {});
  // Those of the last run; empty before.
  std::span<Tensor> gradients();
  // The values at other endpoints of the graph, by one more run: for who looks for what went wrong.
  [[nodiscard]] std::vector<Tensor> values_at(std::span<const std::string> endpoints, const Feed& feed) const;
  [[nodiscard]] const StepGraph& graph() const { return graph_; }
  // The plan of what runs.
  std::vector<runtime::Step> plan();
  // The same with the mean time of each step over the runs that fit into `seconds`.
  std::vector<runtime::Step> profile(const Feed& feed, double seconds) {
    return session_.profile(inputs_of(feed), seconds);
  }

 private:
  [[nodiscard]] std::vector<Tensor> inputs_of(const Feed& feed) const;
  [[nodiscard]] runtime::AfterStep after_step(const runtime::AfterStep& on_gradients) const;
  StepGraph graph_;
  runtime::Options options_;
  runtime::Session session_;
  std::vector<Tensor> outputs_;
};

}  // namespace hoarfrost::training
