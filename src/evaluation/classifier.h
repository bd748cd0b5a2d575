// A graph that gives one row of outputs per example: what evaluate and compare run.
#pragma once

#include <hoarfrost/data.h>
#include <hoarfrost/graph.h>
#include <hoarfrost/runtime.h>

namespace hoarfrost::evaluation {

struct ClassifierFormat {
  data::ExampleFormat examples;
  int64_t n_units = 0;             // outputs per example; one is a probability of class 1
  int64_t fixed_batch = kUnknown;  // of the graph's input
};
// Throws what example_format throws.
ClassifierFormat classifier_format(const graph::Graph& graph, const graph::Signature& signature);

class Classifier {
 public:
  struct Options {
    int64_t batch_size = 32;  // a graph's fixed batch comes before it
    runtime::Options session = {};
    int64_t n_examples = 0;  // to run: n_runs of the session
  };
  Classifier(const graph::Graph& frozen, const graph::Signature& signature, const Options& options);
  // The outputs of a batch of batch_size() examples or fewer, one row each.
  Tensor operator()(const Tensor& x);
  [[nodiscard]] int64_t batch_size() const { return batch_size_; }
  [[nodiscard]] const ClassifierFormat& format() const { return format_; }

 private:
  ClassifierFormat format_;
  int64_t batch_size_;
  runtime::Session session_;
};

}  // namespace hoarfrost::evaluation
