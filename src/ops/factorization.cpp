// Qr: the last two axes, [m, n], as a product of orthogonal columns and an upper triangle, by Householder's reflections
// in double. Signs are those of TensorFlow 2.15's kernel (Eigen's HouseholderQR) and of LAPACK's geqrf: a reflection
// gives the diagonal the sign that its element had not; a column that is zero below needs none.
#include <algorithm>
#include <cmath>

#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_qr(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  const Shape& in = inputs[0].shape;
  if (!in.has_rank()) return {of_type(inputs[0].dtype, in), of_type(inputs[0].dtype, in)};
  if (in.rank() < 2) mismatch(node, "expected matrices, found {}", in.to_string());
  const int64_t m = in[-2], n = in[-1];
  const int64_t least = m == kUnknown || n == kUnknown ? kUnknown : std::min(m, n);
  const int64_t inner = node.get_or<bool>("full_matrices", false) ? m : least;
  Shape q = in, r = in;
  q[-1] = inner;
  r[-2] = inner;
  return {of_type(inputs[0].dtype, q), of_type(inputs[0].dtype, r)};
}

using Columns = std::vector<std::vector<double>>;

// x − tau · v · (v · x), of the elements from v's first on.
struct Reflection {
  size_t first;
  std::vector<double> v;
  double tau;

  void apply(std::vector<double>& x) const {
    double sum = 0;
    for (size_t i = 0; i < v.size(); ++i) sum += v[i] * x[first + i];
    for (size_t i = 0; i < v.size(); ++i) x[first + i] -= tau * v[i] * sum;
  }
};

// What makes all but the first element of x, from `first` on, zero.
Reflection reflection_of(const std::vector<double>& x, size_t first) {
  Reflection result{first, std::vector<double>(x.begin() + static_cast<std::ptrdiff_t>(first), x.end()), 0};
  double below = 0;
  for (size_t i = 1; i < result.v.size(); ++i) below += result.v[i] * result.v[i];
  const double head = result.v[0];
  if (!(below > 0)) return result;
  const double length = std::sqrt(head * head + below);
  const double diagonal = head >= 0 ? -length : length;
  for (double& value : result.v) value /= head - diagonal;
  result.v[0] = 1;
  result.tau = (diagonal - head) / diagonal;
  return result;
}

std::vector<Tensor> qr(const Node& node, Tensors inputs) {
  const auto results = infer_qr(node, known(inputs));
  Tensor q = allocate(node, results[0]), r = allocate(node, results[1]);
  const Shape& shape = inputs[0].shape();
  const int64_t m = shape[-2], n = shape[-1], inner = q.shape()[-1];
  const int64_t n_matrices = m * n == 0 ? 0 : shape.n_elements() / (m * n);
  const Reader reader(inputs[0]);
  with_floats(node, q.dtype(), [&]<typename T>() {
    T* to_q = q.mutable_values<T>().data();
    T* to_r = r.mutable_values<T>().data();
    for (int64_t number = 0; number < n_matrices; ++number) {
      Columns columns(static_cast<size_t>(n), std::vector<double>(static_cast<size_t>(m)));
      for (int64_t i = 0; i < m * n; ++i)
        columns[static_cast<size_t>(i % n)][static_cast<size_t>(i / n)] = reader[number * m * n + i];
      std::vector<Reflection> reflections;
      for (size_t k = 0; k < static_cast<size_t>(std::min(m, n)); ++k) {
        reflections.push_back(reflection_of(columns[k], k));
        for (size_t column = k; column < columns.size(); ++column) reflections.back().apply(columns[column]);
      }
      for (int64_t row = 0; row < inner; ++row) {
        for (int64_t column = 0; column < n; ++column)
          *to_r++ =
              row > column ? T(0) : static_cast<T>(columns[static_cast<size_t>(column)][static_cast<size_t>(row)]);
      }
      for (int64_t column = 0; column < inner; ++column) {
        std::vector<double> unit(static_cast<size_t>(m));
        unit[static_cast<size_t>(column)] = 1;
        std::for_each(reflections.rbegin(), reflections.rend(), [&](const Reflection& one) { one.apply(unit); });
        for (int64_t row = 0; row < m; ++row)
          to_q[row * inner + column] = static_cast<T>(unit[static_cast<size_t>(row)]);
      }
      to_q += m * inner;
    }
  });
  return {q, r};
}

}  // namespace

std::span<const OpSpec> factorization_ops() {
  static constexpr OpSpec kOps[] = {
      {"Qr", infer_qr, qr},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
