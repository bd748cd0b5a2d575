// Where elements are true (Where), elements put where indices say (SparseToDense), and hashes of columns crossed
// (SparseCross). TensorFlow 2.15: where_op.cc, sparse_to_dense_op.cc, sparse_cross_op.cc.
#include <string>

#include "base/fingerprint.h"
#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

// [n, rank of the input]
std::vector<Known> infer_where(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  const Shape& shape = inputs[0].shape;
  return {of_type(DType::kInt64, {kUnknown, shape.has_rank() ? shape.rank() : kUnknown})};
}

std::vector<Tensor> where(const Node& node, Tensors inputs) {
  (void)infer_where(node, known(inputs));
  const Shape& shape = inputs[0].shape();
  const Reader reader(inputs[0]);
  std::vector<int64_t> found;
  int64_t n = 0;
  for (int64_t i = 0; i < inputs[0].n_elements(); ++i) {
    if (reader[i] == 0) continue;
    ++n;
    int64_t rest = i;
    found.resize(found.size() + static_cast<size_t>(shape.rank()));
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      found[found.size() - static_cast<size_t>(shape.rank() - axis)] = rest % shape[axis];
      rest /= shape[axis];
    }
  }
  return {Tensor::of<int64_t>({n, shape.rank()}, found)};
}

// indices [n, rank], [n] or one; the output's shape; a value for each or one for all; and what stands elsewhere.
std::vector<Known> infer_to_dense(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 4);
  if (inputs[2].dtype != inputs[3].dtype)
    mismatch(node, "expected values and default of one type, found {} and {}", dtype_name(inputs[2].dtype),
             dtype_name(inputs[3].dtype));
  const auto sizes = partial_integers(node, inputs[1]);
  if (!sizes) return {of_type(inputs[2].dtype, Shape::unknown_rank())};
  return {of_type(inputs[2].dtype, Shape(*sizes))};
}

// The row-major places that the indices name.
std::vector<int64_t> places_of(const Node& node, const Known& indices, const Shape& shape) {
  const auto numbers = *integers(node, indices);
  const auto rank = static_cast<size_t>(shape.rank());
  const bool has_rank = indices.shape.rank() == 2 ? indices.shape[1] == shape.rank() : rank == 1;
  if (!has_rank || indices.shape.rank() > 2)
    mismatch(node, "expected indices into {}, found shape {}", shape.to_string(), indices.shape.to_string());
  std::vector<int64_t> places;
  for (size_t i = 0; i < numbers.size(); i += rank) {
    int64_t place = 0;
    for (size_t axis = 0; axis < rank; ++axis) {
      const int64_t size = shape.sizes()[axis], at = numbers[i + axis];
      if (at < 0 || at >= size)
        fail(ErrorCode::kInvalidArgument, node, fmt::format("index {} lies outside an axis of size {}", at, size));
      place = place * size + at;
    }
    places.push_back(place);
  }
  return places;
}

std::vector<Tensor> to_dense(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  const Known output = infer_to_dense(node, all)[0];
  const auto places = places_of(node, all[0], output.shape);
  const auto n_values = static_cast<size_t>(inputs[2].n_elements());
  const bool is_for_all = inputs[2].shape().rank() == 0;
  if (!is_for_all && n_values != places.size()) mismatch(node, "expected {} values, found {}", places.size(), n_values);
  if (inputs[3].n_elements() != 1) mismatch(node, "expected one default, found {}", inputs[3].shape().to_string());
  const auto fill = [&](auto out, const auto& values, const auto& fallback) {
    std::ranges::fill(out, fallback[0]);
    for (size_t i = 0; i < places.size(); ++i) out[static_cast<size_t>(places[i])] = values[is_for_all ? 0 : i];
  };
  if (output.dtype == DType::kString) {
    (void)allocate(node, of_type(DType::kInt64, output.shape));  // a size that can be
    std::vector<std::string> texts(static_cast<size_t>(output.shape.n_elements()));
    fill(std::span(texts), inputs[2].strings(), inputs[3].strings());
    return {Tensor(output.shape, std::move(texts))};
  }
  Tensor result = allocate(node, output);
  with_type<float, double, int32_t, int64_t, uint8_t, int8_t, int16_t, uint16_t, bool>(
      node, output.dtype,
      [&]<typename T>() { fill(result.mutable_values<T>(), inputs[2].values<T>(), inputs[3].values<T>()); });
  return {result};
}

// Dense columns alone, [rows, features] each, with hashed_output. Indices [n, 2], the hashes [n], the shape [2].
std::vector<Known> infer_cross(const Node& node, Knowns inputs) {
  if (node.get_or<int64_t>("N", 0) != 0) unsupported(node, "sparse columns are not supported; dense ones are");
  if (!node.get_or<bool>("hashed_output", false)) unsupported(node, "only hashes are supported, not joined text");
  need_at_least(node, inputs.size(), 1);
  int64_t n_rows = kUnknown, n_crosses = 1;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape shape = shape_of_rank(node, inputs, i, 2);
    n_rows = merged(node, n_rows, shape[0], "columns of as many rows, an axis of");
    n_crosses = n_crosses < 0 || shape[1] < 0 ? kUnknown : product(node, n_crosses, shape[1]);
    if (inputs[i].dtype != DType::kString && inputs[i].dtype != DType::kInt64)
      mismatch(node, "expected strings or int64, found {}", dtype_name(inputs[i].dtype));
  }
  const int64_t n = n_rows < 0 || n_crosses < 0 ? kUnknown : product(node, n_rows, n_crosses);
  return {of_type(DType::kInt64, {n, 2}), of_type(DType::kInt64, {n}), of_type(DType::kInt64, {2})};
}

std::vector<Tensor> cross(const Node& node, Tensors inputs) {
  const auto outputs = infer_cross(node, known(inputs));
  const auto n_buckets = node.get_or<int64_t>("num_buckets", 0);
  if (n_buckets < 0) mismatch(node, "expected 0 buckets or more, found {}", n_buckets);
  const auto divisor = static_cast<uint64_t>(n_buckets > 0 ? n_buckets : INT64_MAX);
  const auto key = static_cast<uint64_t>(node.get_or<int64_t>("hash_key", 0));
  Tensor indices = allocate(node, outputs[0]), values = allocate(node, outputs[1]);
  const int64_t n_rows = inputs[0].shape()[0];
  const int64_t n_crosses = n_rows == 0 ? 0 : values.n_elements() / n_rows;
  const auto feature = [&](size_t column, int64_t row, int64_t i) {
    const auto at = static_cast<size_t>(row * inputs[column].shape()[1] + i);
    return inputs[column].dtype() == DType::kString ? fingerprint64(inputs[column].strings()[at])
                                                    : static_cast<uint64_t>(inputs[column].values<int64_t>()[at]);
  };
  for (int64_t row = 0; row < n_rows; ++row) {
    for (int64_t i = 0; i < n_crosses; ++i) {
      uint64_t hash = key;
      int64_t n_below = n_crosses;
      for (size_t column = 0; column < inputs.size(); ++column) {
        n_below /= inputs[column].shape()[1];
        hash = concatenated_fingerprints(hash, feature(column, row, i / n_below % inputs[column].shape()[1]));
      }
      const auto at = static_cast<size_t>(row * n_crosses + i);
      values.mutable_values<int64_t>()[at] = static_cast<int64_t>(hash % divisor);
      indices.mutable_values<int64_t>()[2 * at] = row;
      indices.mutable_values<int64_t>()[2 * at + 1] = i;
    }
  }
  return {indices, values, Tensor::of<int64_t>({2}, {n_rows, n_crosses})};
}

}  // namespace

std::span<const OpSpec> sparse_ops() {
  static constexpr OpSpec kOps[] = {
      {"Where", infer_where, where},
      {"SparseToDense", infer_to_dense, to_dense},
      {"SparseCross", infer_cross, cross},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
