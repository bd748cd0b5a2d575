// Counts, and what is picked by order, said in other operations. Definitions: Keras 3.15's keras.ops, TensorFlow 2.15.
#include "keras/derived_rows.h"

namespace hoarfrost::keras {
std::span<const DerivedRow> derived_statistics_rows() {
  static constexpr DerivedRow kRows[] = {
      {"CountNonzero", "", "x axis=None keepdims=False",
       "tf.reduce_sum(tf.cast(tf.not_equal(x, 0), 'int32'), axis=axis, keepdims=keepdims)"},
      {"Digitize", "", "x bins", "tf.reduce_sum(tf.cast(tf.expand_dims(x, -1) >= bins, 'int32'), axis=-1)"},
      {"Median", "", "x axis keepdims=False",
       "y = tf.sort(ops.swapaxes(x, axis, -1), axis=-1); n = y.shape[-1]; "
       "m = ops.swapaxes((y[..., (n - 1) // 2:(n + 1) // 2] + y[..., n // 2:n // 2 + 1]) * 0.5, axis, "
       "-1); m if keepdims else tf.squeeze(m, axis=axis)"},
      {"CountNonZeroWords", "math.count_nonzero count_nonzero compat.v1.count_nonzero",
       "input|input_tensor axis=None keepdims|keep_dims=False dtype='int64'",
       "tf.reduce_sum(tf.cast(tf.not_equal(input, 0), dtype), axis=axis, keepdims=True if keepdims else False)"},
      {"ZeroFraction", "math.zero_fraction nn.zero_fraction", "value",
       "tf.reduce_mean(tf.cast(tf.equal(value, 0), 'float32'))"},
      {"Average", "", "x weights=None axis=None",
       "w = None if weights == None else tf.identity(weights); v = None if w == None else w if len(w.shape) == "
       "len(x.shape) else tf.reshape(w, [1] * (axis % len(x.shape)) + [-1] + [1] * (len(x.shape) - 1 - axis % "
       "len(x.shape))); tf.reduce_mean(x, axis=axis) if w == None else tf.reduce_sum(x * v, axis=axis) / "
       "tf.reduce_sum(tf.zeros_like(x) + v, axis=axis)"},
      {"Corrcoef", "", "x",
       "d = x - tf.reduce_mean(x, axis=1, keepdims=True); c = tf.tensordot(d, d, axes=[[1], [1]]); s = "
       "tf.sqrt(tf.linalg.diag_part(c)); c / (tf.expand_dims(s, 1) * tf.expand_dims(s, 0))"},
      {"Correlate", "", "x1 x2 mode='valid'",
       "n = x1.shape[0]; m = x2.shape[0]; f = tf.pad(x1, [[m - 1, m - 1]]) if n >= m else "
       "tf.correlate_with_a_longer_one(x1); y = tf.tensordot(tf.gather(f, np.arange(n + m - 1)[:, None] + "
       "np.arange(m)[None, :], axis=0), x2, axes=[[1], [0]]); y if mode == 'full' else y[m - 1:n] if mode == "
       "'valid' else y[(m - 1) // 2:(m - 1) // 2 + n]"},
      {"Percentile", "", "x q axis=None method='linear' keepdims=False",
       "r = tf.reshape(x, [-1]) if axis == None else ops.swapaxes(x, axis, -1); y = tf.sort(r, axis=-1); n = "
       "y.shape[-1]; s = [q / 100] if isinstance(q, (int, float)) else [v / 100 for v in q]; p = [v * (n - 1) "
       "for v in s]; f = [int(v) for v in p]; g = [min(int(v) + (1 if v > int(v) else 0), n - 1) for v in p]; t "
       "= [0.0 if method == 'lower' else 1.0 if method == 'higher' else 0.5 if method == 'midpoint' else "
       "float(round(p[i]) - f[i]) if method == 'nearest' else p[i] - f[i] for i in range(len(p))]; z = [y[..., "
       "f[i]:f[i] + 1] * (1.0 - t[i]) + y[..., g[i]:g[i] + 1] * t[i] for i in range(len(p))]; k = "
       "[(tf.reshape(v, [1] * len(x.shape)) if keepdims else tf.squeeze(v, axis=0)) if axis == None else "
       "(ops.swapaxes(v, axis, -1) if keepdims else tf.squeeze(ops.swapaxes(v, axis, -1), axis=axis)) for v in "
       "z]; k[0] if isinstance(q, (int, float)) else tf.stack(k, axis=0)"},
      // Keras 3.15's operation does not read its method.
      {"Quantile", "", "x q axis=None !method='linear' keepdims=False",
       "ops.percentile(x, q * 100 if isinstance(q, (int, float)) else [v * 100 for v in q], axis, 'linear', keepdims)"},
      {"Nansum", "", "x axis=None keepdims=False",
       "tf.reduce_sum(tf.where(tf.math.is_nan(x), 0.0, x), axis=axis, keepdims=keepdims)"},
      {"Nanprod", "", "x axis=None keepdims=False",
       "tf.reduce_prod(tf.where(tf.math.is_nan(x), 1.0, x), axis=axis, keepdims=keepdims)"},
      {"Nanmax", "", "x axis=None keepdims=False",
       "n = tf.math.is_nan(x); tf.where(tf.reduce_all(n, axis=axis, keepdims=keepdims), np.nan, "
       "tf.reduce_max(tf.where(n, -np.inf, x), axis=axis, keepdims=keepdims))"},
      {"Nanmin", "", "x axis=None keepdims=False",
       "n = tf.math.is_nan(x); tf.where(tf.reduce_all(n, axis=axis, keepdims=keepdims), np.nan, "
       "tf.reduce_min(tf.where(n, np.inf, x), axis=axis, keepdims=keepdims))"},
      {"Nanmean", "", "x axis=None keepdims=False",
       "n = tf.math.is_nan(x); tf.reduce_sum(tf.where(n, 0.0, x), axis=axis, keepdims=keepdims) / "
       "tf.reduce_sum(tf.where(n, 0.0, 1.0), axis=axis, keepdims=keepdims)"},
      {"Nanvar", "", "x axis=None keepdims=False",
       "n = tf.math.is_nan(x); d = tf.where(n, 0.0, x - ops.nanmean(x, axis, True)); tf.reduce_sum(d * d, "
       "axis=axis, keepdims=keepdims) / tf.reduce_sum(tf.where(n, 0.0, 1.0), axis=axis, keepdims=keepdims)"},
      {"Nanstd", "", "x axis=None keepdims=False", "tf.sqrt(ops.nanvar(x, axis, keepdims))"},
      {"Nancumsum", "", "x axis=None !dtype=None",
       "y = tf.where(tf.math.is_nan(x), 0.0, x); tf.cumsum(tf.reshape(y, [-1]) if axis == None else y, axis=0 "
       "if axis == None else axis)"},
      {"Nancumprod", "", "x axis=None !dtype=None",
       "y = tf.where(tf.math.is_nan(x), 1.0, x); tf.math.cumprod(tf.reshape(y, [-1]) if axis == None else y, "
       "axis=0 if axis == None else axis)"},
      {"Nanargmax", "", "x axis=None keepdims=False",
       "n = tf.math.is_nan(x); tf.where(tf.reduce_all(n, axis=axis, keepdims=keepdims), -1, "
       "ops.argmax(tf.where(n, -np.inf, x), axis, keepdims))"},
      {"Nanargmin", "", "x axis=None keepdims=False",
       "n = tf.math.is_nan(x); tf.where(tf.reduce_all(n, axis=axis, keepdims=keepdims), -1, "
       "ops.argmin(tf.where(n, np.inf, x), axis, keepdims))"},
      {"Nanquantile", "", "x q axis=-1 !method='linear' keepdims=False",
       "r = ops.swapaxes(x, axis, -1); m = tf.math.is_nan(r); n = r.shape[-1]; y = tf.sort(tf.where(m, np.inf, "
       "r), axis=-1); c = tf.reduce_sum(tf.where(m, 0.0, 1.0), axis=-1, keepdims=True); p = tf.maximum(c - 1.0, "
       "0.0) * float(q); f = tf.floor(p); i = tf.cast(np.arange(n), 'float32'); a = "
       "tf.reduce_sum(tf.where(tf.equal(i, f), y, 0.0), axis=-1, keepdims=True); b = "
       "tf.reduce_sum(tf.where(tf.equal(i, tf.math.ceil(p)), y, 0.0), axis=-1, keepdims=True); z = "
       "tf.where(tf.equal(c, 0.0), np.nan, tf.where(tf.equal(p, f), a, a + (b - a) * (p - f))); ops.swapaxes(z, "
       "axis, -1) if keepdims else tf.squeeze(ops.swapaxes(z, axis, -1), axis=axis)"},
      {"Nanmedian", "", "x axis=-1 keepdims=False", "ops.nanquantile(x, 0.5, axis, 'linear', keepdims)"},
      {"Nanpercentile", "", "x q axis=-1 !method='linear' keepdims=False",
       "ops.nanquantile(x, q / 100, axis, 'linear', keepdims)"},
      {"Ptp", "", "x axis=None keepdims=False",
       "tf.reduce_max(x, axis=axis, keepdims=keepdims) - tf.reduce_min(x, axis=axis, keepdims=keepdims)"},
      {"Trapezoid", "", "y !x=None dx=1.0 axis=-1",
       "z = ops.swapaxes(y, axis, -1); s = tf.reduce_sum(z[..., 1:] + z[..., :-1], axis=-1, keepdims=True) * "
       "(0.5 * dx); tf.squeeze(ops.swapaxes(s, axis, -1), axis=axis)"},
      {"SearchSorted", "searchsorted", "sorted_sequence values side='left' !out_type='int32'",
       "s = tf.expand_dims(sorted_sequence, -2); v = tf.expand_dims(values, -1); tf.reduce_sum(tf.cast(s < v if "
       "side == 'left' else s <= v, 'int32'), axis=-1)"},
      {"InTopK", "math.in_top_k nn.in_top_k", "targets predictions k",
       "i = tf.cast(tf.expand_dims(targets, -1), 'int32'); "
       "v = tf.gather(predictions, i, axis=len(i.shape) - 1, batch_dims=len(i.shape) - 1); "
       "tf.reduce_sum(tf.cast(predictions > v, 'int32'), axis=-1) < k"},
      // TensorFlow 1's has the predictions first.
      {"InTopKOfPredictions", "compat.v1.math.in_top_k compat.v1.nn.in_top_k", "predictions targets k",
       "tf.math.in_top_k(targets, predictions, k)"},
      {"IsIn", "", "x1 x2 assume_unique=False invert=False",
       "m = tf.reduce_any(tf.equal(tf.expand_dims(x1, -1), tf.reshape(x2, [-1])), axis=-1); tf.logical_not(m) "
       "if invert else m"},
      {"CDist", "", "x y", "d = tf.expand_dims(x, -2) - tf.expand_dims(y, -3); tf.sqrt(tf.reduce_sum(d * d, axis=-1))"},
      {"SegmentSum", "math.unsorted_segment_sum unsorted_segment_sum compat.v1.unsorted_segment_sum",
       "data segment_ids num_segments !sorted=False",
       "m = tf.equal(tf.reshape(tf.range(num_segments), [-1, 1]), tf.cast(tf.reshape(segment_ids, [1, -1]), "
       "'int32')); tf.reduce_sum(tf.where(tf.reshape(m, [num_segments, -1] + [1] * (len(data.shape) - 1)), "
       "tf.expand_dims(data, 0), 0.0), axis=1)"},
      {"SegmentMax", "math.unsorted_segment_max unsorted_segment_max", "data segment_ids num_segments !sorted=False",
       "m = tf.equal(tf.reshape(tf.range(num_segments), [-1, 1]), tf.cast(tf.reshape(segment_ids, [1, -1]), "
       "'int32')); tf.reduce_max(tf.where(tf.reshape(m, [num_segments, -1] + [1] * (len(data.shape) - 1)), "
       "tf.expand_dims(data, 0), -np.inf), axis=1)"},
      {"SegmentMin", "math.unsorted_segment_min unsorted_segment_min", "data segment_ids num_segments !sorted=False",
       "-ops.segment_max(-data, segment_ids, num_segments)"},
      {"SegmentProd", "math.unsorted_segment_prod unsorted_segment_prod", "data segment_ids num_segments !sorted=False",
       "m = tf.equal(tf.reshape(tf.range(num_segments), [-1, 1]), tf.cast(tf.reshape(segment_ids, [1, -1]), "
       "'int32')); tf.reduce_prod(tf.where(tf.reshape(m, [num_segments, -1] + [1] * (len(data.shape) - 1)), "
       "tf.expand_dims(data, 0), 1.0), axis=1)"},
  };
  return kRows;
}

}  // namespace hoarfrost::keras
