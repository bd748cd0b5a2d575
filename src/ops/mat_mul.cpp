// MatMul and BatchMatMul: rows times columns, either side transposed (adjoint is the same for real numbers).
#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

struct Product {
  bool transpose_a = false, transpose_b = false;
  int64_t rows = kUnknown, inner = kUnknown, columns = kUnknown;
};

// From shapes of rank 2 or more.
Product product_of(const Node& node, const Shape& a, const Shape& b, std::string_view key_a, std::string_view key_b) {
  Product p{node.get_or<bool>(key_a, false), node.get_or<bool>(key_b, false)};
  p.rows = a[p.transpose_a ? -1 : -2];
  p.columns = b[p.transpose_b ? -2 : -1];
  const int64_t inner_a = a[p.transpose_a ? -2 : -1];
  const int64_t inner_b = b[p.transpose_b ? -1 : -2];
  if (!may_equal(inner_a, inner_b)) {
    mismatch(node, "expected as many columns as rows, found {} and {} ({}={}, {}={})", a.to_string(), b.to_string(),
             key_a, p.transpose_a, key_b, p.transpose_b);
  }
  p.inner = std::max(inner_a, inner_b);
  return p;
}

std::vector<Known> infer_mat_mul(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  need_same_type(node, inputs);
  const Product p = product_of(node, shape_of_rank(node, inputs, 0, 2), shape_of_rank(node, inputs, 1, 2),
                               "transpose_a", "transpose_b");
  return {of_type(inputs[0].dtype, {p.rows, p.columns})};
}

// The axes before the last two.
Shape batch_of(const Shape& shape) { return Shape(Sizes(shape.sizes().begin(), shape.sizes().end() - 2)); }

std::vector<Known> infer_batch_mat_mul(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  need_same_type(node, inputs);
  const Shape& a = inputs[0].shape;
  const Shape& b = inputs[1].shape;
  if (!a.has_rank() || !b.has_rank()) return {of_type(inputs[0].dtype, Shape::unknown_rank())};
  if (a.rank() < 2 || b.rank() < 2) mismatch(node, "expected matrices, found {} and {}", a.to_string(), b.to_string());
  const Product p = product_of(node, a, b, "adj_x", "adj_y");
  if (node.op() == "BatchMatMul" && a.rank() != b.rank()) {
    mismatch(node, "expected shapes of one rank, found {} and {}", a.to_string(), b.to_string());
  }
  Shape shape = broadcast_shapes(node, batch_of(a), batch_of(b));
  shape.push_back(p.rows);
  shape.push_back(p.columns);
  return {of_type(inputs[0].dtype, shape)};
}

// b's rows one after another, so that the innermost loop below walks memory in order.
template <typename T>
std::vector<T> transposed(const T* b, const Product& p) {
  std::vector<T> result(static_cast<size_t>(p.inner * p.columns));
  for (int64_t k = 0; k < p.inner; ++k) {
    for (int64_t c = 0; c < p.columns; ++c) result[static_cast<size_t>(k * p.columns + c)] = b[c * p.inner + k];
  }
  return result;
}

template <typename T>
void multiply(const T* a, const T* b, T* out, const Product& p) {
  const std::vector<T> rows = p.transpose_b ? transposed(b, p) : std::vector<T>();
  if (p.transpose_b) b = rows.data();
  std::vector<Sum<T>> sums(static_cast<size_t>(p.columns));
  for (int64_t row = 0; row < p.rows; ++row) {
    std::ranges::fill(sums, Sum<T>{0});
    for (int64_t k = 0; k < p.inner; ++k) {
      const auto x = static_cast<Sum<T>>(p.transpose_a ? a[k * p.rows + row] : a[row * p.inner + k]);
      const T* line = b + k * p.columns;
      for (size_t c = 0; c < sums.size(); ++c)
        sums[c] = static_cast<Sum<T>>(sums[c] + x * static_cast<Sum<T>>(line[c]));
    }
    for (const auto sum : sums) *out++ = static_cast<T>(sum);
  }
}

std::vector<Tensor> mat_mul(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_mat_mul(node, known(inputs))[0]);
  const Product p = product_of(node, inputs[0].shape(), inputs[1].shape(), "transpose_a", "transpose_b");
  with_type<float, double, int32_t, int64_t>(node, output.dtype(), [&]<typename T>() {
    multiply(inputs[0].values<T>().data(), inputs[1].values<T>().data(), output.mutable_values<T>().data(), p);
  });
  return {output};
}

std::vector<Tensor> batch_mat_mul(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_batch_mat_mul(node, known(inputs))[0]);
  const Shape& a = inputs[0].shape();
  const Shape& b = inputs[1].shape();
  const Product p = product_of(node, a, b, "adj_x", "adj_y");
  const Shape batch = batch_of(output.shape());
  with_type<float, double, int32_t, int64_t>(node, output.dtype(), [&]<typename T>() {
    T* out = output.mutable_values<T>().data();
    for_each_run<2>(batch.sizes(), {broadcast_strides(batch_of(a), batch), broadcast_strides(batch_of(b), batch)},
                    [&](const auto& offsets, const auto& steps, int64_t n) {
                      for (int64_t i = 0; i < n; ++i, out += p.rows * p.columns) {
                        multiply(inputs[0].values<T>().data() + (offsets[0] + i * steps[0]) * p.rows * p.inner,
                                 inputs[1].values<T>().data() + (offsets[1] + i * steps[1]) * p.inner * p.columns, out,
                                 p);
                      }
                    });
  });
  return {output};
}

}  // namespace

std::span<const OpSpec> mat_mul_ops() {
  static constexpr OpSpec kOps[] = {
      {"MatMul", infer_mat_mul, through_float<mat_mul>},
      {"BatchMatMul", infer_batch_mat_mul, through_float<batch_mat_mul>},
      {"BatchMatMulV2", infer_batch_mat_mul, through_float<batch_mat_mul>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
