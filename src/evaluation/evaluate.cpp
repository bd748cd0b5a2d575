// evaluate: a data set through a frozen graph, or through the references, and what came out right.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <future>

#include "base/progress.h"
#include "evaluation/reference.h"
#include "evaluation/score.h"
#include "evaluation/tuning.h"
#include "ops/op.h"

namespace hoarfrost::evaluation {
namespace {

using Network = std::function<Tensor(const Tensor& x)>;

// The examples of `batch` repeated up to n: for a graph whose batch is fixed.
Tensor padded(const Tensor& x, int64_t n) {
  Shape shape = x.shape();
  shape[0] = n;
  Tensor result(x.dtype(), shape);
  const auto target = result.mutable_bytes();
  std::memcpy(target.data(), x.bytes().data(), x.n_bytes());
  return result;
}

Tensor first_rows(const Tensor& y, int64_t n) {
  Shape shape = y.shape();
  shape[0] = n;
  Tensor result(y.dtype(), shape);
  std::memcpy(result.mutable_bytes().data(), y.bytes().data(), result.n_bytes());
  return result;
}

Evaluation evaluate(const Network& network, int64_t n_units, data::DataSet& examples, const EvaluateOptions& options) {
  if (options.batch_size < 1)
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("expected a batch size of 1 or more, found {}", options.batch_size));
  const auto start = std::chrono::steady_clock::now();
  const int64_t n_batches = (examples.size() + options.batch_size - 1) / options.batch_size;
  Score score(n_units, options.top_k);
  Progress progress(n_batches, options.show_progress);
  data::Batch batch = examples.next(options.batch_size);
  for (int64_t i = 1; !batch.labels.empty(); ++i) {
    if (options.drop_remainder && static_cast<int64_t>(batch.labels.size()) < options.batch_size) break;
    auto next = std::async(std::launch::async, [&] { return examples.next(options.batch_size); });
    score.add(network(batch.x), batch.labels);
    progress.update(i, score.text());
    batch = next.get();
  }
  progress.finish(score.text());
  Evaluation result = score.result();
  if (result.examples == 0) {
    throw Error(
        ErrorCode::kInvalidArgument, "",
        fmt::format("nothing to evaluate: the data set has fewer examples than one batch of {}", options.batch_size));
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

struct Format {
  data::ExampleFormat examples;
  int64_t n_units = 0;
  int64_t fixed_batch = kUnknown;
};

Format format_of(const graph::Graph& graph, const graph::Signature& signature) {
  if (signature.inputs.size() != 1 || signature.outputs.size() != 1) {
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("expected a graph with one input and one output to evaluate, found {} and {}; name them "
                            "with --input-node and --output-node",
                            signature.inputs.size(), signature.outputs.size()));
  }
  const auto known = ops::infer(graph);
  const auto& input = known.at(signature.inputs[0]);
  const auto& output = known.at(signature.outputs[0]);
  Format format;
  format.examples.dtype = input.dtype;
  if (input.shape.has_rank() && input.shape.rank() > 0) {
    format.fixed_batch = input.shape[0];
    format.examples.shape = Shape(std::vector<int64_t>(input.shape.sizes().begin() + 1, input.shape.sizes().end()));
  }
  // [batch, classes]; a fully convolutional network may end in [batch, 1, 1, classes].
  bool is_rows = output.shape.has_rank() && output.shape.rank() >= 2 && output.shape.last() > 0;
  for (int axis = 1; is_rows && axis + 1 < output.shape.rank(); ++axis) is_rows = output.shape[axis] == 1;
  if (!is_rows) {
    throw Error(ErrorCode::kUnsupported, fmt::format("output `{}`", signature.outputs[0].name()),
                fmt::format("expected an output [batch, classes] to evaluate, found {}", output.shape.to_string()));
  }
  format.n_units = output.shape.last();
  format.examples.n_classes = format.n_units == 1 ? 2 : format.n_units;
  return format;
}

Format format_of(const keras::Lowered& lowered) {
  const graph::Graph frozen = frozen_copy(lowered);
  graph::Signature signature;
  for (const auto& input : lowered.signature.inputs) signature.inputs.push_back(find_endpoint(frozen, input.name()));
  for (const auto& output : lowered.signature.outputs)
    signature.outputs.push_back(find_endpoint(frozen, output.name()));
  return format_of(frozen, signature);
}

}  // namespace

data::ExampleFormat example_format(const graph::Graph& frozen, const graph::Signature& signature) {
  return format_of(frozen, signature).examples;
}
data::ExampleFormat example_format(const keras::Lowered& lowered) { return format_of(lowered).examples; }

Evaluation evaluate(const graph::Graph& frozen, const graph::Signature& signature, data::DataSet& examples,
                    const EvaluateOptions& options) {
  const Format format = format_of(frozen, signature);
  EvaluateOptions own = options;
  if (format.fixed_batch != kUnknown) own.batch_size = format.fixed_batch;
  const bool is_long = is_worth_tuning(examples.size(), own.batch_size);
  const int64_t n_runs = (examples.size() + own.batch_size - 1) / own.batch_size;
  runtime::Session session(frozen, signature, {.threads = options.threads, .tune = is_long, .n_runs = n_runs});
  const auto network = [&](const Tensor& x) {
    const int64_t n = x.shape()[0];
    const bool is_short = n < own.batch_size;  // padded: another batch size would be compiled anew
    const Tensor full = is_short ? padded(x, own.batch_size) : x;
    const Tensor y = session.run(std::span(&full, 1)).at(0);
    return is_short ? first_rows(y, n) : y;
  };
  return evaluate(network, format.n_units, examples, own);
}

Evaluation evaluate_reference(const keras::Lowered& lowered, data::DataSet& examples, const EvaluateOptions& options) {
  const auto network = [&](const Tensor& x) { return reference_outputs(lowered, std::span(&x, 1)).at(0); };
  return evaluate(network, format_of(lowered).n_units, examples, options);
}

}  // namespace hoarfrost::evaluation
