// Matrices, said in other operations. Definitions: Keras 3.15's keras.ops, TensorFlow 2.15.
#include "keras/derived_rows.h"

namespace hoarfrost::keras {
std::span<const DerivedRow> derived_linear_rows() {
  static constexpr DerivedRow kRows[] = {
      {"Outer", "", "x1 x2", "tf.reshape(x1, [-1, 1]) * tf.reshape(x2, [1, -1])"},
      {"Inner", "", "x1 x2", "tf.tensordot(x1, x2, axes=[[len(x1.shape) - 1], [len(x2.shape) - 1]])"},
      {"Cross", "linalg.cross", "x1|a x2|b !axisa=-1 !axisb=-1 !axisc=-1 !axis=None",
       "tf.stack([x1[..., 1] * x2[..., 2] - x1[..., 2] * x2[..., 1], x1[..., 2] * x2[..., 0] - x1[..., 0] * x2[..., "
       "2], "
       "x1[..., 0] * x2[..., 1] - x1[..., 1] * x2[..., 0]], axis=-1)"},
      {"Diagonal", "linalg.diag_part linalg.tensor_diag_part matrix_diag_part compat.v1.matrix_diag_part",
       "x|input offset|k=0 axis1=-2 axis2=-1",
       "y = ops.moveaxis(x, [axis1, axis2], [-2, -1]); n = y.shape[-2]; m = y.shape[-1]; k = offset; l = min(n "
       "- max(-k, 0), m - max(k, 0)); f = tf.reshape(y, [n * m] if len(y.shape) == 2 else [-1, n * m]); b = k "
       "if k >= 0 else -k * m; d = f[..., b:b + (l - 1) * (m + 1) + 1:m + 1]; d if len(y.shape) < 4 else "
       "tf.reshape(d, [-1] + list(y.shape[1:-2]) + [l])"},
      {"Trace", "linalg.trace trace", "x offset=0 axis1=-2 axis2=-1",
       "tf.reduce_sum(ops.diagonal(x, offset, axis1, axis2), axis=-1)"},
      {"Tril", "experimental.numpy.tril", "x|m k=0",
       "n = len(x.shape); tf.where(tf.cast(np.tri(x.shape[-2], x.shape[-1], k), 'bool') if x.shape[-2] and "
       "x.shape[-1] else tf.range(tf.shape(x)[n - 1]) - tf.expand_dims(tf.range(tf.shape(x)[n - 2]), -1) <= k, "
       "x, tf.zeros_like(x))"},
      {"Triu", "experimental.numpy.triu", "x|m k=0",
       "n = len(x.shape); tf.where(tf.cast(np.tri(x.shape[-2], x.shape[-1], k - 1), 'bool') if x.shape[-2] and "
       "x.shape[-1] else tf.range(tf.shape(x)[n - 1]) - tf.expand_dims(tf.range(tf.shape(x)[n - 2]), -1) < k, "
       "tf.zeros_like(x), x)"},
      {"BandPart", "linalg.band_part compat.v1.matrix_band_part matrix_band_part", "input num_lower num_upper",
       "y = ops.triu(input, -num_lower) if num_lower >= 0 else input; "
       "ops.tril(y, num_upper) if num_upper >= 0 else y"},
      {"Diag", "", "x !k=0", "ops.diagonal(x) if len(x.shape) == 2 else tf.linalg.diag(x)"},
      {"Diagflat", "", "x !k=0", "tf.linalg.diag(tf.reshape(x, [-1]))"},
      {"MatrixDiagonal", "linalg.diag linalg.tensor_diag matrix_diag compat.v1.matrix_diag", "diagonal|input !k|name=0",
       "n = diagonal.shape[-1]; tf.where(tf.cast(np.eye(n), 'bool'), tf.expand_dims(diagonal, -1), 0.0)"},
      {"SetDiagonal", "linalg.set_diag matrix_set_diag compat.v1.matrix_set_diag", "input diagonal !k|name=0",
       "n = input.shape[-2]; m = input.shape[-1]; d = diagonal if n <= m else tf.concat([diagonal, "
       "tf.zeros_like(input[..., m:, 0])], axis=-1); tf.where(tf.cast(np.eye(n, m), 'bool'), tf.expand_dims(d, "
       "-1), input)"},
      {"MatrixTranspose", "linalg.matrix_transpose linalg.adjoint matrix_transpose compat.v1.matrix_transpose",
       "a|matrix", "ops.swapaxes(a, -1, -2)"},
      {"MatVec", "linalg.matvec", "a b transpose_a=False",
       "tf.squeeze(tf.matmul(a, tf.expand_dims(b, -1), transpose_a=transpose_a), axis=-1)"},
      {"Vdot", "", "x1 x2", "tf.reduce_sum(tf.reshape(x1, [-1]) * tf.reshape(x2, [-1]))"},
      {"Kron", "", "x1 x2",
       "tf.reshape(tf.reshape(x1, [-1, 1]) * tf.reshape(x2, [1, -1]), [-1]) if len(x1.shape) == 1 else "
       "tf.reshape(x1[:, None, :, None] * x2[None, :, None, :], [-1, x1.shape[1] * x2.shape[1]]) if "
       "len(x1.shape) == 2 else tf.kron_of_more_than_2_axes(x1)"},
      {"LinalgNormalize", "linalg.normalize", "tensor ord='euclidean' axis=None",
       "n = tf.norm(tensor, ord=ord, axis=axis, keepdims=True); [tensor / n, n]"},
      {"Logdet", "linalg.logdet", "x|matrix",
       "2.0 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(tf.linalg.cholesky(x))), axis=-1)"},
      {"Slogdet", "linalg.slogdet", "x|input", "d = tf.linalg.det(x); [tf.sign(d), tf.math.log(tf.abs(d))]"},
      {"CholeskyInverse", "", "x upper=False",
       "l = ops.triu(x) if upper else ops.tril(x); tf.linalg.inv(tf.matmul(l, l, transpose_a=upper, transpose_b=not "
       "upper))"},
      {"CholeskySolve", "linalg.cholesky_solve", "chol rhs",
       "tf.linalg.triangular_solve(chol, tf.linalg.triangular_solve(chol, rhs), adjoint=True)"},
  };
  return kRows;
}

}  // namespace hoarfrost::keras
