"""Golden cases of what published models hold beside Keras' own layers, made by the Keras that runs it: python3 make_published.py

With TensorFlow 2.15's Keras it makes those of keras_2.15, with Keras 3.15 over JAX those of keras_3.15. Names of cases as arguments make these alone.
"""
import json
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES='', TF_ENABLE_ONEDNN_OPTS='0', JAX_PLATFORMS='cpu')
import numpy as np
import plain_code

try:
    import tensorflow as tf
    from tensorflow import keras
    IS_KERAS3 = False
except ImportError:
    os.environ['KERAS_BACKEND'] = 'jax'
    import keras
    IS_KERAS3 = True
VERSION = 'keras_3.15' if IS_KERAS3 else 'keras_2.15'
L, Input, K = keras.layers, keras.Input, keras.backend
kr, KTF = keras, keras.backend  # as people name them
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), VERSION)


def normal(*shape):
    return lambda random: random.normal(0, 1, shape).astype('float32')


def positive(*shape):
    return lambda random: random.uniform(0.2, 2, shape).astype('float32')


def whole(low, high, *shape):
    return lambda random: random.randint(low, high, shape).astype('int32')


def published_selection():
    x, s = Input((5, 4)), Input((4, 4))
    values, places = tf.math.top_k(x, 3)
    o = [values, places, tf.sort(x, axis=1), tf.sort(x, axis=-1, direction='DESCENDING'), tf.argsort(x, axis=1), tf.argsort(x, direction='DESCENDING'), tf.gather(x, tf.argsort(x, axis=1)[:, :2, 0], axis=1, batch_dims=1), tf.slice(x, [0, 1, 0], [-1, 3, 2]),
         tf.ensure_shape(x, (None, 5, 4)), tf.linalg.diag_part(s), tf.linalg.trace(s), tf.linalg.band_part(s, -1, 0), tf.linalg.band_part(s, 1, 2), tf.linalg.cross(x[..., :3], x[..., 1:]), tf.math.reciprocal_no_nan(tf.nn.relu(x))]
    return [x, s], o, [normal(3, 5, 4), normal(3, 4, 4)]


def published_images():
    x, y, z = Input((8, 9, 3)), Input((None, None, 12)), Input((None, None, 2))
    one = tf.compat.v1.image
    o = [one.resize_bilinear(x, (5, 13)), one.resize_bilinear(x, (16, 4), align_corners=True), one.resize_bilinear(x, (6, 7), half_pixel_centers=True), one.resize_nearest_neighbor(x, (5, 13)), one.resize_nearest_neighbor(x, (16, 4), align_corners=True),
         tf.image.extract_patches(x, [1, 3, 2, 1], [1, 2, 3, 1], [1, 1, 1, 1], 'VALID'), tf.image.extract_patches(x, [1, 3, 3, 1], [1, 2, 2, 1], [1, 1, 1, 1], 'SAME'), tf.image.extract_patches(x, [1, 2, 2, 1], [1, 1, 1, 1], [1, 2, 2, 1], 'VALID'),
         tf.nn.local_response_normalization(x, 2, 1.5, 0.3, 0.75), tf.image.rgb_to_grayscale(x), tf.image.flip_left_right(x), tf.image.flip_up_down(x), tf.image.per_image_standardization(x), tf.image.adjust_brightness(x, 0.25),
         tf.image.adjust_contrast(x, 1.5), tf.image.crop_to_bounding_box(x, 1, 2, 5, 4), tf.nn.depth_to_space(y, 2), tf.nn.space_to_depth(z, 2), one.resize_bilinear(y, (4, 4)), one.resize(x, (4, 5), align_corners=True), one.resize(x, (11, 5), method=one.ResizeMethod.NEAREST_NEIGHBOR)]
    return [x, y, z], o, [normal(2, 8, 9, 3), normal(2, 3, 4, 12), normal(2, 4, 6, 2)]


def published_windows():
    x, t = Input((7, 8, 3)), Input((9, 3))
    k = np.random.RandomState(7).normal(0, 1, (3, 2, 3, 4)).astype('float32')
    o = [tf.nn.conv2d(x, k, 1, 'SAME'), tf.nn.conv2d(x, k, [1, 2, 2, 1], 'VALID'), tf.nn.conv2d(x, k, 1, 'VALID', dilations=2) + 0.5, tf.nn.conv1d(t, k[:, 0], 2, 'SAME'), tf.nn.depthwise_conv2d(x, k[:, :, :, :2], [1, 1, 1, 1], 'SAME'),
         tf.nn.max_pool2d(x, 2, 2, 'VALID'), tf.nn.avg_pool2d(x, [3, 2], [2, 2], 'SAME'), tf.nn.max_pool1d(t, 2, 2, 'SAME'), tf.nn.avg_pool1d(t, 3, 1, 'VALID')]
    return [x, t], o, [normal(2, 7, 8, 3), normal(2, 9, 3)]


def published_sizes():
    x, y = Input((5, 4)), Input((None, 3))
    b, n = tf.shape(x)[0], tf.shape(y)[1]
    place = tf.range(n)
    o = [tf.broadcast_to([[1.0, 2.0, 3.0, 4.0]], [b, 4]) + x[:, 0], tf.fill([b, 2], 0.5), tf.zeros([b, 3]), tf.ones([b, 1]) * x[:, 0], tf.cast(place, 'float32') + y[:, :, 0], tf.reshape(x, tf.concat([tf.shape(x)[:1], [10, 2]], 0)),
         tf.range(1, n, 2), tf.fill([b, n], 3), tf.tile(x[:1], [b, 2, 1])]
    return [x, y], o, [normal(3, 5, 4), normal(3, 6, 3)]


def published_fourier():
    x, y = Input((16,)), Input((16,))
    g, h = tf.signal.fft(tf.cast(y, 'complex64')), tf.signal.fft(tf.cast(x, 'complex64'))
    p = tf.math.multiply(g, h)
    s = tf.signal.stft(x, 7, 3)
    o = [tf.abs(h), tf.math.real(p), tf.math.imag(g), tf.math.angle(p), tf.cast(g, 'float32'), tf.math.real(tf.signal.ifft(p)), tf.abs(tf.transpose(p)), tf.abs(h[:, 2:5]), tf.abs(tf.expand_dims(p, -1)), tf.abs(s), tf.math.imag(tf.reduce_sum(s, axis=1)),
         tf.math.real(tf.signal.stft(x, 4, 2, fft_length=8, pad_end=True)), tf.abs(tf.concat([g, h], axis=1)), tf.math.real(g - h), tf.math.imag(tf.math.conj(p))]
    return [x, y], o, [normal(2, 16), normal(2, 16)]


def published_activations():
    x, p = Input((6,)), Input((5, 5, 3))
    if IS_KERAS3:
        own = [lambda v: keras.ops.tanh(v) * 2, lambda v: keras.ops.relu(v) + 0.5]
        sine, cosine, exponential = keras.ops.sin, keras.ops.cos, keras.ops.exp
    else:
        own = [lambda v: K.sqrt(K.clip(K.square(v), 0.25, 10000)), lambda v: tf.nn.leaky_relu(v, 0.1)]
        sine, cosine, exponential = tf.sin, tf.cos, tf.exp
    o = [L.Activation(own[0])(x), L.Dense(4, activation=own[1])(x), L.Dense(3, activation=sine)(x), L.Dense(3, activation=cosine)(x), L.Activation(exponential)(x), L.Dense(4, activation=L.PReLU())(x), L.Conv2D(4, 3, activation=L.PReLU(shared_axes=[1, 2]))(p)]
    return [x, p], o, [normal(3, 6), normal(3, 5, 5, 3)]


def published_lambdas():
    x, p, s, r = Input((6, 4)), Input((8, 9, 3)), Input((16,)), Input((None, None, 8))
    f = lambda function: L.Lambda(function)
    grid = np.linspace(-1, 1, 4).astype('float32')
    mean = np.array([0.45, 0.44, 0.4])
    o = [f(lambda v: K.repeat_elements(v, 2, axis=2))(x), f(lambda v: tf.math.top_k(v, k=2)[0])(x), f(lambda v: tf.compat.v1.image.resize_bilinear(v, (4, 5), align_corners=True))(p), f(lambda v: tf.abs(tf.signal.rfft(v)))(s),
         f(lambda v: tf.math.imag(tf.signal.fft(tf.cast(v, tf.complex64))))(s), f(lambda v: v * np.linspace(-1, 1, 4) + np.ones((6, 4)))(x), f(lambda v: (v - mean) / 127.5)(p), f(keras.applications.mobilenet_v2.preprocess_input)(p),
         f(keras.applications.vgg16.preprocess_input)(p), f(lambda v: tf.keras.applications.densenet.preprocess_input(v))(p), f(lambda v: K.conv1d(v, tf.ones((2, 4, 3)), padding='same'))(x), f(lambda v: K.one_hot(K.argmax(v, -1), 4))(x),
         f(lambda v: K.gather(K.permute_dimensions(v, (1, 0, 2)), 2))(x), f(lambda v: tf.nn.depth_to_space(v, 2))(r), f(lambda v: tf.pad(v, [[0, 0], [1, 1], [2, 2], [0, 0]], 'REFLECT'))(p), f(lambda v: v + np.reshape(np.arange(4) * 0.5, (1, 4))[None])(x),
         f(lambda v: tf.sort(v, axis=1) * grid)(x), f(lambda v: K.pool2d(v, (2, 2), strides=(2, 2), pool_mode='avg'))(p), f(lambda v: K.cumsum(v, axis=1))(x)]
    return [x, p, s, r], o, [normal(3, 6, 4), positive(3, 8, 9, 3), normal(3, 16), normal(3, 3, 4, 8)]


def published_words():
    """Modules under the names that people give them, layers within functions, and nodes' further outputs."""
    x, p = Input((6, 4)), Input((8, 9, 3))
    f = lambda function: L.Lambda(function)
    o = [f(lambda v: K.batch_normalization(v, K.constant([0.1, -0.2, 0.3]), K.constant([1.5, 1.0, 0.5]), K.constant([0.3, 0.0, -1.0]), K.constant([1.0, 2.0, 0.5]), epsilon=1e-3))(p), f(lambda v: tf.nn.batch_normalization(v, *tf.nn.moments(v, [1, 2], keepdims=True), None, None, 1e-5))(p), f(lambda v: tf.nn.top_k(v, k=3).values)(x), f(lambda v: tf.nn.top_k(v, k=2).indices)(x),
         f(lambda v: kr.activations.relu(v, max_value=0.5))(x), f(lambda v: kr.activations.softmax(v, axis=1))(x), f(lambda v: kr.backend.squeeze(v[:, :1], axis=1))(x), f(lambda v: KTF.mean(v, axis=-1))(x), f(lambda v: L.concatenate([v, v * 2], axis=1))(x), f(lambda v: L.MaxPooling2D((2, 3))(v))(p),
         f(lambda v: tf.unstack(v, axis=1)[1])(x), *f(lambda v: tf.split(v, 3, axis=-1))(p)]
    return [x, p], o, [normal(3, 6, 4), normal(3, 8, 9, 3)]


def up_sampling_interpolations():
    x = Input((5, 4, 3))
    names = ('bicubic', 'lanczos3', 'lanczos5') if IS_KERAS3 else ('bicubic', 'area', 'gaussian', 'lanczos3', 'lanczos5', 'mitchellcubic')
    return [x], [L.UpSampling2D((2, 3), interpolation=name)(x) for name in names], [normal(2, 5, 4, 3)]


def published_calls():
    """Layers that are called with other arguments each time."""
    x, h = Input((5, 3)), Input((4,))
    lstm, scaled = L.GRU(4, return_sequences=True), L.Lambda(lambda v, by: v * by, arguments={'by': 2.0})
    return [x, h], [lstm(x), lstm(x, initial_state=h), scaled(h)], [normal(2, 5, 3), normal(2, 4)]


def published_selection_3():
    O = keras.ops
    x, s, t = Input((5, 4)), Input((4, 4)), Input((6,))
    values, places = O.top_k(x, 3)
    i = O.argsort(x, axis=1)
    o = [values, places, O.sort(x, axis=1), i, O.take_along_axis(x, i[:, :2], axis=1), O.slice(x, (0, 1, 0), (1, 3, 2)), O.diagonal(s, axis1=1, axis2=2), O.trace(s, axis1=1, axis2=2), O.tril(s), O.triu(s, k=1), O.median(x, axis=1), O.median(s, axis=-1, keepdims=True), O.cross(x[..., :3], x[..., 1:]),
         O.outer(t[0], t[0, :3]), O.meshgrid(t[0], t[0, :3])[1], O.meshgrid(t[0], t[0, :3], indexing='ij')[0], O.inner(x, t[0, :4]), O.diff(x, axis=1), O.digitize(x, np.array([-1.0, 0.0, 0.5])), O.hstack([x, x]), O.vstack([x, x]), O.ravel(x), O.count_nonzero(O.relu(x), axis=1), O.full_like(x, 2.0), O.nan_to_num(x)]
    return [x, s, t], o, [normal(2, 5, 4), normal(2, 4, 4), normal(2, 6)]


def published_functions_3():
    O = keras.ops
    x, p, q = Input((5, 4)), Input((5, 4)), Input((5, 2, 4))
    o = [O.log2(p), O.log10(p), O.exp2(x), O.trunc(x * 3), O.cbrt(x), O.deg2rad(x), O.hypot(x, p), O.logaddexp(x, p), O.real(x), O.imag(x), O.angle(x), O.glu(x), O.sparse_plus(x), O.sparse_sigmoid(x), O.squareplus(x), O.threshold(x, 0.1, 0.2), O.rms_normalization(x), O.dot_product_attention(q, q, q)]
    return [x, p, q], o, [normal(2, 5, 4), positive(2, 5, 4), normal(2, 5, 2, 4)]


def published_images_3():
    O = keras.ops
    x, y, t = Input((8, 9, 3)), Input((4, 6, 8)), Input((9, 3))
    k = np.random.RandomState(7).normal(0, 1, (3, 2, 3, 4)).astype('float32')
    o = [O.image.rgb_to_grayscale(x), O.image.extract_patches(x, (4, 3)), O.image.extract_patches(x, 3, strides=2, padding='same'), O.depth_to_space(y, 2), O.space_to_depth(y, 2), O.conv(x, k, padding='same'), O.conv(t, k[:, 0], strides=2), O.depthwise_conv(x, k[:, :, :, :2])]
    return [x, y, t], o, [normal(2, 8, 9, 3), normal(2, 4, 6, 8), normal(2, 9, 3)]


def published_fourier_3():
    O = keras.ops
    x, y = Input((16,)), Input((16,))
    f = O.rfft(x)
    o = [f[0], f[1], *O.rfft(x, fft_length=12), *O.rfft(x, fft_length=20), *O.fft((x, y)), O.irfft(f), O.irfft(f, fft_length=14), *O.stft(x, 6, 3, 8), *O.stft(x, 8, 4, 8, window='hamming', center=False)]
    return [x, y], o, [normal(2, 16), normal(2, 16)]


def spectrograms():
    x, y, t = Input((300, 1)), Input((200, 2)), Input((400,))
    o = [L.STFTSpectrogram(mode=mode, frame_length=24, frame_step=10, fft_length=32, padding=padding)(x) for mode, padding in [('log', 'valid'), ('magnitude', 'same'), ('psd', 'valid'), ('real', 'same'), ('imag', 'valid'), ('angle', 'valid'), ('stft', 'valid')]]
    o += [L.STFTSpectrogram(mode='magnitude', frame_length=20, window='hamming', scaling='spectrum', expand_dims=True)(y), L.STFTSpectrogram(mode='psd', frame_length=16, scaling=None, window=None)(y), L.STFTSpectrogram(mode='log', frame_length=16, expand_dims=True)(x)]
    o += [L.MelSpectrogram(fft_length=64, sequence_stride=32, sampling_rate=8000, num_mel_bins=12)(t), L.MelSpectrogram(fft_length=64, sequence_length=48, sequence_stride=20, window='hamming', num_mel_bins=10, power_to_db=False, mag_exp=1.0, min_freq=100.0, max_freq=6000.0)(t)]
    return [x, y, t], o, [normal(2, 300, 1), normal(2, 200, 2), normal(2, 400)]


def reversible_embedding():
    i = Input((6,), dtype='int32')
    o = []
    for options in ({}, {'tie_weights': False}, {'logit_soft_cap': 2.0, 'mask_zero': True}):
        e = L.ReversibleEmbedding(9, 5, **options)
        o += [e(i), e(L.Dense(5)(e(i)), reverse=True)]
    return [i], o, [whole(0, 9, 3, 6)]


class Trained(keras.Model):
    """A model with a training of its author's, as Keras' guide to train_step makes one."""

    def train_step(self, data):
        return super().train_step(data)


def published_model_class():
    x, p = Input((6,)), Input((4,))
    inner = Trained(p, L.Dense(3, activation='tanh')(p))
    return [x], [L.Dense(2)(inner(L.Dense(4, activation='relu')(x)))], [normal(3, 6)]


published_model_class.model = Trained

CASES = [published_activations, published_calls] + (
    [published_selection_3, published_functions_3, published_images_3, published_fourier_3, spectrograms, reversible_embedding] if IS_KERAS3 else
    [published_selection, published_images, published_windows, published_sizes, published_fourier, published_lambdas, up_sampling_interpolations, published_model_class, published_words])

# What cannot be said again in C++ from its configuration, as the tests do with all of keras_2.15.
APART = [] if IS_KERAS3 else [published_calls, published_lambdas, published_fourier, published_model_class, published_words]


def main():
    index = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(index))
    for number, case in enumerate(CASES):
        if len(sys.argv) > 1 and case.__name__ not in sys.argv[1:]:
            continue
        keras.utils.clear_session() if IS_KERAS3 else K.clear_session()
        random = np.random.RandomState(2100 + number)
        inputs, outputs, makers = case()
        net = getattr(case, 'model', keras.Model)(inputs, list(outputs))
        if case is not spectrograms:  # whose weights are its cosines and sines
            net.set_weights([random.normal(0, 0.5, w.shape).astype('float32') for w in net.weights])
        arrays = [make(random) for make in makers]
        answers = net(arrays if len(arrays) > 1 else arrays[0], training=False)
        answers = answers if isinstance(answers, (list, tuple)) else [answers]
        name = case.__name__
        folder = 'published' if case in APART else VERSION
        os.makedirs(os.path.join(os.path.dirname(FOLDER), folder), exist_ok=True)
        net.save(os.path.join(os.path.dirname(FOLDER), folder, name + '.h5'), **({} if IS_KERAS3 else {'include_optimizer': False}))
        saved = {'in%d' % i: x for i, x in enumerate(arrays)}
        saved.update({'out%d' % i: np.asarray(y) for i, y in enumerate(answers)})
        np.savez_compressed(os.path.join(os.path.dirname(FOLDER), folder, name + '.npz'), **saved)
        config = net.get_config()['layers']
        is_operation = lambda c: (c.get('module') or '').startswith('keras.src.ops')
        layers = sorted({c['class_name'] for c in config if not is_operation(c) and 'output_layers' not in c['config']})
        operations = sorted({c['class_name'] for c in config if is_operation(c)} | {c['config']['function'] for c in config if c['class_name'] in ('TFOpLambda', 'SlicingOpLambda')})
        entry = {'model': '%s/%s.h5' % (folder, name), 'answers': '%s/%s.npz' % (folder, name), 'layers': layers, 'operations': operations, 'rtol': 1e-4, 'atol': 1e-5}
        entries = [e for e in entries if e['model'] != entry['model']] + [entry]
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in entries) + '\n]\n')


main()
