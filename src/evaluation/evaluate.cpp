// evaluate: a data set through a frozen graph, or through the references, and what came out right.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <optional>

#include "base/progress.h"
#include "distributed/group.h"
#include "evaluation/classifier.h"
#include "evaluation/names.h"
#include "evaluation/reference.h"
#include "evaluation/statistics.h"

namespace hoarfrost::evaluation {
namespace {

using Network = std::function<Tensor(const Tensor& x)>;

// Row i of a batch.
Tensor example_of(const Tensor& batch, int64_t i) {
  const Shape shape(std::vector<int64_t>(batch.shape().sizes().begin() + 1, batch.shape().sizes().end()));
  Tensor result(batch.dtype(), shape);
  std::memcpy(result.mutable_bytes().data(), batch.bytes().data() + static_cast<size_t>(i) * result.n_bytes(),
              result.n_bytes());
  return result;
}

int64_t n_batches_of(const data::DataSet& examples, int64_t batch_size) {
  return (examples.size() + batch_size - 1) / batch_size;
}

// This member's batches through the network.
void count(const Network& network, Statistics& statistics, data::DataSet& examples, const EvaluateOptions& options) {
  const auto share = distributed::share_of(options.group, n_batches_of(examples, options.batch_size));
  if (options.group != nullptr) examples.keep(share.first * options.batch_size, share.n * options.batch_size);
  Progress progress(share.n, options.show_progress);
  int64_t first = examples.position();
  // Read between the network's runs: pictures are decoded ahead by threads of their own, and a thread that only copies
  // arrays beside the network's makes those wait for each other (twice the time on two processors).
  for (int64_t i = 1;; ++i) {
    const data::Batch batch = examples.next(options.batch_size);
    const auto n = static_cast<int64_t>(batch.labels.size());
    if (n == 0 || (options.drop_remainder && n < options.batch_size)) break;
    statistics.add(network(batch.x), batch.labels, first,
                   [&](int64_t row) { return examples.picture(example_of(batch.x, row)); });
    progress.update(i, statistics.text());
    first += n;
  }
  progress.finish(statistics.text());
}

// What the other members counted too, at rank 0.
void add_up(Statistics& statistics, distributed::Group* group) {
  if (group == nullptr) return;
  const auto parts = group->gather(statistics.serialized());
  for (size_t rank = 1; rank < parts.size(); ++rank) statistics.merge_serialized(parts[rank]);
}

Evaluation evaluate(const Network& network, int64_t n_units, data::DataSet& examples, const EvaluateOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  Statistics statistics(n_units, options.top_k, options.n_worst);
  distributed::or_abort(options.group, [&] { count(network, statistics, examples, options); });
  add_up(statistics, options.group);
  Evaluation result = statistics.result();
  add_names(result, statistics, examples);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

// Before any example is read.
void expect_sense(const data::DataSet& examples, const ClassifierFormat& format, const EvaluateOptions& options) {
  if (options.batch_size < 1)
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("expected a batch size of 1 or more, found {}", options.batch_size));
  expect_names_fit(examples, format.examples.n_classes);
  const int64_t n_left = examples.size() - examples.position();
  if (n_left == 0 || (options.drop_remainder && n_left < options.batch_size)) {
    throw Error(
        ErrorCode::kInvalidArgument, "",
        fmt::format("nothing to evaluate: the data set has fewer examples than one batch of {}", options.batch_size));
  }
}

ClassifierFormat format_of(const keras::Lowered& lowered) {
  const graph::Graph frozen = frozen_copy(lowered);
  graph::Signature signature;
  for (const auto& input : lowered.signature.inputs) signature.inputs.push_back(find_endpoint(frozen, input.name()));
  for (const auto& output : lowered.signature.outputs)
    signature.outputs.push_back(find_endpoint(frozen, output.name()));
  return classifier_format(frozen, signature);
}

}  // namespace

data::ExampleFormat example_format(const graph::Graph& frozen, const graph::Signature& signature) {
  return classifier_format(frozen, signature).examples;
}
data::ExampleFormat example_format(const keras::Lowered& lowered) { return format_of(lowered).examples; }

Evaluation evaluate(const graph::Graph& frozen, const graph::Signature& signature, data::DataSet& examples,
                    const EvaluateOptions& options) {
  EvaluateOptions own = options;
  const int64_t n_members = options.group == nullptr ? 1 : options.group->size();
  std::optional<Classifier> network;
  distributed::together(options.group, [&] {
    const ClassifierFormat format = classifier_format(frozen, signature);
    if (format.fixed_batch != kUnknown) own.batch_size = format.fixed_batch;
    expect_sense(examples, format, own);
    network.emplace(frozen, signature, Classifier::Options{own.batch_size, own.session, examples.size() / n_members});
  });
  return evaluate([&](const Tensor& x) { return (*network)(x); }, network->format().n_units, examples, own);
}

Evaluation evaluate_reference(const keras::Lowered& lowered, data::DataSet& examples, const EvaluateOptions& options) {
  ClassifierFormat format;
  distributed::together(options.group, [&] {
    format = format_of(lowered);
    expect_sense(examples, format, options);
  });
  const auto network = [&](const Tensor& x) { return reference_outputs(lowered, std::span(&x, 1)).at(0); };
  return evaluate(network, format.n_units, examples, options);
}

}  // namespace hoarfrost::evaluation
