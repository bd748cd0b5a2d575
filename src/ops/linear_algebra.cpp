// MatrixInverse, MatrixDeterminant, MatrixSolve, MatrixTriangularSolve and Cholesky, each of the last two axes,
// computed in double. As TensorFlow 2.15's kernels: a matrix that has no inverse is an error, one that has no Cholesky
// factor gives NaN.
#include <cmath>

#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

const Shape& square_of(const Node& node, Knowns inputs) {
  const Shape& shape = inputs[0].shape;
  if (!shape.has_rank()) return shape;
  if (shape.rank() < 2 || !may_equal(shape[-1], shape[-2]))
    mismatch(node, "expected square matrices, found {}", shape.to_string());
  return shape;
}

std::vector<Known> infer_square(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  return {of_type(inputs[0].dtype, square_of(node, inputs))};
}

std::vector<Known> infer_determinant(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  const Shape& shape = square_of(node, inputs);
  if (!shape.has_rank()) return {of_type(inputs[0].dtype, shape)};
  return {of_type(inputs[0].dtype, Shape(Sizes(shape.sizes().begin(), shape.sizes().end() - 2)))};
}

// [..., n, n] and [..., n, k] give [..., n, k].
std::vector<Known> infer_solve(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  need_same_type(node, inputs);
  const Shape& matrix = square_of(node, inputs);
  const Shape& right = inputs[1].shape;
  if (!matrix.has_rank() || !right.has_rank()) return {of_type(inputs[0].dtype, Shape::unknown_rank())};
  bool fits = matrix.rank() == right.rank();
  for (int axis = 0; fits && axis < right.rank() - 1; ++axis) fits = may_equal(matrix[axis], right[axis]);
  if (!fits) mismatch(node, "expected a right side of {}'s rows, found {}", matrix.to_string(), right.to_string());
  Shape out = right;
  for (int axis = 0; axis < out.rank() - 1; ++axis) out[axis] = std::max(matrix[axis], right[axis]);
  return {of_type(inputs[0].dtype, out)};
}

// A matrix of doubles, row by row.
struct Matrix {
  int64_t rows, columns;
  std::vector<double> values;

  double& at(int64_t row, int64_t column) { return values[static_cast<size_t>(row * columns + column)]; }
  [[nodiscard]] double at(int64_t row, int64_t column) const {
    return values[static_cast<size_t>(row * columns + column)];
  }
};

// Gauss' elimination with the largest pivot of the column, of `a` and `b` together, until `a` is upper triangular. The
// determinant of `a`; 0 where a pivot is 0.
double eliminate(Matrix& a, Matrix& b) {
  double determinant = 1;
  for (int64_t k = 0; k < a.rows; ++k) {
    int64_t pivot = k;
    for (int64_t row = k + 1; row < a.rows; ++row) {
      if (std::fabs(a.at(row, k)) > std::fabs(a.at(pivot, k))) pivot = row;
    }
    if (a.at(pivot, k) == 0) return 0;
    for (Matrix* m : {&a, &b}) {
      for (int64_t column = 0; pivot != k && column < m->columns; ++column)
        std::swap(m->at(pivot, column), m->at(k, column));
    }
    if (pivot != k) determinant = -determinant;
    determinant *= a.at(k, k);
    for (int64_t row = k + 1; row < a.rows; ++row) {
      const double factor = a.at(row, k) / a.at(k, k);
      for (int64_t column = k; column < a.columns; ++column) a.at(row, column) -= factor * a.at(k, column);
      for (int64_t column = 0; column < b.columns; ++column) b.at(row, column) -= factor * b.at(k, column);
    }
  }
  return determinant;
}

// a x = b, in b's place, of a triangular `a`, whose other half is not read.
void substitute(const Matrix& a, Matrix& b, bool is_lower) {
  for (int64_t i = 0; i < a.rows; ++i) {
    const int64_t row = is_lower ? i : a.rows - 1 - i;
    for (int64_t column = 0; column < b.columns; ++column) {
      double rest = b.at(row, column);
      for (int64_t k = is_lower ? 0 : row + 1; k < (is_lower ? row : a.rows); ++k)
        rest -= a.at(row, k) * b.at(k, column);
      b.at(row, column) = rest / a.at(row, row);
    }
  }
}

Matrix transposed(const Matrix& m) {
  Matrix result{m.columns, m.rows, std::vector<double>(m.values.size())};
  for (int64_t row = 0; row < m.rows; ++row) {
    for (int64_t column = 0; column < m.columns; ++column) result.at(column, row) = m.at(row, column);
  }
  return result;
}

Matrix read(const Tensor& tensor, int64_t number) {
  const int64_t rows = tensor.shape()[-2], columns = tensor.shape()[-1];
  Matrix result{rows, columns, std::vector<double>(static_cast<size_t>(rows * columns))};
  const Reader reader(tensor);
  for (int64_t i = 0; i < rows * columns; ++i)
    result.values[static_cast<size_t>(i)] = reader[number * rows * columns + i];
  return result;
}

// The output is what `compute` makes of each of the first input's matrices: one by one.
template <typename F>
std::vector<Tensor> each_matrix(const Node& node, Tensors inputs, const Known& result, const F& compute) {
  Tensor output = allocate(node, result);
  const Shape& shape = inputs[0].shape();
  int64_t n = 1;
  for (int axis = 0; axis < shape.rank() - 2; ++axis) n *= shape[axis];
  with_floats(node, output.dtype(), [&]<typename T>() {
    T* to = output.mutable_values<T>().data();
    for (int64_t i = 0; i < n; ++i) {
      for (const double value : compute(i)) *to++ = static_cast<T>(value);
    }
  });
  return {output};
}

void need_inverse(const Node& node, double determinant) {
  if (determinant == 0) fail(ErrorCode::kInvalidArgument, node, "a matrix that has no inverse");
}

std::vector<Tensor> inverse(const Node& node, Tensors inputs) {
  return each_matrix(node, inputs, infer_square(node, known(inputs))[0], [&](int64_t i) {
    Matrix a = read(inputs[0], i);
    if (node.get_or<bool>("adjoint", false)) a = transposed(a);
    Matrix unit{a.rows, a.rows, std::vector<double>(a.values.size())};
    for (int64_t k = 0; k < a.rows; ++k) unit.at(k, k) = 1;
    need_inverse(node, eliminate(a, unit));
    substitute(a, unit, false);
    return unit.values;
  });
}

std::vector<Tensor> determinant(const Node& node, Tensors inputs) {
  return each_matrix(node, inputs, infer_determinant(node, known(inputs))[0], [&](int64_t i) {
    Matrix a = read(inputs[0], i);
    Matrix nothing{a.rows, 0, {}};
    return std::vector{eliminate(a, nothing)};
  });
}

std::vector<Tensor> solve(const Node& node, Tensors inputs) {
  return each_matrix(node, inputs, infer_solve(node, known(inputs))[0], [&](int64_t i) {
    Matrix a = read(inputs[0], i);
    if (node.get_or<bool>("adjoint", false)) a = transposed(a);
    Matrix b = read(inputs[1], i);
    need_inverse(node, eliminate(a, b));
    substitute(a, b, false);
    return b.values;
  });
}

std::vector<Tensor> solve_triangular(const Node& node, Tensors inputs) {
  return each_matrix(node, inputs, infer_solve(node, known(inputs))[0], [&](int64_t i) {
    Matrix a = read(inputs[0], i);
    Matrix b = read(inputs[1], i);
    const bool is_turned = node.get_or<bool>("adjoint", false);
    if (is_turned) a = transposed(a);
    for (int64_t k = 0; k < a.rows; ++k) need_inverse(node, a.at(k, k));
    substitute(a, b, node.get_or<bool>("lower", true) != is_turned);
    return b.values;
  });
}

// The lower triangle is read alone.
std::vector<Tensor> cholesky(const Node& node, Tensors inputs) {
  return each_matrix(node, inputs, infer_square(node, known(inputs))[0], [&](int64_t i) {
    const Matrix a = read(inputs[0], i);
    Matrix factor{a.rows, a.rows, std::vector<double>(a.values.size())};
    bool fails = false;
    for (int64_t row = 0; row < a.rows; ++row) {
      for (int64_t column = 0; column <= row; ++column) {
        double rest = a.at(row, column);
        for (int64_t k = 0; k < column; ++k) rest -= factor.at(row, k) * factor.at(column, k);
        fails = fails || (row == column && !(rest > 0));
        factor.at(row, column) = row == column ? std::sqrt(rest) : rest / factor.at(column, column);
      }
    }
    for (int64_t row = 0; fails && row < a.rows; ++row) {
      for (int64_t column = 0; column <= row; ++column) factor.at(row, column) = std::nan("");
    }
    return factor.values;
  });
}

}  // namespace

std::span<const OpSpec> linear_algebra_ops() {
  static constexpr OpSpec kOps[] = {
      {"MatrixInverse", infer_square, inverse}, {"MatrixDeterminant", infer_determinant, determinant},
      {"MatrixSolve", infer_solve, solve},      {"MatrixTriangularSolve", infer_solve, solve_triangular},
      {"Cholesky", infer_square, cholesky},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
