#include "ops/known.h"

namespace hoarfrost::ops {
namespace {

bool is_integer(DType dtype) {
  return dtype == DType::kInt32 || dtype == DType::kInt64 || dtype == DType::kInt16 || dtype == DType::kInt8 ||
         dtype == DType::kUInt8 || dtype == DType::kUInt16 || dtype == DType::kUInt32;
}

void need_integer(const Node& node, const Known& input) {
  if (!is_integer(input.dtype)) mismatch(node, "expected integers, found {}", dtype_name(input.dtype));
}

}  // namespace

std::vector<Known> known(Tensors tensors) {
  std::vector<Known> result;
  for (const Tensor& tensor : tensors) result.push_back({tensor.dtype(), tensor.shape(), tensor, {}});
  return result;
}

Tensor allocate(const Node& node, const Known& output) {
  if (!output.shape.is_static()) mismatch(node, "the output's shape {} is not known", output.shape.to_string());
  int64_t n_bytes = static_cast<int64_t>(dtype_size(output.dtype));
  if (n_bytes == 0) unsupported(node, "values of type {} cannot be computed", dtype_name(output.dtype));
  for (const int64_t size : output.shape.sizes()) {
    if (__builtin_mul_overflow(n_bytes, size, &n_bytes) || n_bytes > kMaxOutputBytes) {
      mismatch(node, "an output of shape {} is too large", output.shape.to_string());
    }
  }
  return Tensor(output.dtype, output.shape);
}

Shape shape_of_rank(const Node& node, Knowns inputs, size_t i, int rank) {
  const Shape& shape = inputs[i].shape;
  if (!shape.has_rank()) return Shape(std::vector<int64_t>(static_cast<size_t>(rank), kUnknown));
  if (shape.rank() != rank)
    mismatch(node, "expected input {} to have {} axes, found shape {}", i, rank, shape.to_string());
  return shape;
}

std::optional<std::vector<int64_t>> integers(const Node& node, const Known& input) {
  need_integer(node, input);
  if (input.value.empty()) return std::nullopt;
  const Reader reader(input.value);
  std::vector<int64_t> result(static_cast<size_t>(input.value.n_elements()));
  if (input.dtype == DType::kInt64) {  // a double does not hold them all
    const Tensor aligned = input.value.aligned();
    std::ranges::copy(aligned.values<int64_t>(), result.begin());
  } else {
    for (size_t i = 0; i < result.size(); ++i) result[i] = static_cast<int64_t>(reader[static_cast<int64_t>(i)]);
  }
  return result;
}

std::optional<int64_t> integer(const Node& node, const Known& input) {
  const auto values = integers(node, input);
  if (!values) return std::nullopt;
  if (values->size() != 1) mismatch(node, "expected one integer, found shape {}", input.value.shape().to_string());
  return values->front();
}

std::optional<std::vector<int64_t>> partial_integers(const Node& node, const Known& input) {
  if (auto values = integers(node, input)) return values;
  if (!input.sizes.empty()) return input.sizes;
  if (input.shape.has_rank() && input.shape.rank() <= 1 && input.shape.is_static() && input.shape.n_elements() <= 64) {
    return std::vector<int64_t>(static_cast<size_t>(input.shape.n_elements()), kUnknown);
  }
  return std::nullopt;
}

void need_same_type(const Node& node, Knowns inputs, size_t first) {
  for (size_t i = first + 1; i < inputs.size(); ++i) {
    if (inputs[i].dtype != inputs[first].dtype) {
      mismatch(node, "expected inputs of one type, found {} and {}", dtype_name(inputs[first].dtype),
               dtype_name(inputs[i].dtype));
    }
  }
}

void need_type(const Node& node, const Known& input, DType dtype) {
  if (input.dtype != dtype) mismatch(node, "expected {} values, found {}", dtype_name(dtype), dtype_name(input.dtype));
}

int64_t merged(const Node& node, int64_t a, int64_t b, std::string_view what) {
  if (!may_equal(a, b)) mismatch(node, "expected {} {}, found {}", what, a, b);
  return a < 0 ? b : a;
}

std::vector<Known> infer_as_first(const Node& node, Knowns inputs) {
  need_at_least(node, inputs.size(), 1);
  return {of_type(inputs[0].dtype, inputs[0].shape)};
}

}  // namespace hoarfrost::ops
