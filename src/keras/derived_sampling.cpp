// Images sampled at computed places, and patches laid over one another, said in other operations. Keras 3.15's
// keras.ops over TensorFlow (backend/tensorflow/image.py, ImageProjectiveTransformV3 of TensorFlow's image_ops.h),
// which differs over JAX here and there.
#include "keras/derived_rows.h"

namespace hoarfrost::keras {
std::span<const DerivedRow> derived_sampling_rows() {
  static constexpr DerivedRow kRows[] = {
      // a: the places [y, x] of each pixel, brought into the image by the fill mode; f: the pixel at or before, t: how
      // far
      // behind it; then for each of the one or four pixels its place i, weight u, whether it is one (v), and its value
      // g.
      {"AffineTransform", "",
       "images transform interpolation='bilinear' fill_mode='constant' fill_value=0.0 data_format='channels_last'",
       "h = images.shape[1]; w = images.shape[2]; c = images.shape[3]; n = [h, w]; b = interpolation == 'bilinear'; "
       "z = fill_mode == 'constant'; m = tf.reshape(transform, [-1, 8, 1, 1]); x = np.arange(float(w)); "
       "y = np.reshape(np.arange(float(h)), [h, 1]); d = m[:, 6] * x + m[:, 7] * y + 1.0; "
       "p = [(m[:, 3] * x + m[:, 4] * y + m[:, 5]) / d, (m[:, 0] * x + m[:, 1] * y + m[:, 2]) / d]; "
       "r = [p[k] - 2.0 * n[k] * tf.floor(p[k] / (2.0 * n[k])) if fill_mode == 'reflect' else p[k] for k in [0, 1]]; "
       "q = [tf.where(r[k] >= n[k], 2.0 * n[k] - 1.0 - r[k], r[k]) if fill_mode == 'reflect' else r[k] if "
       "fill_mode != 'wrap' else r[k] * 0.0 if n[k] == 1 else tf.where(r[k] < 0, r[k] + n[k] * (tf.floor(-r[k] / "
       "(n[k] - 1.0)) + 1.0), tf.where(r[k] > n[k] - 1.0, r[k] - n[k] * tf.floor(r[k] / (n[k] - 1.0)), r[k])) "
       "for k in [0, 1]]; "
       "a = [q[k] if z else tf.clip_by_value(q[k], 0.0, n[k] - 1.0) for k in [0, 1]]; "
       "f = [tf.floor(o) if b else tf.sign(o) * tf.floor(tf.abs(o) + 0.5) for o in a]; "
       "t = [a[k] - f[k] for k in [0, 1]]; l = [[0, 0], [0, 1], [1, 0], [1, 1]] if b else [[0, 0]]; "
       "i = [[f[0] + k[0] if k[0] else f[0], f[1] + k[1] if k[1] else f[1]] for k in l]; "
       "v = [tf.cast(tf.logical_and(tf.logical_and(o[0] >= 0, o[0] < h), tf.logical_and(o[1] >= 0, o[1] < w)), "
       "'float32') if z else 1.0 for o in i]; "
       "u = [(t[0] if k[0] else 1.0 - t[0]) * (t[1] if k[1] else 1.0 - t[1]) if b else 1.0 for k in l]; "
       "e = tf.reshape(tf.range(tf.shape(images)[0]) * (h * w), [-1, 1, 1]); s = tf.reshape(images, [-1, c]); "
       "g = [tf.gather(s, tf.cast(tf.clip_by_value(o[0], 0.0, h - 1.0) * w + tf.clip_by_value(o[1], 0.0, w - 1.0), "
       "'int32') + e) for o in i]; k = range(len(l)); "
       "y = tf.add_n([tf.expand_dims(u[o] * v[o], -1) * g[o] if b or z else g[o] for o in k]); "
       "y + fill_value * tf.expand_dims(tf.add_n([u[o] * (1.0 - v[o]) for o in k]), -1) if z and fill_value else y"},
      // The map of the end's four points to the start's, through the unit square (Heckbert, Fundamentals of texture
      // mapping and image warping, 1989).
      {"PerspectiveTransform", "",
       "images start_points end_points interpolation='bilinear' fill_value=0.0 data_format='channels_last'",
       "c = isinstance(start_points, list) and isinstance(end_points, list); "
       "l = [np.reshape(np.array(o), [-1, 4, 2]) if c else tf.reshape(o, [-1, 4, 2]) for o in [start_points, "
       "end_points]]; "
       "p = [[[o[:, k, j] for j in [0, 1]] for k in range(4)] for o in l]; "
       "s = [[o[0][j] - o[1][j] - o[2][j] + o[3][j] for j in [0, 1]] for o in p]; "
       "u = [[o[1][j] - o[3][j] for j in [0, 1]] for o in p]; v = [[o[2][j] - o[3][j] for j in [0, 1]] for o in p]; "
       "d = [u[k][0] * v[k][1] - v[k][0] * u[k][1] for k in [0, 1]]; "
       "g = [(s[k][0] * v[k][1] - v[k][0] * s[k][1]) / d[k] for k in [0, 1]]; "
       "h = [(u[k][0] * s[k][1] - s[k][0] * u[k][1]) / d[k] for k in [0, 1]]; "
       "m = [[[p[k][1][j] - p[k][0][j] + g[k] * p[k][1][j], p[k][2][j] - p[k][0][j] + h[k] * p[k][2][j], p[k][0][j]] "
       "for j in [0, 1]] + [[g[k], h[k], 1.0]] for k in [0, 1]]; "
       "e = m[1]; a = [[e[1][1] * e[2][2] - e[1][2] * e[2][1], e[0][2] * e[2][1] - e[0][1] * e[2][2], e[0][1] * "
       "e[1][2] "
       "- e[0][2] * e[1][1]], [e[1][2] * e[2][0] - e[1][0] * e[2][2], e[0][0] * e[2][2] - e[0][2] * e[2][0], e[0][2] * "
       "e[1][0] - e[0][0] * e[1][2]], [e[1][0] * e[2][1] - e[1][1] * e[2][0], e[0][1] * e[2][0] - e[0][0] * e[2][1], "
       "e[0][0] * e[1][1] - e[0][1] * e[1][0]]]; "
       "t = [m[0][k // 3][0] * a[0][k % 3] + m[0][k // 3][1] * a[1][k % 3] + m[0][k // 3][2] * a[2][k % 3] for k in "
       "range(9)]; n = [t[k] / t[8] for k in range(8)]; "
       "ops.affine_transform(images, np.stack(n, axis=-1) if c else tf.stack(n, axis=-1), interpolation, 'constant', "
       "fill_value)"},
      {"MapCoordinates", "", "inputs coordinates order fill_mode='constant' fill_value=0.0",
       "r = len(inputs.shape); a = range(r); z = fill_mode == 'constant'; "
       "n = [inputs.shape[k] if inputs.shape[k] else tf.shape(inputs)[k] for k in a]; "
       "m = [float(o) if isinstance(o, int) else tf.cast(o, 'float32') for o in n]; "
       "c = np.array(coordinates) if isinstance(coordinates, list) else coordinates; "
       "f = [tf.floor(c[k]) if order else tf.round(c[k]) for k in a]; t = [c[k] - f[k] for k in a]; "
       "b = range(2 ** r if order else 1); i = [[f[k] + 1.0 if (j >> k) & 1 else f[k] for k in a] for j in b]; "
       "x = [[tf.abs(o[k]) if fill_mode == 'reflect' else o[k] for k in a] for o in i]; "
       "l = [2.0 if fill_mode == 'reflect' else 1.0 for k in a]; "
       "y = [[tf.clip_by_value(o[k], 0.0, m[k] - 1.0) if z or fill_mode == 'nearest' else o[k] - l[k] * m[k] * "
       "tf.floor(o[k] / (l[k] * m[k])) for k in a] for o in x]; "
       "w = [[tf.where(o[k] < m[k], o[k], 2.0 * m[k] - o[k] - 1.0) if fill_mode == 'reflect' else o[k] if fill_mode != "
       "'mirror' else tf.fill_mode_mirror_with_which_keras_itself_fails(o[k]) for k in a] for o in y]; "
       "s = [np.prod(n[k + 1:]) for k in a]; d = tf.reshape(inputs, [-1]); "
       "g = [tf.gather(d, tf.add_n([tf.cast(o[k], 'int32') * s[k] for k in a])) for o in w]; "
       "v = [tf.reduce_min(tf.stack([tf.cast(tf.logical_and(o[k] >= 0, o[k] < m[k]), 'float32') for k in a]), axis=0) "
       "if z else 1.0 for o in i]; "
       "u = [tf.reduce_prod(tf.stack([t[k] if (j >> k) & 1 else 1.0 - t[k] for k in a]), axis=0) if order else 1.0 "
       "for j in b]; "
       "q = tf.add_n([u[j] * v[j] * g[j] for j in b]); "
       "q + fill_value * tf.add_n([u[j] * (1.0 - v[j]) for j in b]) if z and fill_value else q"},
      // w: for each axis, what each pixel of the image counts in each of the result.
      {"ScaleAndTranslate", "", "images output_shape scale translation spatial_dims method antialias=True",
       "a = range(len(spatial_dims)); d = [o if o >= 0 else o + len(images.shape) for o in spatial_dims]; "
       "k = 1 if method == 'linear' or method == 'bilinear' or method == 'trilinear' or method == 'triangle' else 2 if "
       "method == 'cubic' or method == 'bicubic' or method == 'tricubic' else 3 if method == 'lanczos3' else 5; "
       "r = [1.0 / scale[j] for j in a]; l = [1.0 if not antialias else max(o, 1.0) if isinstance(o, float) else "
       "tf.maximum(o, 1.0) for o in r]; "
       "p = [(tf.identity(np.arange(float(output_shape[d[j]]))) + 0.5) * r[j] - translation[j] * r[j] - 0.5 for j in "
       "a]; "
       "x = [tf.abs(p[j] - np.reshape(np.arange(float(images.shape[d[j]])), [-1, 1])) / l[j] for j in a]; "
       "f = [tf.maximum(1.0 - o, 0.0) if k == 1 else tf.where(o >= 2.0, 0.0, tf.where(o >= 1.0, ((-0.5 * o + 2.5) * o "
       "- "
       "4.0) * o + 2.0, ((1.5 * o - 2.5) * o) * o + 1.0)) if k == 2 else tf.where(o > k, 0.0, tf.where(o > 1e-3, k * "
       "tf.sin(math.pi * o) * tf.sin(math.pi * o / k) / tf.where(tf.not_equal(o, 0.0), math.pi ** 2 * o * o, 1.0), "
       "1.0)) "
       "for o in x]; "
       "t = [tf.reduce_sum(o, axis=0, keepdims=True) for o in f]; "
       "w = [tf.where(tf.logical_and(p[j] >= -0.5, p[j] <= images.shape[d[j]] - 0.5), tf.where(tf.abs(t[j]) > "
       "1.1920929e-4, f[j] / tf.where(tf.not_equal(t[j], 0.0), t[j], 1.0), 0.0), 0.0) for j in a]; "
       "y = ops.moveaxis(tf.tensordot(images, w[0], axes=[[d[0]], [0]]), -1, d[0]); "
       "z = ops.moveaxis(tf.tensordot(y, w[1], axes=[[d[1]], [0]]), -1, d[1]) if len(d) > 1 else y; "
       "ops.moveaxis(tf.tensordot(z, w[2], axes=[[d[2]], [0]]), -1, d[2]) if len(d) > 2 else z"},
      // p: the places along each axis, f: the pixel at or before and t: how far behind it, or the nearest; v: within or
      // not.
      {"CropAndResize", "image.crop_and_resize compat.v1.image.crop_and_resize",
       "image boxes box_indices|box_ind crop_size method='bilinear' extrapolation_value=0.0",
       "h = image.shape[1]; w = image.shape[2]; c = image.shape[3]; n = [h, w]; r = crop_size; b = tf.reshape(boxes, "
       "[-1, "
       "4]); z = method == 'bilinear'; "
       "p = [b[:, k:k + 1] * (n[k] - 1.0) + np.arange(float(r[k])) * ((b[:, k + 2:k + 3] - b[:, k:k + 1]) * (n[k] - "
       "1.0) "
       "/ (r[k] - 1.0)) if r[k] > 1 else 0.5 * (b[:, k:k + 1] + b[:, k + 2:k + 3]) * (n[k] - 1.0) for k in [0, 1]]; "
       "v = [tf.cast(tf.logical_and(p[k] >= 0, p[k] <= n[k] - 1.0), 'float32') for k in [0, 1]]; "
       "q = [tf.clip_by_value(p[k], 0.0, n[k] - 1.0) for k in [0, 1]]; f = [tf.floor(o if z else o + 0.5) for o in q]; "
       "t = [q[k] - f[k] for k in [0, 1]]; g = [[f[k], tf.minimum(f[k] + 1.0, n[k] - 1.0)] for k in [0, 1]]; "
       "l = [[0, 0], [0, 1], [1, 0], [1, 1]] if z else [[0, 0]]; "
       "e = tf.clip_by_value(tf.reshape(tf.cast(box_indices, 'int32'), [-1, 1, 1]), 0, tf.shape(image)[0] - 1) * (h * "
       "w); "
       "s = tf.reshape(image, [-1, c]); "
       "u = [(t[0] if k[0] else 1.0 - t[0])[:, :, None] * (t[1] if k[1] else 1.0 - t[1])[:, None] if z else 1.0 for k "
       "in "
       "l]; y = [tf.gather(s, tf.cast(g[0][k[0]][:, :, None] * w + g[1][k[1]][:, None], 'int32') + e) for k in l]; "
       "m = tf.expand_dims(v[0][:, :, None] * v[1][:, None], -1); "
       "o = tf.add_n([tf.expand_dims(u[k], -1) * y[k] if z else y[k] for k in range(len(l))]) * m; "
       "o + extrapolation_value * (1.0 - m) if extrapolation_value else o"},
      {"Fold", "", "x output_size kernel_size dilation=1 padding=0 stride=1",
       "o = [output_size, output_size] if isinstance(output_size, int) else output_size; "
       "k = [kernel_size, kernel_size] if isinstance(kernel_size, int) else kernel_size; "
       "d = [dilation, dilation] if isinstance(dilation, int) else dilation; "
       "p = [padding, padding] if isinstance(padding, int) else padding; "
       "s = [stride, stride] if isinstance(stride, int) else stride; n = k[0] * k[1]; c = x.shape[1] // n; "
       "h = [o[j] + 2 * p[j] for j in [0, 1]]; a = [(h[j] - d[j] * (k[j] - 1) - 1) // s[j] + 1 for j in [0, 1]]; "
       "e = [(a[j] - 1) * s[j] + 1 for j in [0, 1]]; y = tf.reshape(x, [-1, c, n, a[0], a[1]]); "
       "z = [y[:, :, q] if s[0] * s[1] == 1 else tf.reshape(tf.pad(tf.reshape(y[:, :, q], [-1, c, a[0], 1, a[1], 1]), "
       "[[0, 0], [0, 0], [0, 0], [0, s[0] - 1], [0, 0], [0, s[1] - 1]]), [-1, c, a[0] * s[0], a[1] * s[1]])[:, :, "
       ":e[0], :e[1]] for q in range(n)]; "
       "i = [[q // k[1] * d[0], q % k[1] * d[1]] for q in range(n)]; "
       "f = tf.add_n([tf.pad(z[q], [[0, 0], [0, 0], [i[q][0], h[0] - i[q][0] - e[0]], [i[q][1], h[1] - i[q][1] - "
       "e[1]]]) for q in range(n)]); f[:, :, p[0]:p[0] + o[0], p[1]:p[1] + o[1]]"},
  };
  return kRows;
}

}  // namespace hoarfrost::keras
