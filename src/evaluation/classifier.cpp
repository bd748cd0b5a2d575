#include "evaluation/classifier.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "ops/op.h"

namespace hoarfrost::evaluation {
namespace {

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

runtime::Options session_options(const Classifier::Options& options, int64_t batch_size) {
  runtime::Options session = options.session;
  session.n_runs = std::max<int64_t>((options.n_examples + batch_size - 1) / batch_size, 1);
  return session;
}

int64_t batch_of(const ClassifierFormat& format, int64_t asked) {
  return format.fixed_batch != kUnknown ? format.fixed_batch : asked;
}

}  // namespace

ClassifierFormat classifier_format(const graph::Graph& graph, const graph::Signature& signature) {
  if (signature.inputs.size() != 1 || signature.outputs.size() != 1) {
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("expected a graph with one input and one output to evaluate, found {} and {}; name them "
                            "with --input-node and --output-node",
                            signature.inputs.size(), signature.outputs.size()));
  }
  const auto known = ops::infer(graph);
  const auto& input = known.at(signature.inputs[0]);
  const auto& output = known.at(signature.outputs[0]);
  ClassifierFormat format;
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

Classifier::Classifier(const graph::Graph& frozen, const graph::Signature& signature, const Options& options)
    : format_(classifier_format(frozen, signature)),
      batch_size_(batch_of(format_, options.batch_size)),
      session_(frozen, signature, session_options(options, batch_size_)) {}

Tensor Classifier::operator()(const Tensor& x) {
  const int64_t n = x.shape()[0];
  const bool is_short = n < batch_size_;  // padded: another batch size would be compiled anew
  const Tensor full = is_short ? padded(x, batch_size_) : x;
  const Tensor y = session_.run(std::span(&full, 1)).at(0);
  return is_short ? first_rows(y, n) : y;
}

}  // namespace hoarfrost::evaluation
