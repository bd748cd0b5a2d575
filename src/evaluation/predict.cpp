// predict: arrays through a frozen graph, batch by batch.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <cstring>

#include "base/progress.h"
#include "ops/op.h"

namespace hoarfrost::evaluation {
namespace {

// Rows [first, first + n) along the first axis; what lies past the end is zeros.
Tensor rows(const Tensor& x, int64_t first, int64_t n) {
  Shape shape = x.shape();
  const uint64_t n_row_bytes = shape[0] == 0 ? 0 : x.n_bytes() / static_cast<uint64_t>(shape[0]);
  const int64_t n_there = std::min(n, shape[0] - first);
  shape[0] = n;
  if (x.dtype() == DType::kString) {
    const auto n_row = static_cast<std::ptrdiff_t>(shape[0] == 0 ? 0 : shape.n_elements() / shape[0]);
    std::vector<std::string> texts(x.strings().begin() + first * n_row,
                                   x.strings().begin() + (first + n_there) * n_row);
    texts.resize(static_cast<size_t>(shape.n_elements()));
    return {shape, std::move(texts)};
  }
  Tensor result(x.dtype(), shape);
  const auto source =
      x.bytes().subspan(static_cast<size_t>(first) * n_row_bytes, static_cast<size_t>(n_there) * n_row_bytes);
  std::memcpy(result.mutable_bytes().data(), source.data(), source.size());
  return result;
}

// The outputs of all batches, one after the other along the first axis.
class Collected {
 public:
  Collected(int64_t n_examples, std::string name) : n_examples_(n_examples), name_(std::move(name)) {}

  void add(const Tensor& y, int64_t first, int64_t n, int64_t n_run) {
    if (y.shape().rank() == 0 || y.shape()[0] != n_run) {
      throw Error(ErrorCode::kMismatch, fmt::format("output `{}`", name_),
                  fmt::format("expected one row per example ({}), found {}; give --batch-size {} to run all at once",
                              n_run, y.shape().to_string(), n_examples_));
    }
    Shape shape = y.shape();
    shape[0] = n_examples_;
    if (whole_.empty())
      whole_ = y.dtype() == DType::kString
                   ? Tensor(shape, std::vector<std::string>(static_cast<size_t>(shape.n_elements())))
                   : Tensor(y.dtype(), shape);
    if (shape != whole_.shape()) {
      throw Error(ErrorCode::kMismatch, fmt::format("output `{}`", name_),
                  fmt::format("its shape changes between batches: {} and {}; give --batch-size {} to run all at once",
                              whole_.shape().to_string(), y.shape().to_string(), n_examples_));
    }
    if (y.dtype() == DType::kString) return add_texts(y, first, n);
    const size_t n_row_bytes = y.n_bytes() / static_cast<uint64_t>(n_run);
    std::memcpy(whole_.mutable_bytes().data() + static_cast<size_t>(first) * n_row_bytes, y.bytes().data(),
                static_cast<size_t>(n) * n_row_bytes);
  }
  [[nodiscard]] const Tensor& whole() const { return whole_; }

 private:
  void add_texts(const Tensor& y, int64_t first, int64_t n) {
    const auto n_row = static_cast<std::ptrdiff_t>(y.n_elements() / y.shape()[0]);
    std::vector<std::string> texts = whole_.strings();
    std::copy_n(y.strings().begin(), n * n_row, texts.begin() + first * n_row);
    whole_ = Tensor(whole_.shape(), std::move(texts));
  }

  int64_t n_examples_;
  std::string name_;
  Tensor whole_;
};

bool meets(const Shape& wanted, const Shape& given) {
  if (!wanted.has_rank()) return true;
  if (wanted.rank() != given.rank()) return false;
  for (int axis = 1; axis < wanted.rank(); ++axis) {
    if (wanted[axis] != kUnknown && wanted[axis] != given[axis]) return false;
  }
  return true;
}

std::string names_of(const data::NamedTensors& arrays) {
  std::string text;
  for (const auto& array : arrays) text += (text.empty() ? "" : ", ") + array.name;
  return text.empty() ? "none" : text;
}

const Tensor* find_input(const data::NamedTensors& arrays, const std::string& name, size_t i, size_t n_inputs) {
  for (const std::string& candidate : {name, fmt::format("in{}", i)}) {
    if (const Tensor* found = data::find(arrays, candidate)) return found;
  }
  if (n_inputs != 1) return nullptr;
  for (const char* candidate : {"x", "images", "x_test"}) {
    if (const Tensor* found = data::find(arrays, candidate)) return found;
  }
  return arrays.size() == 1 ? &arrays[0].value : nullptr;
}

int64_t common_batch(std::span<const Tensor> inputs) {
  for (const Tensor& input : inputs) {
    if (input.shape().rank() == 0 || input.shape()[0] != inputs[0].shape()[0]) {
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("expected inputs with as many examples each, found shapes {} and {}",
                              inputs[0].shape().to_string(), input.shape().to_string()));
    }
  }
  return inputs.empty() ? 0 : inputs[0].shape()[0];
}

// The batch that the graph's placeholders fix, or kUnknown.
int64_t fixed_batch(const graph::Signature& signature) {
  for (const auto& input : signature.inputs) {
    const Shape shape = input.node->get_or<Shape>("shape", Shape::unknown_rank());
    if (shape.has_rank() && shape.rank() > 0 && shape[0] != kUnknown) return shape[0];
  }
  return kUnknown;
}

}  // namespace

std::vector<Tensor> match_inputs(const graph::Graph& frozen, const graph::Signature& signature,
                                 const data::NamedTensors& arrays) {
  const auto known = ops::infer(frozen);
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < signature.inputs.size(); ++i) {
    const std::string name = signature.inputs[i].name();
    const Tensor* array = find_input(arrays, name, i, signature.inputs.size());
    if (array == nullptr) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("input `{}`", name),
                  fmt::format("expected an array named `{}` or `in{}`, found {}", name, i, names_of(arrays)));
    }
    const auto& wanted = known.at(signature.inputs[i]);
    if (!meets(wanted.shape, array->shape())) {
      throw Error(
          ErrorCode::kMismatch, fmt::format("input `{}`", name),
          fmt::format("expected an array of shape {}, found {}", wanted.shape.to_string(), array->shape().to_string()));
    }
    if ((array->dtype() == DType::kString) != (wanted.dtype == DType::kString)) {
      throw Error(ErrorCode::kMismatch, fmt::format("input `{}`", name),
                  fmt::format("expected {} values, found {}", dtype_name(wanted.dtype), dtype_name(array->dtype())));
    }
    inputs.push_back(array->cast(wanted.dtype));
  }
  return inputs;
}

std::vector<Tensor> predict(const graph::Graph& frozen, const graph::Signature& signature,
                            std::span<const Tensor> inputs, const PredictOptions& options) {
  const int64_t n_examples = common_batch(inputs);
  const int64_t fixed = fixed_batch(signature);
  if (options.batch_size < 1) {
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("expected a batch size of 1 or more, found {}", options.batch_size));
  }
  const int64_t n_run = fixed != kUnknown ? fixed : std::clamp<int64_t>(n_examples, 1, options.batch_size);
  runtime::Options how = options.session;
  how.n_runs = std::max<int64_t>((n_examples + n_run - 1) / n_run, 1);
  runtime::Session session(frozen, signature, how);
  std::vector<Collected> outputs;
  for (const auto& output : signature.outputs) outputs.emplace_back(n_examples, output.name());
  Progress progress((n_examples + n_run - 1) / n_run, options.show_progress);
  if (n_examples == 0) throw Error(ErrorCode::kInvalidArgument, "", "nothing to predict: the inputs hold no examples");
  for (int64_t first = 0; first < n_examples; first += n_run) {
    const int64_t n = std::min(n_run, n_examples - first);
    std::vector<Tensor> batch;  // the last one padded: another batch size would be compiled anew
    for (const Tensor& input : inputs) batch.push_back(rows(input, first, n_run));
    const auto results = session.run(batch);
    for (size_t i = 0; i < results.size(); ++i) outputs[i].add(results[i], first, n, n_run);
    progress.update(first / n_run + 1, "");
  }
  progress.finish("");
  std::vector<Tensor> wholes;
  for (const auto& output : outputs) wholes.push_back(output.whole());
  return wholes;
}

data::NamedTensors predict_file(const graph::Graph& frozen, const graph::Signature& signature,
                                const std::filesystem::path& input, const std::filesystem::path& output,
                                const PredictOptions& options) {
  data::NamedTensors arrays;
  try {
    const auto inputs = match_inputs(frozen, signature, data::read_npz(input));
    const auto outputs = predict(frozen, signature, inputs, options);
    for (size_t i = 0; i < outputs.size(); ++i) arrays.push_back({fmt::format("out{}", i), outputs[i]});
  } catch (Error& error) {
    if (!std::string_view(error.what()).starts_with(input.string())) error.within(input.string());
    throw;
  }
  data::write_npz(output, arrays);
  return arrays;
}

}  // namespace hoarfrost::evaluation
