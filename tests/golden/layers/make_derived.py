"""Golden cases of operations that are others, and of matrices, scatters and computed slices: python3 make_derived.py

With TensorFlow 2.15's Keras it makes those of keras_2.15 (as TFOpLambda layers, and as Lambdas whose bytecode says them), with Keras 3.15 over JAX
those of keras_3.15 (over TensorFlow those of OVER_TENSORFLOW, which fail over JAX or are other ones there). One model holds the outputs of many. As make_operations.py.
"""
import json
import math
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES='', TF_ENABLE_ONEDNN_OPTS='0', TF_CPP_MIN_LOG_LEVEL='3')
if '--keras3' in sys.argv:
    os.environ.setdefault('KERAS_BACKEND', 'jax')
    import keras
    from keras.src.ops import numpy as S
    O = keras.ops
else:
    import tensorflow as tf
    from tensorflow import keras
    from tensorflow.keras import backend as K
import numpy as np
import plain_code

IS_KERAS3 = '--keras3' in sys.argv
VERSION = 'keras_3.15' if IS_KERAS3 else 'keras_2.15'
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), VERSION)
rng = np.random.RandomState(2200)


def N(*shape):
    return rng.normal(0, 1, shape).astype('float32')


def U(*shape):
    return rng.uniform(0.02, 0.98, shape).astype('float32')


def P(*shape):
    return rng.uniform(0.2, 2, shape).astype('float32')


def I(*shape, n=6):
    return rng.randint(0, n, shape).astype('int32')


def NAN(*shape):
    x = N(*shape)
    x[rng.uniform(size=shape) < 0.3] = np.nan
    return x


def M(*shape):
    """Matrices that have an inverse."""
    return (N(*shape) + 3 * np.eye(shape[-1])).astype('float32')


# Arrays shared by a model's functions, and the functions; the batch is open unless `fixed`.
def numbers3():
    x, y, u, i, j, a, b = N(2, 3), N(2, 3), U(2, 3), I(2, 3), I(2, 3), NAN(2, 3), NAN(2, 3)
    f = lambda c: O.cast(c, 'float32')
    return [x, y, u, i, j, a, b], lambda x, y, u, i, j, a, b: [
        O.abs(x), O.rad2deg(x), O.conjugate(x), O.copy(x), f(O.isneginf(x)), f(O.isposinf(x)), f(O.isreal(x)), O.sinc(x), f(O.signbit(x)), O.erfc(x), O.erfinv(u), O.saturate_cast(x * 300, 'uint8'),
        O.convert_to_tensor(x, 'float32'), O.fmax(a, b), O.fmin(a, b), O.fmod(x, y), O.heaviside(x, y), f(O.isclose(x, x + 1e-9)), O.logaddexp2(x, y), O.ldexp(x, i), f(O.logical_xor(x > 0, y > 0)),
        O.bitwise_and(i, j), O.bitwise_or(i, j), O.bitwise_xor(i, j), O.bitwise_left_shift(i, j), O.bitwise_right_shift(i, j), O.left_shift(i, j), O.right_shift(i, j), O.bitwise_not(i), O.bitwise_invert(i),
        O.glu(O.concatenate([x, y], axis=-1)), O.full_like(x, 2.5), O.square(x) + O.zeros_like(y)]


def arrays3():
    x, y, z, i, w = N(2, 6), N(2, 6), N(2, 3, 4), I(2, 3), N(2, 2)
    return [x, y, z, i, w], lambda x, y, z, i, w: [
        O.append(x, y, axis=1), *O.array_split(x, 4, axis=1), *O.hsplit(x, 2), *O.dsplit(z, [1, 3]), O.dstack([x, y]), O.fliplr(x), O.rot90(z, 1, axes=(1, 2)), O.rot90(z, 2, axes=(1, 2)), O.rot90(z, k=3, axes=(1, 2)),
        O.select([x > 1, x > 0], [x * 2, y], default=-1), *O.unravel_index(i, (2, 3)), O.slice_update(x, [0, 2], w), O.extract_sequences(x, 3, 2), O.multi_hot(i, 6), O.matmul(z[:, None], O.transpose(z, (0, 2, 1))[:, None]),
        O.matmul(z, np.arange(8).reshape(1, 4, 2).astype('float32')), O.diagonal(z, offset=1, axis1=1, axis2=2), O.trace(z, offset=-1, axis1=1, axis2=2), O.size(z) * i]


def fixed_arrays3():
    x, y, s, u, v, i, d = N(2, 3), P(2, 3), N(6, 3), N(2, 3), N(4), I(6, n=3), N(20)
    return [x, y, s, u, v, i, d], lambda x, y, s, u, v, i, d: [
        O.append(x, y), *O.vsplit(s, 3), O.flipud(x), O.kron(x, y), O.vander(v, 3), O.linspace(x, y, 5), O.linspace(x, y, 5, endpoint=False), O.logspace(x, y, 4), O.geomspace(y, y + 3, 4), O.scatter(np.array([[1], [4]]), x, (6, 3)),
        O.scatter_update(s, np.array([[1], [4]]), u), O.diag(v), O.diag(x), O.diagflat(x), O.vdot(x, y), O.corrcoef(s), O.correlate(d, v, mode='valid'), O.correlate(d, v, mode='same'), O.correlate(d, v, mode='full'),
        O.segment_sum(s, i, num_segments=4), O.segment_max(s, i, num_segments=3), O.segment_min(s, i, num_segments=3), O.segment_prod(s, i, num_segments=4), O.cast(O.allclose(x, y), 'float32'), O.psnr(x, y, 2.0),
        O.ndim(x), S.Fabs()(x), S.Abs()(x), S.Array()(x), S.EmptyLike()(x), S.Full(shape=(2, 3))(v[0])]


def statistics3():
    x, a, w, i, p, q = N(2, 5, 4), NAN(2, 5, 4), P(2, 5, 4), I(2, 5, n=5), N(2, 5), I(2, n=5)
    f = lambda c: O.cast(c, 'float32')
    nans = [getattr(O, name) for name in 'nansum nanprod nanmax nanmin nanmean nanvar nanstd nanmedian nanargmax nanargmin nancumsum nancumprod'.split()]
    return [x, a, w, i, p, q], lambda x, a, w, i, p, q: [g(a, axis=1) for g in nans] + [
        O.average(x, axis=1), O.average(x, axis=1, weights=w), O.average(x, axis=2, weights=np.array([1, 2, 3, 4], 'float32')), *[O.percentile(x, 30, axis=1, method=m) for m in ('linear', 'lower', 'higher', 'midpoint', 'nearest')],
        O.nanquantile(a, 0.3, axis=1), O.nanpercentile(a, 30, axis=1, keepdims=True), O.ptp(x, axis=1), O.trapezoid(x, dx=0.5), O.searchsorted(np.array([-1, 0, 1], 'float32'), x),
        O.searchsorted(np.array([-1, 0, 1], 'float32'), x, side='right'), f(O.in_top_k(q, p, 2)), f(O.isin(i, [1, 3])), f(O.isin(i, [1, 3], invert=True)), O.cdist(x, w), *O.moments(x, axes=[1]), *O.moments(x, axes=[1, 2], keepdims=True)]


def quantiles3():
    s, m, x = N(2, 6, 3), M(2, 3, 3), N(2, 4, 4, 3)
    return [s, m, x], lambda s, m, x: [O.quantile(s, 0.3, axis=1), O.quantile(s, 0.5, axis=-1, keepdims=True), O.linalg.cholesky_inverse(m), O.max_pool(x, 2), O.average_pool(x, 2)]


def matrices3():
    x, b = M(2, 3, 3), N(2, 3, 2)

    def outputs(x, b):
        s = O.matmul(x, O.transpose(x, (0, 2, 1)))
        return [O.linalg.inv(x), O.linalg.det(x), O.linalg.cholesky(s), O.linalg.cholesky(s, upper=True), O.linalg.solve(x, b), O.linalg.solve_triangular(x, b, lower=True), O.linalg.solve_triangular(x, b), *O.slogdet(x), O.logdet(s)]
    return [x, b], outputs


def images3():
    x = U(2, 6, 5, 3)
    return [x], lambda x: [
        O.image.rgb_to_hsv(x), O.image.hsv_to_rgb(x), O.image.gaussian_blur(x), O.image.gaussian_blur(x, kernel_size=(5, 3), sigma=(0.7, 1.3)), O.image.sobel_edges(x), O.image.pad_images(x, 1, 2, target_height=9, target_width=10),
        O.image.crop_images(x, 1, 1, target_height=4, target_width=3), *[O.image.resize(x, (4, 8), interpolation=m) for m in ('bilinear', 'nearest', 'bicubic', 'lanczos3', 'lanczos5')], O.image.resize(x, (3, 3), antialias=True),
        O.image.resize(x, (3, 3), crop_to_aspect_ratio=True), O.image.resize(x, (8, 8), pad_to_aspect_ratio=True), O.max_pool(x, 2, 2, 'same'), O.max_pool(x[:, 0], 2, 1, 'same'), O.average_pool(x, 2, 2, 'same'), O.adaptive_average_pool(x, (2, 2)),
        O.adaptive_max_pool(x, (3, 2)), O.separable_conv(x, np.arange(27).reshape(3, 3, 3, 1).astype('float32') / 9, np.arange(6).reshape(1, 1, 3, 2).astype('float32'), padding='same'), O.unfold(x, 2), O.unfold(x, (3, 2), padding=1, stride=2)]


def network3():
    x, t, o, s, y = N(2, 3, 4), U(2, 5), U(2, 5), I(2, 3, n=5), U(2, 3, 5)
    g, b = np.arange(1, 5).astype('float32'), np.arange(4).astype('float32')
    return [x, t, o, s, y], lambda x, t, o, s, y: [
        O.sparsemax(x), O.batch_normalization(x, b, g, axis=-1), O.batch_normalization(x, b, g, axis=-1, offset=g, scale=b, epsilon=1e-2), O.layer_normalization(x), O.layer_normalization(x, g, b, axis=-1, epsilon=1e-3)] + [
        loss(a, c, from_logits=l) for l in (False, True) for loss, a, c in ((O.binary_crossentropy, t, o), (O.categorical_crossentropy, t, o), (O.sparse_categorical_crossentropy, s, y))]


def sampling3():
    """Images through maps of the plane: given by the model's author, or computed."""
    x, o, t, p, q = U(2, 6, 5, 2), U(2, 4, 7, 1), N(2, 8), N(2, 4, 2), N(2, 4, 2)
    one, two = np.array([0.8317, -0.5723, 2.3131, 0.6179, 0.7883, -1.7311, 0, 0], 'float32'), np.array([[1.1, 0.2, -0.7, -0.1, 0.9, 1.3, 0.02, -0.03]], 'float32')
    square = np.array([[[0, 0], [6, 0], [0, 3], [6, 3]]], 'float32')

    def outputs(x, o, t, p, q):
        a, s = O.image.affine_transform, O.image.scale_and_translate
        r = [a(x, one[None], interpolation=i, fill_mode=m, fill_value=v) for i in ('bilinear', 'nearest') for m, v in (('constant', 0), ('constant', 0.75), ('nearest', 0), ('reflect', 0), ('wrap', 0))]
        r += [a(x, two), a(x, t * 0.02 + np.array([1, 0, 0.3, 0, 1, 0.2, 0, 0], 'float32')), a(o, one[None], fill_mode='reflect')]
        corners = np.array([[0, 0], [6, 0], [0, 3], [6, 3]], 'float32')
        r += [O.image.perspective_transform(o, square, square + np.array([[[1, 0.5], [-1, 0], [0.25, 0], [0, -0.5]]], 'float32'), fill_value=0.5), O.image.perspective_transform(o, square, square * np.float32(0.75), interpolation='nearest'),
              O.image.perspective_transform(o, p * 0.1 + corners, q * 0.1 + corners)]
        return r + [s(x, (2, 9, 4, 2), np.array([1.5, 0.7], 'float32'), np.array([0.3, -0.4], 'float32'), [1, 2], m, antialias=k) for m in ('linear', 'cubic', 'lanczos3', 'lanczos5') for k in (True, False)]
    return [x, o, t, p, q], outputs


def fixed_sampling3():
    x, y, c, d = U(4, 5), U(2, 3, 4), 3 * N(2, 3, 2), 2 * N(3, 7)
    return [x, y, c, d], lambda x, y, c, d: [O.image.map_coordinates(x, c, k, fill_mode=m, fill_value=v) for k in (0, 1) for m, v in (('constant', 0), ('constant', 0.5), ('nearest', 0), ('wrap', 0), ('reflect', 0))] + [
        O.image.map_coordinates(y, d, 1), O.image.map_coordinates(y, np.array([[0.5, 1], [1, 1.25], [2, -1]], 'float32'), 1, fill_mode='nearest'), O.image.map_coordinates(y, d, 0, fill_mode='wrap')]


def signals3():
    a, b, c, d, w = N(2, 5, 6), N(2, 5, 6), N(2, 7, 9), N(2, 7, 9), N(2, 40)

    def outputs(a, b, c, d, w):
        i = lambda *args, **kw: O.istft((c, d), *args, **kw)
        return [*O.fft2((a, b)), *O.ifft2((a, b)), i(16, 4, 16), i(16, 8, 16), i(12, 4, 16, window='hamming'), i(16, 4, 16, center=False), i(16, 5, 16), i(16, 4, 16, length=20), i(16, 4, 16, window=None), i(16, 4, 16, length=35, center=False),
                O.istft(O.stft(w, 8, 2, 8), 8, 2, 8)]
    return [a, b, c, d, w], outputs


def fixed_patterns3():
    x, y, z, u = U(2, 16, 12, 3), U(2, 16, 12, 3), N(2, 4, 6), N(2, 12, 9)
    return [x, y, z, u], lambda x, y, z, u: [
        O.rearrange(x, 'b h w c -> b c h w'), O.rearrange(x, 'b h w c -> b (c h w)'), O.rearrange(x, 'b (h p) (w q) c -> b (h w) (p q c)', p=4, q=3), O.rearrange(z, 'b t (h d) -> b h t d', h=2), O.rearrange(z, 'b t f -> b f t'),
        O.rearrange(x, 'b (p h) (q w) c -> (b p q) h w c', p=2, q=2), O.image.ssim(x, y), O.image.ssim(x, y, max_val=2.0, filter_size=5, filter_sigma=0.8, k1=0.02), O.fold(O.unfold(x, 2), (12, 3), 2),
        O.fold(u, (7, 6), (3, 2), dilation=2, padding=1, stride=2), O.fold(O.unfold(O.transpose(x, (0, 3, 1, 2)), 4, stride=4), (16, 12), 4, stride=4)]


def decoding3():
    x, n = N(4, 9, 5), np.array([9, 4, 7, 1], 'int32')
    x[0, 2] = x[0, 1]
    x[2, 3] = x[2, 4] = x[2, 5]

    def outputs(x, n):
        y = [O.nn.ctc_decode(x, O.reshape(n, (-1,)), mask_index=k, merge_repeated=m) for k, m in ((0, True), (4, True), (2, False), (-1, True))]
        return [t for pair in y for t in pair]
    return [x, n], outputs


def factors3():
    x, y, z = N(2, 4, 3), N(2, 3, 4), N(2, 3, 3)
    return [x, y, z], lambda x, y, z: [t for mode in ('reduced', 'complete') for m in (x, y, z) for t in O.linalg.qr(m, mode=mode)]


def lambdas3():
    """Functions that mean the same under Keras 2.15."""
    x, z = N(2, 6), N(2, 5, 4)
    return [x, z], lambda x, z: [keras.layers.Lambda(lambda t: t * 2.0 + 1, output_shape=(6,))(x), keras.layers.Lambda(lambda t: t[:, ::2] - t[:, 1::2])(x), keras.layers.Lambda(lambda t, s=3: abs(t) / s, arguments={'s': 4})(x),
                                 keras.layers.Lambda(lambda t: t[:, -1, :])(z), keras.layers.Lambda(lambda ts: ts[0] * ts[1][:, 0, :1])([x, z]), keras.layers.Lambda(lambda t: sum([t[:, i] for i in range(3)]))(z)]


def numbers2():
    x, y, u, i, j = N(2, 6), N(2, 6), U(2, 6), I(2, 6), I(2, 6)
    f = lambda c: tf.cast(c, 'float32')
    return [x, y, u, i, j], lambda x, y, u, i, j: [
        tf.math.erfc(x), tf.math.erfinv(u), tf.math.lgamma(u), tf.math.xlogy(u, u), tf.math.xlog1py(u, u), tf.math.xdivy(x, y), tf.math.multiply_no_nan(x, y), tf.math.scalar_mul(2.0, x), tf.clip_by_norm(x, 1.0, axes=[1]), tf.truncatemod(x, y),
        tf.bitwise.bitwise_and(i, j), tf.bitwise.bitwise_or(i, 3), tf.bitwise.bitwise_xor(i, j), tf.bitwise.left_shift(i, j), tf.bitwise.right_shift(i, j), tf.bitwise.invert(i), tf.saturate_cast(x * 300, tf.uint8), f(tf.math.logical_xor(x > 0, y > 0)),
        tf.quantization.fake_quant_with_min_max_args(x, -1, 1, 8), tf.quantization.fake_quant_with_min_max_args(x * 4), tf.cast(x * 100, tf.uint8), tf.compat.v1.to_float(i), tf.compat.v1.to_int32(x * 3), tf.compat.v1.to_int64(x * 3),
        tf.debugging.check_numerics(x, 'bad'), tf.math.rint(x * 3), f(tf.rank(x)) * x, x / f(tf.size(x[0]))]


def arrays2():
    x, z, t, n, v, w = N(2, 6), N(2, 5, 4), N(2, 4), I(2, 1, n=4), N(2, 3), N(2, 2, 1, 3)

    def outputs(x, z, t, n, v, w):
        s = tf.shape(z)
        o = tf.split(x, [2, -1], axis=1) + [tf.sequence_mask(n[:, 0], 5, dtype=tf.float32), tf.reverse_sequence(z, n[:, 0] + 1, seq_axis=1), tf.compat.v1.where(x > 0, x, -x), tf.compat.v1.where(t[:, 0] > 0, t, -t),
            tf.strided_slice(x, [0, 1], [100, 6], [1, 2]), z[:, :s[1] // 2], z[:, n[0, 0]], z[:, s[1] - 2:, 1:s[2] - 1], tf.gather_nd(z, tf.stack([tf.range(s[0]), n[:, 0]], axis=1)), tf.gather_nd(tf.transpose(z, [1, 0, 2]), [[0], [2]]),
            tf.boolean_mask(z, [True, False, True, True, False], axis=1), tf.linalg.diag(v), tf.eye(s[1], batch_shape=[s[0]]) + tf.linalg.matmul(z, z, transpose_b=True), tf.linalg.set_diag(tf.matmul(z, z, transpose_a=True), t),
            tf.linalg.matvec(z, t), tf.linalg.matrix_transpose(z), tf.linalg.normalize(z, axis=-1)[0], tf.matmul(z, np.arange(8).reshape(1, 4, 2).astype('float32')), tf.matmul(w, tf.transpose(w, [0, 1, 3, 2])), tf.nn.embedding_lookup(np.eye(4).astype('float32'), n),
            tf.searchsorted(tf.broadcast_to([-1.0, 0.0, 1.0], [s[0], 3]), x), tf.math.in_top_k(n[:, 0], t, 2), tf.math.count_nonzero(x > 0, axis=1), tf.math.zero_fraction(tf.nn.relu(x)) * x,
            tf.transpose(tf.math.unsorted_segment_sum(tf.transpose(x), [0, 1, 0, 1, 2, 2], 3)), tf.transpose(tf.math.unsorted_segment_max(tf.transpose(x), [0, 1, 0, 1, 2, 2], 3)),
            tf.transpose(tf.math.unsorted_segment_min(tf.transpose(x), [0, 1, 0, 1, 2, 2], 3)), tf.transpose(tf.math.unsorted_segment_prod(tf.transpose(x), [0, 1, 0, 1, 2, 2], 3)),
            tf.transpose(tf.scatter_nd([[0], [2], [3], [3]], tf.transpose(t), (6, s[0]))), tf.transpose(tf.tensor_scatter_nd_update(tf.transpose(x), [[0], [2]], tf.zeros((2, 2)))), tf.transpose(tf.tensor_scatter_nd_add(tf.transpose(x), [[0], [2]], tf.ones((2, 2)))),
            tf.linalg.band_part(tf.ones((s[1], s[1])), -1, 0) * z[:, :, :1], tf.tile([[[1.0, 2.0]]], [s[0], 3, 1])]
        return [tf.cast(y, tf.float32) for y in o]
    return [x, z, t, n, v, w], outputs


def matrices2():
    x, b = M(2, 3, 3), N(2, 3, 2)

    def outputs(x, b):
        s = tf.matmul(x, x, transpose_b=True)
        return [tf.linalg.inv(x), tf.linalg.inv(x, adjoint=True), tf.linalg.det(x), tf.linalg.cholesky(s), tf.linalg.solve(x, b), tf.linalg.solve(x, b, adjoint=True), tf.linalg.triangular_solve(x, b), tf.linalg.triangular_solve(x, b, lower=False),
                tf.linalg.triangular_solve(x, b, lower=True, adjoint=True), tf.linalg.cholesky_solve(tf.linalg.cholesky(s), b)]
    return [x, b], outputs


def factors2():
    x, y, u, v = N(2, 4, 3), N(2, 3, 4), U(2, 14, 13, 2), U(2, 14, 13, 2)
    return [x, y, u, v], lambda x, y, u, v: [*tf.linalg.qr(x), *tf.linalg.qr(y, full_matrices=True), *tf.linalg.qr(x, full_matrices=True), tf.image.ssim(u, v, 1.0), tf.image.ssim(u, v, 2.0, filter_size=5, k1=0.02)]


def crops2():
    x, b = U(3, 6, 5, 2), np.sort(U(3, 2, 2), axis=1).reshape(3, 4) * 1.3 - 0.1
    i = np.array([2, 0, 1], 'int32')
    crop = tf.image.crop_and_resize
    return [x, b.astype('float32'), i], lambda x, b, i: [crop(x, b, i, [4, 3]), crop(x, b, i, [4, 3], method='nearest', extrapolation_value=0.5), crop(x, b, i, [1, 7], extrapolation_value=-1.0),
                                                         crop(x, [[0.1, 0.2, 0.8, 0.9], [0.0, 0.0, 0.7, 0.5], [0.9, 0.1, 0.2, 1.2]], [0, 2, 2], [3, 3])]


def images2():
    x, g, l = U(2, 6, 5, 3), U(2, 6, 5, 1), U(2, 6, 4, 4)
    return [x, g, l], lambda x, g, l: [
        tf.image.rgb_to_hsv(x), tf.image.hsv_to_rgb(x), tf.image.adjust_saturation(x, 0.5), tf.image.adjust_hue(x, 0.1), tf.image.adjust_gamma(x, 0.7, 1.2), tf.image.rgb_to_yuv(x), tf.image.yuv_to_rgb(x), tf.image.rgb_to_yiq(x), tf.image.yiq_to_rgb(x),
        tf.image.grayscale_to_rgb(g), tf.image.rot90(x, 1), tf.image.rot90(x, 3), tf.image.transpose(x), tf.image.pad_to_bounding_box(x, 1, 2, 9, 9), tf.image.central_crop(x, 0.5), tf.image.resize_with_crop_or_pad(x, 8, 3), tf.image.resize_with_pad(x, 8, 12),
        tf.image.psnr(x, x * 0.9, 1.0), tf.nn.crelu(x - 0.5), tf.nn.pool(l, [2, 2], 'AVG', strides=[2, 2], padding='SAME'), tf.nn.pool(l, [2, 2], 'MAX', strides=[1, 1], padding='VALID'), tf.compat.v1.depth_to_space(l, 2),
        tf.nn.separable_conv2d(l, np.arange(36).reshape(3, 3, 4, 1).astype('float32') / 9, np.arange(12).reshape(1, 1, 4, 3).astype('float32'), [1, 1, 1, 1], 'SAME'), tf.image.resize(x, (3, 3), antialias=True),
        tf.batch_to_space(tf.space_to_batch(l, [2, 2], [[0, 0], [1, 1]]) * 2, [2, 2], [[0, 0], [1, 1]])]


def network2():
    x, y, n, s = N(2, 8), N(2, 8), U(2, 8), N(2, 16)
    return [x, y, n, s], lambda x, y, n, s: [
        tf.nn.sigmoid_cross_entropy_with_logits(labels=n, logits=x), tf.nn.softmax_cross_entropy_with_logits(labels=tf.nn.softmax(y), logits=x), tf.nn.l2_loss(x) * y, tf.nn.batch_normalization(x, 0.5, 2.0, 0.25, 1.5, 1e-3) if False else x,
        K.binary_crossentropy(n, n * 0.9), K.binary_crossentropy(n, x, from_logits=True), K.categorical_crossentropy(n, n * 0.9), K.batch_flatten(x), tf.signal.dct(x), tf.signal.dct(x, norm='ortho'), tf.signal.frame(s, 4, 2), tf.signal.mfccs_from_log_mel_spectrograms(x)]


def lambdas2():
    """What people write in Lambdas."""
    import math  # the functions' own names
    x, z, im, r, c, k = N(2, 6), N(2, 5, 4), N(2, 4, 4, 24), U(2, 6, 5, 3), N(2, 4, 4, 16), I(2, 1, n=5).astype('float32')

    def yolo_head(feats):
        anchors_tensor = K.reshape(K.constant([[10, 13], [16, 30], [33, 23]]), [1, 1, 1, 3, 2])
        grid_shape = K.shape(feats)[1:3]
        grid_y = K.tile(K.reshape(K.arange(0, stop=grid_shape[0]), [-1, 1, 1, 1]), [1, grid_shape[1], 1, 1])
        grid_x = K.tile(K.reshape(K.arange(0, stop=grid_shape[1]), [1, -1, 1, 1]), [grid_shape[0], 1, 1, 1])
        grid = K.cast(K.concatenate([grid_x, grid_y]), K.dtype(feats))
        feats = K.reshape(feats, [-1, grid_shape[0], grid_shape[1], 3, 8])
        box_xy = (K.sigmoid(feats[..., :2]) + grid) / K.cast(grid_shape[..., ::-1], K.dtype(feats))
        box_wh = K.exp(feats[..., 2:4]) * anchors_tensor / K.cast(K.constant([32, 32]), K.dtype(feats))
        return K.concatenate([box_xy, box_wh, K.sigmoid(feats[..., 4:])])

    def pos_enc(x):
        length, d = K.int_shape(x)[1:]
        angle = np.arange(length)[:, np.newaxis] / np.power(10000, (2 * (np.arange(d)[np.newaxis, :] // 2)) / np.float32(d))
        return x + tf.cast(tf.concat([tf.sin(angle[:, 0::2]), tf.cos(angle[:, 1::2])], axis=-1)[tf.newaxis], tf.float32)

    def norm(x):
        mean, var = tf.nn.moments(x, axes=[1, 2], keepdims=True)
        return (x - mean) / tf.sqrt(var + 1e-5)

    def look_ahead(x):
        n = tf.shape(x)[1]
        return tf.maximum(1 - tf.linalg.band_part(tf.ones((n, n)), -1, 0), tf.cast(tf.math.equal(x, 0), tf.float32)[:, tf.newaxis, tf.newaxis, :])

    functions = [(yolo_head, im), (pos_enc, z), (norm, c), (look_ahead, x), (lambda x: K.cast(x > 0, K.dtype(x)), x), (lambda x: tf.cast(x > 0, x.dtype), x), (lambda x: x[:, :tf.shape(x)[1] // 2], x), (lambda x: tf.one_hot(tf.cast(x, 'uint8'), 5), k),
                 (lambda x: tf.image.sobel_edges(x), r), (lambda x: tf.image.image_gradients(x), r), (lambda x: tf.image.total_variation(x), r), (lambda x: x * tf.signal.hann_window(6), x), (lambda x: x * tf.signal.hamming_window(6), x),
                 (lambda x: tf.tensordot(x, tf.signal.linear_to_mel_weight_matrix(5, 4, 8000, 80., 3800.), 1), z), (lambda x: tf.matmul(x, tf.constant(np.arange(8).reshape(1, 4, 2).astype('float32'))), z), (lambda x: tf.cond(tf.constant(True), lambda: x * 2, lambda: x), x),
                 (lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: x * 2, lambda: x), x), (lambda x: tf.while_loop(lambda i, v: i < 3, lambda i, v: [i + 1, v * 2], [0, x])[1], x), (lambda x: tf.nn.atrous_conv2d(x, tf.ones((3, 3, 16, 2)), 2, 'SAME'), c),
                 (lambda x: tf.debugging.assert_all_finite(x, 'bad'), x), (lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(x[:, 0] > 0, 'int32'), logits=x), x),
                 (lambda x: tf.nn.batch_normalization(x, tf.constant([0., 1., 2., 3.]), tf.constant([1., 1., 2., 2.]), tf.constant([0., 0., 0., 1.]), tf.constant([1., 2., 3., 4.]), 1e-3), z), (lambda x: tf.reshape(x, [tf.shape(x)[0], tf.shape(x)[1] * tf.shape(x)[2]]), z),
                 (lambda x: K.mean(K.sparse_categorical_crossentropy(K.cast(x[:, :1] > 0, 'int32'), K.softmax(x)) * x[:, 0], keepdims=True) + x, x),
                 (lambda x: tf.linalg.logdet(tf.matmul(x, x, transpose_a=True) + 5 * tf.eye(4)), z), (lambda x: tf.linalg.slogdet(tf.matmul(x, x, transpose_a=True) + 5 * tf.eye(4))[1], z), (lambda x: x + tf.linspace(-1.0, 1.0, 6), x),
                 (lambda x: tf.compat.v1.to_float(tf.compat.v1.to_int32(x * 3)) + tf.compat.v1.to_float(tf.compat.v1.to_int64(x * 5)), x), (lambda x: tf.math.scalar_mul(2.0, x), x), (lambda x: tf.linalg.matvec(x, x[:, 0]), z)]
    arrays = [x, z, im, r, c, k]
    return arrays, lambda *t: [y for f, a in functions for y in flat(keras.layers.Lambda(f)([i for i, b in zip(t, arrays) if b is a][0]))]


def distances2():
    """Losses as distances, in Lambdas."""
    x, y, n, p = N(2, 6), N(2, 6), U(2, 6), U(2, 6)
    L = keras.losses
    functions = [(lambda v: tf.keras.losses.cosine_similarity(v[0], v[1]), x, y), (lambda v: tf.keras.losses.cosine_similarity(v[0], v[1], axis=0), x, y), (lambda v: tf.keras.losses.mean_squared_error(v[0], v[1]), x, y), (lambda v: tf.keras.losses.mse(v[0], v[1]), x, y),
                 (lambda v: tf.losses.mean_absolute_error(v[0], v[1]), x, y), (lambda v: keras.losses.mae(v[0], v[1]), x, y), (lambda v: keras.losses.mean_absolute_percentage_error(v[0], v[1]), x, y), (lambda v: keras.losses.MSLE(v[0], v[1]), x, y),
                 (lambda v: keras.losses.logcosh(v[0], v[1]), x, y), (lambda v: tf.keras.losses.kl_divergence(v[0], v[1]), n, p), (lambda v: keras.losses.KLD(v[0] * 0.5, v[1]), n, p), (lambda v: keras.losses.poisson(v[0], v[1]), n, p),
                 (lambda v: keras.losses.huber(v[0], v[1]), x, y), (lambda v: keras.losses.huber(v[0] * 3, v[1], delta=2.0), x, y)]
    arrays = [x, y, n, p]
    place = lambda a, t: [i for i, b in zip(t, arrays) if b is a][0]
    outputs = lambda *t: [keras.layers.Lambda(f)([place(a, t), place(b, t)]) for f, a, b in functions]
    outputs.operations = ['losses.cosine_similarity', 'losses.mean_squared_error', 'losses.mean_absolute_error', 'losses.mean_absolute_percentage_error', 'losses.mean_squared_logarithmic_error', 'losses.log_cosh', 'losses.kl_divergence', 'losses.poisson', 'losses.huber']
    return arrays, outputs


def losses2():
    """An autoencoder whose losses stand among its layers."""
    x = U(3, 4, 4, 1)

    def outputs(x):
        h = keras.layers.Dense(5, activation='tanh', name='h')(keras.layers.Flatten()(x))
        return [keras.layers.Reshape((4, 4, 1))(keras.layers.Dense(16, activation='sigmoid')(h))]

    def losses(net):
        h, y = net.get_layer('h').output, net.outputs[0]
        net.add_loss(K.mean(keras.losses.binary_crossentropy(keras.layers.Flatten()(net.inputs[0]), keras.layers.Flatten()(y)) * 16 - 0.5 * K.sum(1 + h - K.square(h) - K.exp(h), axis=-1)))
        net.add_metric(tf.math.bessel_i0(tf.reduce_mean(h)), name='what no output hangs on')
    outputs.losses = losses
    return [x], outputs


def flat(y):
    return list(y) if isinstance(y, (list, tuple)) else [y]


CASES = [numbers3, arrays3, fixed_arrays3, statistics3, quantiles3, matrices3, images3, network3, lambdas3, sampling3, fixed_sampling3, signals3, fixed_patterns3, decoding3, factors3] if IS_KERAS3 else [numbers2, arrays2, matrices2, images2, network2, lambdas2, losses2, factors2, crops2, distances2]

OVER_TENSORFLOW = ['quantiles3', 'sampling3', 'fixed_sampling3', 'signals3', 'fixed_patterns3', 'decoding3', 'factors3']


def main():
    global rng
    index = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(index))
    wanted = [a for a in sys.argv[1:] if a != '--keras3']
    for number, case in enumerate(CASES):
        rng = np.random.RandomState(2200 + number)
        is_over_tensorflow = os.environ.get('KERAS_BACKEND') == 'tensorflow'
        if (wanted and case.__name__ not in wanted) or (IS_KERAS3 and (case.__name__ in OVER_TENSORFLOW) != is_over_tensorflow):
            continue
        keras.backend.clear_session()
        arrays, outputs = case()
        fixed = case.__name__.startswith('fixed')
        inputs = [keras.Input(batch_shape=a.shape, dtype=str(a.dtype)) if fixed else keras.Input(a.shape[1:], dtype=str(a.dtype)) for a in arrays]
        net = keras.Model(inputs, outputs(*inputs))
        if hasattr(outputs, 'losses'):
            outputs.losses(net)
        answers = flat(net(arrays if len(arrays) > 1 else arrays[0], training=False))
        name = 'derived_' + case.__name__[:-1]
        is_lambdas = case.__name__ in ('lambdas2', 'distances2')  # which cannot be said again in C++ from their configuration
        folder = 'published' if is_lambdas or hasattr(outputs, 'losses') else VERSION
        net.save(os.path.join(os.path.dirname(FOLDER), folder, name + '.h5'), include_optimizer=False)
        saved = {'in%d' % i: x for i, x in enumerate(arrays)}
        saved.update({'out%d' % i: np.asarray(y) for i, y in enumerate(answers)})
        np.savez_compressed(os.path.join(os.path.dirname(FOLDER), folder, name + '.npz'), **saved)
        config = json.loads(net.to_json())['config']['layers']
        layers = sorted({c['class_name'] for c in config if not c.get('module', '').startswith('keras.src.ops')} - {'AddLoss', 'AddMetric'})
        operations = sorted({c['class_name'] for c in config if c.get('module', '').startswith('keras.src.ops')} | {c['config']['function'] for c in config if c['class_name'] in ('TFOpLambda', 'SlicingOpLambda')})
        if hasattr(outputs, 'losses'):  # of which nothing need be known
            layers, operations = sorted(set(layers) - {'TFOpLambda'}), []
        if is_lambdas:  # followed within Lambdas
            operations = getattr(outputs, 'operations', None) or ['nn.moments', 'image.sobel_edges', 'image.image_gradients', 'image.total_variation', 'signal.hann_window', 'signal.hamming_window', 'signal.linear_to_mel_weight_matrix', 'nn.atrous_conv2d', 'debugging.assert_all_finite',
                          'nn.sparse_softmax_cross_entropy_with_logits', 'nn.batch_normalization', 'linalg.logdet', 'linalg.slogdet', 'linspace', 'compat.v1.to_float', 'compat.v1.to_int32', 'compat.v1.to_int64', 'linalg.matvec']
        entry = {'model': '%s/%s.h5' % (folder, name), 'answers': '%s/%s.npz' % (folder, name), 'layers': layers, 'operations': operations, 'rtol': 1e-4, 'atol': 1e-5}
        entries = [e for e in entries if e['model'] != entry['model']] + [entry]
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in entries) + '\n]\n')


main()
