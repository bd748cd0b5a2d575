// Operations on matrices, the last two axes of a tensor: TensorFlow 1's MatrixInverse and its kin. TensorFlow 2.15's
// tf.linalg, Keras 3.15's keras.ops.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

using Rows = std::vector<std::vector<double>>;

// The matrix that holds the element at `o`, of which the last `n_inner` axes are within it.
Rows matrix_at(const Array& x, const Index& o, int n_inner) {
  const int batch = x.shape().rank() - 2;
  Index at;
  for (int axis = 0; axis < batch; ++axis) at.push_back(axis < o.rank() - n_inner ? o[axis] : 0);
  at.push_back(0);
  at.push_back(0);
  Rows result(static_cast<size_t>(x.size(-2)), std::vector<double>(static_cast<size_t>(x.size(-1))));
  for (int64_t row = 0; row < x.size(-2); ++row) {
    for (int64_t column = 0; column < x.size(-1); ++column)
      result[static_cast<size_t>(row)][static_cast<size_t>(column)] = x[at.with(-2, row).with(-1, column)];
  }
  return result;
}

Rows turned(const Rows& rows) {
  Rows result(rows.empty() ? 0 : rows[0].size(), std::vector<double>(rows.size()));
  for (size_t row = 0; row < rows.size(); ++row) {
    for (size_t column = 0; column < rows[row].size(); ++column) result[column][row] = rows[row][column];
  }
  return result;
}

// The solution of a · x = b by Gauss and Jordan: each pivot, the largest of its column, clears all other rows. The
// determinant of `a` is multiplied up on the way.
std::vector<double> solved(Rows a, std::vector<double> b, double& determinant) {
  determinant = 1;
  for (size_t k = 0; k < a.size(); ++k) {
    size_t pivot = k;
    for (size_t row = k; row < a.size(); ++row) pivot = std::fabs(a[row][k]) > std::fabs(a[pivot][k]) ? row : pivot;
    if (pivot != k) {
      std::swap(a[pivot], a[k]);
      std::swap(b[pivot], b[k]);
      determinant = -determinant;
    }
    determinant *= a[k][k];
    if (a[k][k] == 0) return b;
    for (size_t row = 0; row < a.size(); ++row) {
      const double factor = row == k ? 0 : a[row][k] / a[k][k];
      for (size_t column = k; column < a.size(); ++column) a[row][column] -= factor * a[k][column];
      b[row] -= factor * b[k];
    }
  }
  for (size_t k = 0; k < a.size(); ++k) b[k] /= a[k][k];
  return b;
}

[[noreturn]] void refuse_shapes(const Shapes& in) {
  throw Error(ErrorCode::kMismatch, "",
              fmt::format("expected square matrices{}, found {}",
                          in.size() > 1 ? fmt::format(" that fit {}", in[1].to_string()) : "", in[0].to_string()));
}

enum class Kind { kInverse, kDeterminant, kCholesky, kSolve, kTriangular };

struct MatrixOperation {
  Kind kind;
  bool is_turned = false;  // the matrix is the transpose of what is given; of kCholesky: the result is
  bool is_lower = true;
  bool is_vector = false;  // the right side's last axis is missing

  Shapes infer(const Shapes& in) const {
    const Shape& a = in.at(0);
    if (a.rank() < 2 || (a[-1] != a[-2] && a[-1] != kUnknown && a[-2] != kUnknown)) refuse_shapes(in);
    Shape batch;
    for (int axis = 0; axis < a.rank() - 2; ++axis) batch.push_back(a[axis]);
    if (kind == Kind::kDeterminant) return {batch};
    if (kind == Kind::kInverse || kind == Kind::kCholesky) return {a};
    const Shape& b = in.at(1);
    if (b.rank() != a.rank() - (has_vector(in) ? 1 : 0)) refuse_shapes(in);
    return {b};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const DType dtype = in[0].dtype == DType::kFloat64 ? DType::kFloat64 : DType::kFloat32;
    const Value a = cast_to(lowering, in[0], dtype);
    if (kind == Kind::kDeterminant) return {lowering.op("MatrixDeterminant", {a})};
    if (kind == Kind::kInverse) return {lowering.op("MatrixInverse", {a}, {{"adjoint", is_turned}})};
    if (kind == Kind::kCholesky) {
      const Value factor = lowering.op("Cholesky", {a});
      if (!is_turned) return {factor};
      std::vector<int64_t> order;
      for (int axis = 0; axis < in[0].shape.rank(); ++axis) order.push_back(axis);
      std::swap(order[order.size() - 1], order[order.size() - 2]);
      return {lowering.named_op("transpose", "Transpose", {factor, lowering.ints("transpose/perm", order)},
                                {{"Tperm", DType::kInt32}})};
    }
    const bool is_short = has_vector({in[0].shape, in[1].shape});
    Value b = cast_to(lowering, in[1], dtype);
    if (is_short)
      b = lowering.op("ExpandDims", {b, lowering.int_scalar("ExpandDims/dim", -1)}, {{"Tdim", DType::kInt32}});
    const Value x = kind == Kind::kSolve
                        ? lowering.op("MatrixSolve", {a, b}, {{"adjoint", is_turned}})
                        : lowering.op("MatrixTriangularSolve", {a, b}, {{"lower", is_lower}, {"adjoint", is_turned}});
    if (!is_short) return {x};
    return {lowering.op("Squeeze", {x}, {{"squeeze_dims", std::vector<int64_t>{-1}}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    Shapes shapes;
    for (const Array& x : in) shapes.push_back(x.shape());
    const auto n = static_cast<double>(in[0].size(-1));
    const auto at = [in, how = *this, is_short = in.size() > 1 && has_vector(shapes)](const Index& o) {
      return how.element(in, o, is_short);
    };
    return {{infer(shapes)[0], at, n * n * n}};
  }

 private:
  [[nodiscard]] bool has_vector(const Shapes& in) const { return is_vector && in.at(1).rank() == in.at(0).rank() - 1; }

  [[nodiscard]] double element(const Arrays& in, const Index& o, bool is_short) const {
    double determinant = 1;
    Rows a = matrix_at(in[0], o, kind == Kind::kDeterminant ? 0 : is_short ? 1 : 2);
    if (is_turned && kind != Kind::kCholesky) a = turned(a);
    if (kind == Kind::kDeterminant) {
      (void)solved(a, std::vector<double>(a.size()), determinant);
      return determinant;
    }
    if (kind == Kind::kCholesky) {
      const int64_t row = o[is_turned ? -1 : -2], column = o[is_turned ? -2 : -1];
      return column > row ? 0 : factor_element(a, static_cast<size_t>(row), static_cast<size_t>(column));
    }
    std::vector<double> b(a.size());
    for (size_t row = 0; row < a.size(); ++row) {
      const auto place = static_cast<int64_t>(row);
      b[row] = kind == Kind::kInverse ? (place == o[-1] ? 1.0 : 0.0)
                                      : in[1][is_short ? o.with(-1, place) : o.with(-2, place)];
    }
    if (kind == Kind::kTriangular) {
      for (size_t row = 0; row < a.size(); ++row) {
        for (size_t column = 0; column < a.size(); ++column) {
          if ((is_lower != is_turned) ? column > row : column < row) a[row][column] = 0;
        }
      }
    }
    return solved(a, b, determinant)[static_cast<size_t>(o[is_short ? -1 : -2])];
  }

  // L[i][j] = (A[i][j] - Σ L[i][k] · L[j][k]) / L[j][j], the sum over k < j (Cholesky and Banachiewicz).
  static double factor_element(const Rows& a, size_t last_row, size_t column) {
    Rows factor(last_row + 1, std::vector<double>(last_row + 1));
    for (size_t i = 0; i <= last_row; ++i) {
      for (size_t j = 0; j <= i; ++j) {
        double sum = a[i][j];
        for (size_t k = 0; k < j; ++k) sum -= factor[i][k] * factor[j][k];
        factor[i][j] = i == j ? std::sqrt(sum) : sum / factor[j][j];
      }
    }
    return factor[last_row][column];
  }
};

std::shared_ptr<const Layer> parse_matrix(OperationCall& call, std::string_view name) {
  call.operand(0, {"x", "input", "matrix", "a"});
  MatrixOperation result{name == "Inv"               ? Kind::kInverse
                         : name == "Det"             ? Kind::kDeterminant
                         : name == "Solve"           ? Kind::kSolve
                         : name == "SolveTriangular" ? Kind::kTriangular
                                                     : Kind::kCholesky};
  const size_t beyond = 9;
  if (result.kind == Kind::kInverse) result.is_turned = call.flag(1, {"adjoint"});
  if (result.kind == Kind::kCholesky) result.is_turned = call.flag(beyond, {"upper"});
  if (result.kind == Kind::kSolve || result.kind == Kind::kTriangular) {
    call.operand(1, {"rhs", "b"});
    result.is_vector = call.is_keras3();
    const bool is_triangular = result.kind == Kind::kTriangular;
    // Keras 3's matrix is an upper one unless told otherwise, TensorFlow's a lower one.
    if (is_triangular) result.is_lower = call.flag(call.is_keras3() ? beyond : 2, {"lower"}, !call.is_keras3());
    result.is_turned = call.flag(is_triangular ? 3 : 2, {"adjoint"});
  }
  return make_operation(result);
}

}  // namespace

std::span<const OperationSpec> matrix_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Inv", "linalg.inv matrix_inverse compat.v1.matrix_inverse", parse_matrix},
      {"Det", "linalg.det matrix_determinant compat.v1.matrix_determinant", parse_matrix},
      {"Cholesky", "linalg.cholesky cholesky compat.v1.cholesky", parse_matrix},
      {"Solve", "linalg.solve matrix_solve compat.v1.matrix_solve", parse_matrix},
      {"SolveTriangular", "linalg.triangular_solve matrix_triangular_solve compat.v1.matrix_triangular_solve",
       parse_matrix},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
