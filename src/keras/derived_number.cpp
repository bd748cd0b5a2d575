// Numbers, element by element, said in other operations. Definitions: Keras 3.15's keras.ops, TensorFlow 2.15.
#include "keras/derived_rows.h"

namespace hoarfrost::keras {
std::span<const DerivedRow> derived_number_rows() {
  static constexpr DerivedRow kRows[] = {
      {"Log2", "", "x", "tf.math.log(x) / 0.6931471805599453"},
      {"Log10", "", "x", "tf.math.log(x) / 2.302585092994046"},
      {"Exp2", "", "x", "2.0 ** x"},
      {"Trunc", "", "x", "tf.sign(x) * tf.floor(tf.abs(x))"},
      {"Cbrt", "", "x", "tf.sign(x) * tf.abs(x) ** 0.3333333333333333"},
      {"Deg2rad", "", "x", "x * 0.017453292519943295"},
      {"Hypot", "", "x1 x2", "tf.sqrt(x1 * x1 + x2 * x2)"},
      {"Logaddexp", "", "x1 x2", "tf.maximum(x1, x2) + tf.math.log1p(tf.exp(-tf.abs(x1 - x2)))"},
      {"ReciprocalNoNan", "math.reciprocal_no_nan", "x", "tf.math.divide_no_nan(1.0, x)"},
      {"Real", "math.real", "x|input", "x"},
      {"Imag", "math.imag", "x|input", "tf.zeros_like(x)"},
      {"Conj", "math.conj", "x", "x"},
      {"Angle", "math.angle", "x|input", "tf.where(x < 0, 3.141592653589793, 0.0)"},
      {"NanToNum", "", "x !nan=0.0 !posinf=None !neginf=None",
       "tf.clip_by_value(tf.where(tf.math.is_nan(x), 0.0, x), -3.4028234663852886e38, 3.4028234663852886e38)"},
      {"Abs", "", "x", "tf.abs(x)"},
      {"Fabs", "", "x", "tf.abs(x)"},
      {"Rad2deg", "", "x", "x * 57.29577951308232"},
      {"Conjugate", "", "x", "tf.identity(x)"},
      {"Copy", "", "x", "tf.identity(x)"},
      {"Array", "", "x !dtype=None", "tf.identity(x)"},
      {"ConvertToTensor", "convert_to_tensor compat.v1.convert_to_tensor",
       "x|value dtype=None sparse|dtype_hint=None !ragged|preferred_dtype=None",
       "tf.cast(x, dtype) if dtype else tf.identity(x)"},
      {"ToFloat", "compat.v1.to_float to_float", "x", "tf.cast(x, 'float32')"},
      {"ToInt32", "compat.v1.to_int32 to_int32", "x", "tf.cast(x, 'int32')"},
      {"ToInt64", "compat.v1.to_int64 to_int64", "x", "tf.cast(x, 'int64')"},
      {"SaturateCast", "saturate_cast dtypes.saturate_cast compat.v1.saturate_cast", "x|value dtype",
       "l = 0 if dtype == 'uint8' else -128 if dtype == 'int8' else -32768; "
       "h = 255 if dtype == 'uint8' else 127 if dtype == 'int8' else 32767; "
       "tf.cast(tf.clip_by_value(x, l, h) if dtype == 'uint8' or dtype == 'int8' or dtype == 'int16' else x if dtype "
       "== "
       "'float32' else tf.saturated(dtype), dtype)"},
      {"CheckNumerics", "debugging.check_numerics check_numerics compat.v1.check_numerics", "x|tensor message=None",
       "tf.identity(x)"},
      {"EnsureFinite", "debugging.assert_all_finite compat.v1.debugging.assert_all_finite", "x|t message=None",
       "tf.identity(x)"},
      {"Isneginf", "", "x", "tf.equal(x, -np.inf)"},
      {"Isposinf", "", "x", "tf.equal(x, np.inf)"},
      {"Isreal", "", "x", "tf.cast(tf.ones_like(x), 'bool')"},
      {"Isclose", "", "x1 x2 rtol=1e-05 atol=1e-08 equal_nan=False",
       "a = tf.cast(x1, 'float32'); b = tf.cast(x2, 'float32'); c = tf.logical_or(tf.equal(a, b), "
       "tf.logical_and(tf.math.is_finite(a - b), tf.abs(a - b) <= atol + rtol * tf.abs(b))); tf.logical_or(c, "
       "tf.logical_and(tf.math.is_nan(a), tf.math.is_nan(b))) if equal_nan else c"},
      {"AllClose", "", "x1 x2 rtol=1e-05 atol=1e-08 equal_nan=False",
       "tf.reduce_all(ops.isclose(x1, x2, rtol, atol, equal_nan))"},
      {"LogicalXor", "math.logical_xor", "x1|x x2|y",
       "tf.logical_and(tf.logical_or(x1, x2), tf.logical_not(tf.logical_and(x1, x2)))"},
      {"Heaviside", "", "x1 x2", "tf.where(tf.equal(x1, 0), x2, tf.where(x1 < 0, 0.0, tf.where(x1 > 0, 1.0, x1)))"},
      {"Sinc", "", "x",
       "p = x * 3.141592653589793; tf.where(tf.equal(x, 0), 1.0, tf.sin(p) / tf.where(tf.equal(x, 0), 1.0, p))"},
      {"Fmax", "", "x1 x2", "tf.where(tf.math.is_nan(x1), x2, tf.where(tf.math.is_nan(x2), x1, tf.maximum(x1, x2)))"},
      {"Fmin", "", "x1 x2", "tf.where(tf.math.is_nan(x1), x2, tf.where(tf.math.is_nan(x2), x1, tf.minimum(x1, x2)))"},
      {"Ldexp", "", "x1 x2", "x1 * 2.0 ** tf.cast(x2, 'float32')"},
      {"Logaddexp2", "", "x1 x2", "tf.maximum(x1, x2) + tf.math.log1p(2.0 ** (-tf.abs(x1 - x2))) * 1.4426950408889634"},
      {"Signbit", "", "x", "tf.where(tf.equal(x, 0), 1.0 / x, x) < 0"},
      {"Erfinv", "math.erfinv", "x",
       "w = -tf.math.log((1.0 - x) * (1.0 + x)); s = w - 2.5; t = tf.sqrt(tf.maximum(w, 5.0)) - 3.0; a = "
       "((((((((2.81022636e-08 * s + 3.43273939e-07) * s - 3.5233877e-06) * s - 4.39150654e-06) * s + "
       "0.00021858087) * s - 0.00125372503) * s - 0.00417768164) * s + 0.246640727) * s + 1.50140941); b = "
       "((((((((-0.000200214257 * t + 0.000100950558) * t + 0.00134934322) * t - 0.00367342844) * t + "
       "0.00573950773) * t - 0.0076224613) * t + 0.00943887047) * t + 1.00167406) * t + 2.83297682); "
       "tf.where(tf.equal(tf.abs(x), 1.0), x * np.inf, tf.where(w < 5.0, a, b) * x)"},
      {"Xlogy", "math.xlogy", "x y", "tf.where(tf.equal(x, 0), 0.0, x * tf.math.log(y))"},
      {"Xlog1py", "math.xlog1py", "x y", "tf.where(tf.equal(x, 0), 0.0, x * tf.math.log1p(y))"},
      {"Xdivy", "math.xdivy", "x y", "tf.where(tf.equal(x, 0), 0.0, x / y)"},
      {"MultiplyNoNan", "math.multiply_no_nan", "x y", "tf.where(tf.equal(y, 0), 0.0, x * y)"},
      {"ScalarMultiply", "math.scalar_mul scalar_mul compat.v1.math.scalar_mul compat.v1.scalar_mul", "scalar x",
       "scalar * x"},
      {"ClipByNorm", "clip_by_norm", "t clip_norm axes=None",
       "s = tf.reduce_sum(t * t, axis=axes, keepdims=True); n = tf.where(s > 0, tf.sqrt(tf.where(s > 0, s, "
       "1.0)), s); t * clip_norm / tf.maximum(n, clip_norm)"},
      // As the kernel: in float32, and half a step goes up.
      {"FakeQuant", "quantization.fake_quant_with_min_max_args", "inputs min=-6 max=6 num_bits=8 narrow_range=False",
       "l = 1 if narrow_range else 0; h = 2 ** num_bits - 1; s = np.float32(np.float32(max - min) / (h - l)); z = "
       "np.float32(l - np.float32(min / s)); q = float(l if z < l else h if z > h else int(z + 0.5)); lo = (l - q) * "
       "s; "
       "hi = "
       "(h - q) * s; tf.floor((tf.clip_by_value(inputs, lo, hi) - lo) / s + 0.5) * s + lo"},
  };
  return kRows;
}

}  // namespace hoarfrost::keras
