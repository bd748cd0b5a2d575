"""Golden cases of layers that Keras 2.15 and Keras 3.15 share, or one of them has: python3 make_keras_2_and_3.py [CASE…]

Run it once with TensorFlow 2.15's Keras and once with Keras 3.15 over TensorFlow (and `mask_merging mask_encoder` with Keras 3.3,
which passes masks on otherwise); each makes the cases that it can, in keras_2.15 or keras_3.15. A case is a model with random weights, NAME.h5 or NAME.keras, and in NAME.npz what Keras gives for random
inputs: in0, in1, … and out0, out1, …, in the model's order. The run is repeatable; index.json lists the cases.
"""
import json
import os
import sys

os.environ.setdefault('CUDA_VISIBLE_DEVICES', '')
os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
os.environ.setdefault('KERAS_BACKEND', 'tensorflow')
import numpy as np
import plain_code
import tensorflow as tf
try:
    import keras
    IS_3 = keras.__version__.startswith('3')
except ImportError:
    IS_3 = False
if not IS_3:
    from tensorflow import keras

L = keras.layers
K = tf.keras.backend  # keras.backend of Keras 3 has few functions
Input = keras.Input
KERAS = 'keras_' + ('.'.join(keras.__version__.split('.')[:2]) if IS_3 else '2.15')
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), KERAS)
CASES = []
APART = [] if IS_3 else ['backend_functions']  # what cannot be said again in C++ from its configuration


def case(*versions):
    def add(function):
        if (3 if IS_3 else 2) in versions:
            CASES.append(function)
        return function
    return add


def normal(*shape):
    return lambda random: random.normal(0, 1, shape).astype('float32')


def whole(low, high, *shape, dtype='int32'):
    return lambda random: random.randint(low, high, shape).astype(dtype)


def texts(words, *shape):
    return lambda random: random.choice(words + ['drei', 'zwei', '', '[UNK]', 'red?', 'Red'], shape)


@case(2)
def locally_connected1d():
    x = Input((8, 3))
    return x, [L.LocallyConnected1D(4, 3, strides=2, activation='tanh')(x), L.LocallyConnected1D(2, 3, use_bias=False)(x),
               L.LocallyConnected1D(3, 2, strides=2, implementation=2)(x), L.LocallyConnected1D(3, 4, strides=3, padding='same', implementation=2)(x),
               L.LocallyConnected1D(2, 3, implementation=3)(x), L.LocallyConnected1D(2, 4, padding='same', implementation=3)(x)], [normal(2, 8, 3)]


@case(2)
def locally_connected2d():
    x = Input((6, 5, 2))
    return x, [L.LocallyConnected2D(3, (2, 3), strides=(2, 1), activation='relu')(x), L.LocallyConnected2D(2, 3, use_bias=False, implementation=2)(x),
               L.LocallyConnected2D(3, (2, 3), strides=2, padding='same', implementation=2)(x), L.LocallyConnected2D(2, (3, 2), strides=(1, 2), implementation=3)(x),
               L.LocallyConnected2D(2, (4, 3), padding='same', implementation=3)(x)], [normal(2, 6, 5, 2)]


@case(2)
def locally_connected_channels_first():
    a, b = Input((3, 7)), Input((2, 6, 5))
    one = dict(data_format='channels_first')
    return [a, b], [L.LocallyConnected1D(4, 3, strides=2, **one)(a), L.LocallyConnected1D(2, 3, implementation=2, **one)(a),
                    L.LocallyConnected1D(2, 3, padding='same', implementation=3, **one)(a), L.LocallyConnected2D(3, (2, 3), strides=(2, 1), **one)(b),
                    L.LocallyConnected2D(2, (2, 3), padding='same', implementation=2, **one)(b),
                    L.LocallyConnected2D(2, 3, use_bias=False, implementation=3, **one)(b)], [normal(2, 3, 7), normal(2, 2, 6, 5)]


@case(2, 3)
def resizing_interpolations():
    x = Input((7, 5, 2))
    names = ['bilinear', 'nearest', 'bicubic', 'area', 'lanczos3', 'lanczos5'] + ([] if IS_3 else ['gaussian', 'mitchellcubic'])
    return x, [L.Resizing(h, w, interpolation=name)(x) for name in names for h, w in [(11, 13), (3, 4), (7, 2)]], [normal(2, 7, 5, 2)]


@case(2, 3)
def resizing_aspect():
    x = Input((7, 11, 2))
    return x, [L.Resizing(h, w, interpolation=name, crop_to_aspect_ratio=True)(x) for name in ['bilinear', 'nearest', 'bicubic'] for h, w in [(5, 5), (14, 6), (3, 10)]], [
        normal(2, 7, 11, 2)]


@case(2, 3)
def resizing_open_sizes():
    x, n = Input((None, None, 3)), Input((4, 5, 1), dtype='uint8')
    return [x, n], [L.Resizing(6, 9)(x), L.Resizing(6, 9, interpolation='nearest')(x), L.Resizing(3, 3, interpolation='nearest')(n)] + (
        [] if IS_3 else [L.Resizing(3, 3)(n)]), [normal(2, 4, 5, 3), whole(0, 255, 2, 4, 5, 1, dtype='uint8')]


@case(3)
def resizing_pad_antialias():
    x = Input((7, 11, 2))
    return x, [L.Resizing(5, 5, pad_to_aspect_ratio=True)(x), L.Resizing(4, 9, pad_to_aspect_ratio=True, fill_value=0.5, interpolation='bicubic')(x)] + [
        L.Resizing(h, w, antialias=True, interpolation=name)(x) for name in ['bilinear', 'bicubic', 'lanczos3', 'lanczos5', 'nearest', 'area'] for h, w in [(3, 4), (9, 6)]], [
        normal(2, 7, 11, 2)]


@case(3)
def image_channels_first():
    x = Input((2, 7, 8))
    one = dict(data_format='channels_first')
    return x, [L.Resizing(5, 9, **one)(x), L.Resizing(5, 5, interpolation='bicubic', crop_to_aspect_ratio=True, **one)(x), L.CenterCrop(4, 5, **one)(x),
               L.AdaptiveAveragePooling2D((3, 5), **one)(x), L.AdaptiveMaxPooling2D((3, 5), **one)(x)], [normal(2, 2, 7, 8)]


@case(2, 3)
def center_crop():
    x = Input((7, 8, 2))
    return x, [L.CenterCrop(4, 5)(x), L.CenterCrop(7, 8)(x), L.CenterCrop(9, 5)(x), L.CenterCrop(4, 12)(x)], [normal(2, 7, 8, 2)]


@case(2)
def random_sizes():
    x, n = Input((7, 8, 3)), Input((4, 5, 3), dtype='uint8')
    return [x, n], [L.RandomCrop(4, 5)(x), L.RandomCrop(9, 8)(x), L.RandomHeight(0.2)(x), L.RandomWidth(0.2)(x), L.RandomBrightness(0.2)(x), L.RandomBrightness(0.2)(n)], [
        normal(2, 7, 8, 3), whole(0, 255, 2, 4, 5, 3, dtype='uint8')]


@case(3)
def augmentations():
    x, n = Input((8, 9, 3)), Input((8, 9, 3), dtype='uint8')
    kinds = [L.RandomBrightness(0.3), L.RandomColorDegeneration(0.3), L.RandomColorJitter((0, 255), 0.1, 0.1, 0.1, 0.1), L.RandomElasticTransform(), L.RandomErasing(),
             L.RandomGaussianBlur(), L.RandomGrayscale(), L.RandomHue(0.2), L.RandomInvert(), L.RandomPerspective(), L.RandomPosterization(3), L.RandomSaturation(0.2),
             L.RandomSharpness(0.3), L.RandomShear(0.1, 0.1), L.AugMix(), L.CutMix(), L.MixUp(), L.RandAugment(), L.Solarization(), L.MaxNumBoundingBoxes(3), L.RandomCrop(8, 9)]
    outputs = []
    for kind in kinds:  # two models' worth of inputs in one: the layer over each
        outputs += [kind(x), kind(n)]
    return [x, n], outputs, [normal(2, 8, 9, 3), whole(0, 255, 2, 8, 9, 3, dtype='uint8')]


@case(2, 3)
def category_encoding():
    a, b = Input((3,), dtype='int32'), Input((1,), dtype='int32')
    return [a, b], [L.CategoryEncoding(num_tokens=6, output_mode='multi_hot')(a), L.CategoryEncoding(num_tokens=6, output_mode='count')(a),
                    L.CategoryEncoding(num_tokens=5, output_mode='one_hot')(b), L.Dense(2)(L.CategoryEncoding(num_tokens=4)(b))], [whole(0, 6, 4, 3), whole(0, 4, 4, 1)]


@case(2, 3)
def discretization():
    x, y, n = Input((4, 2)), Input((3,)), Input((2,), dtype='int32')
    def values(random):
        x = random.normal(0, 1, (2, 4, 2)).astype('float32')
        x[0, 0] = [0.5, np.float32(0.1)]
        return x
    bins = [-0.5, 0.1, 0.5]
    return [x, y, n], [L.Discretization(bins)(x), L.Discretization(bins, output_mode='one_hot')(y[:, :1]), L.Discretization(bins, output_mode='multi_hot')(y),
                       L.Discretization(bins, output_mode='count')(y), L.Discretization([-2, 0, 2])(n)], [values, normal(2, 3), whole(-4, 5, 2, 2)]


@case(2, 3)
def integer_lookup():
    x, y = Input((4,), dtype='int64'), Input((1,), dtype='int32')
    words = [12, 36, 1138, 42]
    outputs = [L.IntegerLookup(vocabulary=words)(x), L.IntegerLookup(vocabulary=words, mask_token=0)(x), L.IntegerLookup(vocabulary=words, oov_token=7)(y),
               L.IntegerLookup(vocabulary=words, output_mode='one_hot')(y), L.IntegerLookup(vocabulary=words, output_mode='multi_hot')(x),
               L.IntegerLookup(vocabulary=words, output_mode='count', max_tokens=9, pad_to_max_tokens=True)(x),
               L.IntegerLookup(vocabulary=[-1] + words)(x), L.IntegerLookup(vocabulary=[0, -1] + words, mask_token=0)(x)]
    return [x, y], outputs, [lambda random: random.choice([12, 36, 42, 1138, 5, 0, -1], (3, 4)).astype('int64'), lambda random: random.choice([12, 36, 7, 5], (3, 1)).astype('int32')]


@case(2, 3)
def string_lookup():
    x, y = Input((4,), dtype='string'), Input((1,), dtype='string')
    words = ['red', 'green', 'blau', 'grün', 'a b']
    outputs = [L.StringLookup(vocabulary=words)(x), L.StringLookup(vocabulary=words, mask_token='')(x), L.StringLookup(vocabulary=words, oov_token='red?')(y),
               L.StringLookup(vocabulary=words, output_mode='one_hot')(y), L.StringLookup(vocabulary=words, output_mode='multi_hot')(x),
               L.StringLookup(vocabulary=words, output_mode='count', max_tokens=9, pad_to_max_tokens=True)(x),
               L.StringLookup(vocabulary=['[UNK]'] + words)(x), L.Embedding(8, 3)(L.StringLookup(vocabulary=words, mask_token='')(x))]
    if IS_3:  # in Keras 2.15's .h5, an adapted vocabulary is nowhere
        adapted, numbers = L.StringLookup(mask_token=''), L.IntegerLookup()
        adapted.adapt(np.array(['drei', 'zwei', 'eins', 'zwei', 'drei', 'drei', 'grün']))
        numbers.adapt(np.array([5, 7, 7, 9, 9, 9]))
        z = Input((3,), dtype='int64')
        return [x, y, z], outputs + [adapted(x), numbers(z)], [texts(words, 3, 4), texts(words, 3, 1), lambda random: random.choice([5, 7, 9, 1], (3, 3)).astype('int64')]
    return [x, y], outputs, [texts(words, 3, 4), texts(words, 3, 1)]


@case(2, 3)
def spectral_normalization():
    x, n = Input((6, 6, 2)), Input((4,))
    y = L.SpectralNormalization(L.Conv2D(3, 3, activation='relu'))(x)
    z = L.SpectralNormalization(L.Dense(4), power_iterations=2)(L.Flatten()(y))
    return [x, n], [z, L.SpectralNormalization(L.Dense(3, use_bias=False))(n), L.SpectralNormalization(L.Embedding(9, 3))(n)], [
        normal(2, 6, 6, 2), lambda random: random.randint(0, 9, (2, 4)).astype('float32')]


@case(2)
def sync_batch_normalization():
    x = Input((4, 5, 3))
    return x, [L.experimental.SyncBatchNormalization()(x), L.experimental.SyncBatchNormalization(axis=1, scale=False)(x)], [normal(2, 4, 5, 3)]


@case(2, 3)
def softmax_masks():
    x, m = Input((3, 5)), Input((3, 5), dtype='bool')
    outputs = [L.Softmax()(x, mask=m), L.Softmax(axis=1)(x, mask=m), L.Softmax(axis=[1, 2])(x, mask=m)]
    return [x, m], outputs, [normal(2, 3, 5), lambda random: np.concatenate([random.rand(1, 3, 5) > 0.5, random.rand(1, 3, 5) > 0.2])]


@case(2, 3)
def layer_scale():
    from importlib import import_module
    convnext = import_module('keras.src.applications.convnext')
    x = Input((4, 5, 3))
    return x, [convnext.LayerScale(0.1, 3)(L.Conv2D(3, 3, padding='same')(x))], [normal(2, 4, 5, 3)]


@case(3)
def adaptive_pooling():
    a, b, c = Input((7, 2)), Input((7, 5, 2)), Input((4, 5, 6, 2))
    return [a, b, c], [L.AdaptiveAveragePooling1D(3)(a), L.AdaptiveMaxPooling1D(4)(a), L.AdaptiveAveragePooling2D((3, 5))(b), L.AdaptiveMaxPooling2D(2)(b), L.AdaptiveMaxPooling2D((7, 4))(b),
                       L.AdaptiveAveragePooling3D((2, 3, 4))(c), L.AdaptiveMaxPooling3D((3, 2, 5))(c)], [normal(2, 7, 2), normal(2, 7, 5, 2), normal(2, 4, 5, 6, 2)]


@case(3)
def multi_head_attention_gate():
    q, v = Input((6, 5)), Input((6, 4))
    return [q, v], [L.MultiHeadAttention(2, 3, use_gate=True)(q, v), L.MultiHeadAttention(2, 3, value_dim=4, use_gate=True, use_bias=False)(q, v, use_causal_mask=True),
                    L.MultiHeadAttention(2, 3, sliding_window=2)(q, q), L.MultiHeadAttention(2, 3, sliding_window=3, use_gate=True)(q, q, use_causal_mask=True),
                    L.GroupQueryAttention(4, 4, 2, use_gate=True, sliding_window=2)(q, q)], [normal(2, 6, 5), normal(2, 6, 4)]


@case(3)
def auto_contrast():
    x, n = Input((4, 5, 3)), Input((4, 5, 2), dtype='uint8')
    def flat_channel(random):
        x = random.normal(0, 1, (2, 4, 5, 3)).astype('float32')
        x[1, :, :, 2] = 0.75
        return x
    return [x, n], [L.AutoContrast()(x), L.AutoContrast((0, 1))(x), L.AutoContrast()(n)], [flat_channel, whole(0, 255, 2, 4, 5, 2, dtype='uint8')]


@case(2)
def recurrent_hard_gates():
    x = Input((5, 4))
    return x, [L.LSTM(20, recurrent_activation='hard_sigmoid', return_sequences=True)(x), L.LSTM(5, recurrent_activation='hard_sigmoid', go_backwards=True)(x),
               L.GRU(18, recurrent_activation='hard_sigmoid')(x)], [normal(2, 5, 4)]


@case(3)
def pipeline():
    x, n = Input((8, 9, 3)), Input((6, 7, 3), dtype='uint8')
    return [x, n], [L.Pipeline([L.Rescaling(1 / 255), L.RandomFlip(), L.Conv2D(4, 3), L.BatchNormalization(), L.Conv2D(2, 3, padding='same', activation='relu'), L.Dropout(0.5)])(x),
                    L.Pipeline([L.Resizing(5, 4), L.RandomRotation(0.1), L.CenterCrop(3, 3), L.Pipeline([L.Conv2D(2, 2), L.Conv2D(3, 1)])])(x),
                    L.Pipeline([L.Equalization(), L.Equalization((0, 1), bins=40)])(n), L.Dense(2)(L.Pipeline([L.Equalization(), L.Rescaling(0.1)])(n))], [
        normal(2, 8, 9, 3), whole(0, 255, 2, 6, 7, 3, dtype='uint8')]


@case(3)
def contrast_limited_equalization():
    x, n, f = Input((8, 9, 3)), Input((12, 10, 2), dtype='uint8'), Input((2, 12, 10))
    C = L.ContrastLimitedAdaptiveHistogramEqualization
    def unit(random):
        return random.uniform(0, 1, (2, 8, 9, 3)).astype('float32')
    return [x, n, f], [C((0, 1), tile_grid_size=(2, 3))(x), C((0, 1), clip_limit=0, tile_grid_size=(3, 2))(x), C((-0.5, 1.5), tile_grid_size=(1, 4), clip_limit=70)(x),
                       C(tile_grid_size=(2, 2))(n), C(tile_grid_size=(5, 3), clip_limit=90)(n), C(tile_grid_size=(3, 2), data_format='channels_first')(f)], [
        unit, whole(0, 255, 2, 12, 10, 2, dtype='uint8'), lambda random: random.uniform(-20, 280, (2, 2, 12, 10)).astype('float32')]


@case(3)
def resizing_whole_numbers():
    x, n = Input((7, 11, 2), dtype='uint8'), Input((None, None, 3), dtype='int32')
    return [x, n], [L.Resizing(h, w)(x) for h, w in [(14, 22), (5, 6), (12, 7), (3, 40)]] + [L.Resizing(6, 9)(n), L.Resizing(5, 5, crop_to_aspect_ratio=True)(x),
                   L.Resizing(8, 8, pad_to_aspect_ratio=True, fill_value=7)(x)], [whole(0, 256, 3, 7, 11, 2, dtype='uint8'), whole(-1000, 1000, 2, 4, 5, 3)]


@case(2)
def random_fourier_features():
    from importlib import import_module
    kernelized = import_module('keras.src.layers.kernelized')
    x = Input((7,))
    return x, [kernelized.RandomFourierFeatures(5)(x), kernelized.RandomFourierFeatures(4, 'laplacian', scale=2.5, trainable=True)(x)], [normal(3, 7)]


def words_of(n):
    """Text of 1 to 70 bytes; two thirds of it are tokens of the vocabularies, which take every other word and more."""
    return ['w%d' % (i * i) if i % 3 else 'ü%s' % ('x' * (i % 67)) + str(i) for i in range(n)]


@case(2, 3)
def lookups_large():
    x, y, n = Input((5,), dtype='string'), Input((1,), dtype='string'), Input((5,), dtype='int64')
    words = words_of(600)[::2] + ['', '日本']
    numbers = list(range(-700, 700, 5)) + [2**40, -2**50, 3, 4]
    idf = [0.25 + (i % 17) / 8 for i in range(len(words))]
    outputs = [L.StringLookup(vocabulary=words)(x), L.StringLookup(vocabulary=words, mask_token='zwei')(x), L.StringLookup(vocabulary=words, num_oov_indices=4)(x),
               L.StringLookup(vocabulary=words, output_mode='multi_hot', mask_token='zwei')(x), L.StringLookup(vocabulary=words, output_mode='count', max_tokens=1400, pad_to_max_tokens=True)(x),
               L.StringLookup(vocabulary=words, output_mode='tf_idf', idf_weights=idf)(x), L.StringLookup(vocabulary=words, output_mode='one_hot')(y),
               L.IntegerLookup(vocabulary=numbers)(n), L.IntegerLookup(vocabulary=numbers, num_oov_indices=3, mask_token=2)(n), L.IntegerLookup(vocabulary=numbers, output_mode='count')(n),
               L.Embedding(310, 2)(L.StringLookup(vocabulary=words)(x))]
    return [x, y, n], outputs, [texts(words_of(600) + ['日本'] * 9, 4, 5), texts(words_of(600), 4, 1),
                                lambda random: random.choice(list(range(-700, 700)) + [2**40, -2**50, 2**41] * 30 + [2] * 30, (4, 5)).astype('int64')]


@case(2, 3)
def lookups_unknown():
    x, y, n = Input((6,), dtype='string'), Input((1,), dtype='string'), Input((6,), dtype='int64')
    words, numbers, idf = ['red', 'green', 'blau', 'grün'], [12, 36, -5, 42], [0.5, 1.25, 2, 0.75]
    outputs = [L.StringLookup(vocabulary=words, num_oov_indices=3)(x), L.StringLookup(vocabulary=words, num_oov_indices=2, mask_token='')(x),
               L.StringLookup(vocabulary=words, num_oov_indices=2, output_mode='one_hot')(y), L.StringLookup(vocabulary=words, num_oov_indices=3, mask_token='', output_mode='count')(x),
               L.StringLookup(vocabulary=['[UNK]', '[UNK]'] + words, num_oov_indices=2, oov_token='[UNK]')(x), L.StringLookup(vocabulary=words, mask_token='', output_mode='multi_hot')(x),
               L.StringLookup(vocabulary=words, output_mode='tf_idf', idf_weights=idf)(x),
               L.StringLookup(vocabulary=words, output_mode='tf_idf', idf_weights=idf, num_oov_indices=2, max_tokens=9, pad_to_max_tokens=True)(x),
               L.IntegerLookup(vocabulary=numbers, num_oov_indices=3)(n), L.IntegerLookup(vocabulary=numbers, num_oov_indices=3, mask_token=0)(n),
               L.IntegerLookup(vocabulary=numbers, num_oov_indices=5, output_mode='count')(n), L.IntegerLookup(vocabulary=numbers, output_mode='tf_idf', idf_weights=idf)(n),
               L.IntegerLookup(vocabulary=numbers, mask_token=0, output_mode='multi_hot')(n), L.IntegerLookup(vocabulary=numbers, invert=True)(n),
               L.IntegerLookup(vocabulary=numbers, invert=True, mask_token=9, num_oov_indices=2, oov_token=-7)(n)]
    if IS_3:
        outputs += [L.IntegerLookup(vocabulary=numbers, num_oov_indices=4, oov_method='farmhash')(n), L.IntegerLookup(vocabulary=numbers, num_oov_indices=4, oov_method='farmhash', salt=[5, 2**40])(n),
                    L.StringLookup(vocabulary=words, num_oov_indices=4, salt=133)(x)]
        adapted = L.StringLookup(output_mode='tf_idf', max_tokens=8, pad_to_max_tokens=True)
        adapted.adapt(np.array([['drei', 'zwei'], ['eins', 'zwei'], ['drei', 'grün']]))
        outputs += [adapted(x)]
    return [x, y, n], outputs, [texts(words, 4, 6), texts(words, 4, 1), lambda random: random.choice([12, 36, -5, 42, 0, 1, 2, 3, 4, 5, 6, -1, -2, 100001, 77], (4, 6)).astype('int64')]


@case(2, 3)
def hashing():
    x, y, n, i = Input((5,), dtype='string'), Input((1,), dtype='string'), Input((5,), dtype='int64'), Input((1,), dtype='int32')
    outputs = [L.Hashing(7)(x), L.Hashing(1000000007)(x), L.Hashing(7, mask_value='')(x), L.Hashing(9, salt=133)(x), L.Hashing(9, salt=[133, 137], mask_value='ü')(x), L.Hashing(1, mask_value='')(x),
               L.Hashing(7)(n), L.Hashing(7, mask_value=-1)(n), L.Hashing(7, mask_value=0)(i), L.Hashing(12, salt=[2**40, 3])(i),
               L.Hashing(6, output_mode='one_hot')(y), L.Hashing(6, output_mode='one_hot', mask_value=3)(i), L.Hashing(6, output_mode='multi_hot')(x), L.Hashing(6, output_mode='count', mask_value='')(x),
               L.Hashing(3000, output_mode='count')(n), L.Embedding(8, 2)(L.Hashing(8)(x))]
    if IS_3:
        f = Input((4,))
        return [x, y, n, i, f], outputs + [L.Hashing(7)(f), L.Hashing(7, mask_value=2)(f)], [texts(words_of(90), 4, 5), texts(words_of(9), 4, 1), whole(-3, 3, 4, 5, dtype='int64'), whole(0, 5, 4, 1),
                                                                                            lambda random: random.uniform(-4, 4, (4, 4)).astype('float32')]
    return [x, y, n, i], outputs, [texts(words_of(90), 4, 5), texts(words_of(9), 4, 1), lambda random: random.choice([0, -1, 5, 2**62, -2**63], (4, 5)), whole(0, 5, 4, 1)]


@case(2, 3)
def hashed_crossing():
    x, y, n, i = Input((1,), dtype='string'), Input((1,), dtype='string'), Input((1,), dtype='int64'), Input((1,), dtype='int32')
    a, b = Input((), dtype='string'), Input((), dtype='int64')
    outputs = [L.HashedCrossing(11)([x, y]), L.HashedCrossing(11)([x, n]), L.HashedCrossing(1000)([n, i]), L.HashedCrossing(2**40)([x, x]), L.HashedCrossing(6, output_mode='one_hot')([x, i])]
    if not IS_3:  # which takes two inputs, and says another shape of columns without a second axis than it gives
        outputs += [L.HashedCrossing(11)([x, y, n]), L.HashedCrossing(11)([a, b])]
        return [x, y, n, i, a, b], outputs, [texts(words_of(90), 6, 1), texts(words_of(9), 6, 1), whole(-9, 9, 6, 1, dtype='int64'), whole(0, 5, 6, 1), texts(words_of(9), 6), whole(0, 9, 6, dtype='int64')]
    return [x, y, n, i], outputs, [texts(words_of(90), 6, 1), texts(words_of(9), 6, 1), whole(-9, 9, 6, 1, dtype='int64'), whole(0, 5, 6, 1)]


SENTENCES = ['Der Hund, die Katze & das Pferd!', '', '...!?', 'GRÜN grün Grün   rot\tblau\nrot\v\f\rgelb', 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft fährt',
             '日本 語', "it's a_b [UNK] x-y a\u00a0b \u2003 C\\D {e}|~", 'hund katze pferd rot blau gelb grün der die das und noch viel mehr Worte, als hineinpassen', 'x']
WORDS = ['der', 'hund', 'katze', 'rot', 'blau', 'grün', 'Grün', 'das', 'its', 'ab', '日本', 'der hund', 'rot blau', 'hund katze pferd', 'h', 'ü', '本', 'u n', 'unk', '[UNK]d', 'x',
         'donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft', 'Hund,', "it's", 'a\u00a0b']


def sentences(*shape):
    return lambda random: np.array(SENTENCES).reshape(shape) if np.prod(shape) == len(SENTENCES) else random.choice(SENTENCES, shape)


@case(2, 3)
def text_vectorization():
    x, t = Input((1,), dtype='string'), Input((4,), dtype='string')
    V = lambda **more: L.TextVectorization(vocabulary=WORDS, **more)
    outputs = [V()(x), V(output_sequence_length=5)(x), V(output_sequence_length=40)(x), V(standardize=None)(x), V(standardize='lower', output_sequence_length=6)(x),
               V(standardize='strip_punctuation')(x), V(split='character')(x), V(split='character', standardize=None, output_sequence_length=9)(x),
               V(output_mode='multi_hot')(x), V(output_mode='count')(x), V(output_mode='count', max_tokens=40, pad_to_max_tokens=True, split='character')(x),
               V(output_mode='tf_idf', idf_weights=[0.25 + i / 8 for i in range(len(WORDS))])(x), V(split=None)(t), V(split=None, output_sequence_length=3)(t),
               V(split=None, output_sequence_length=6)(t), V(split=None, output_mode='multi_hot', standardize=None)(t)]
    embedded = L.Embedding(30, 3)(V(output_sequence_length=8)(x))
    outputs += [L.GlobalAveragePooling1D()(embedded), L.LSTM(2)(L.Embedding(30, 3, mask_zero=True)(V()(x)))]
    if IS_3:
        for more in (dict(), dict(output_mode='tf_idf'), dict(output_mode='count', max_tokens=12), dict(ngrams=2, output_sequence_length=7)):
            adapted = L.TextVectorization(**more)
            adapted.adapt(np.array(SENTENCES[:1] + SENTENCES[3:]))
            outputs += [adapted(x)]
    return [x, t], outputs, [sentences(9, 1), texts(WORDS + ['', 'HUND'], 5, 4)]


@case(2, 3)
def text_vectorization_ngrams():
    x = Input((1,), dtype='string')
    words = WORDS + ['der hund die', 'a b', 'd e r', 'h u']
    V = lambda **more: L.TextVectorization(vocabulary=words, **more)
    outputs = [V(ngrams=2)(x), V(ngrams=3, output_sequence_length=12)(x), V(ngrams=1)(x), V(ngrams=2, output_mode='multi_hot')(x), V(ngrams=3, output_mode='count')(x),
               V(ngrams=3, split='character', output_sequence_length=30)(x)]
    if IS_3:  # Keras 2.15 writes a tuple and cannot read the list that it becomes
        outputs += [V(ngrams=(2,))(x), V(ngrams=(3, 1), output_sequence_length=10)(x)]
    return [x], outputs, [sentences(9, 1)]


@case(2, 3)
def text_vectorization_large():
    x = Input((1,), dtype='string')
    V = lambda **more: L.TextVectorization(vocabulary=words_of(400), standardize='lower', max_tokens=1200, **more)
    outputs = [V()(x), V(output_sequence_length=3)(x), V(output_mode='count', pad_to_max_tokens=True)(x), V(output_mode='multi_hot', pad_to_max_tokens=True)(x), V(ngrams=2)(x)]
    if not IS_3:  # which says another shape of texts without a second axis than it gives
        y = Input((), dtype='string')
        return [x, y], outputs + [V()(y)], [lambda random: np.array([[' '.join(random.choice(words_of(500), n))] for n in (3, 0, 9, 5)]), sentences(9)]
    return [x], outputs, [lambda random: np.array([[' '.join(random.choice(words_of(500), n))] for n in (3, 0, 9, 5)])]


@case(2, 3)
def category_encoding_weights():
    a, b, w = Input((3,), dtype='int32'), Input((4,), dtype='int64'), Input((3,))
    v = Input((4,))
    outputs = [L.CategoryEncoding(num_tokens=6, output_mode='count')(a, count_weights=w), L.CategoryEncoding(num_tokens=3000, output_mode='count')(b, count_weights=v),
               L.CategoryEncoding(num_tokens=3000, output_mode='multi_hot')(b)]
    return [a, b, w, v], outputs, [whole(0, 6, 4, 3), whole(2990, 3000, 4, 4, dtype='int64'), normal(4, 3), normal(4, 4)]


@case(2, 3)
def integer_lookup_large():
    n, i = Input((5,), dtype='int64'), Input((1,), dtype='int32')
    numbers = list(range(-700, 700, 5)) + list(range(10000, 20000, 2)) + [2**31 - 1, -2**31, 3, 4]  # over 4096: a perfect hash
    outputs = [L.IntegerLookup(vocabulary=numbers)(n), L.IntegerLookup(vocabulary=numbers, num_oov_indices=3, mask_token=2)(n), L.IntegerLookup(vocabulary=numbers, output_mode='count')(n),
               L.IntegerLookup(vocabulary=numbers, output_mode='multi_hot', mask_token=1)(n), L.Dense(3)(L.IntegerLookup(vocabulary=numbers, output_mode='one_hot')(i)),
               L.Embedding(5300, 2)(L.IntegerLookup(vocabulary=numbers)(n)), L.IntegerLookup(vocabulary=numbers, invert=True)(n)]
    return [n, i], outputs, [lambda random: random.choice(list(range(-700, 700)) + list(range(10000, 20000)) + [2**31 - 1, -2**31, 2**31 - 2] * 400 + [2] * 400, (4, 5)).astype('int64'),
                             lambda random: random.choice(list(range(-700, 700)), (4, 1)).astype('int32')]


@case(2, 3)
def string_lookup_invert():
    n, i = Input((5,), dtype='int64'), Input((), dtype='int32')
    words = ['red', 'green', 'blau', 'grün', '日本']
    outputs = [L.StringLookup(vocabulary=words, invert=True)(n), L.StringLookup(vocabulary=words, invert=True, mask_token='')(n), L.StringLookup(vocabulary=words, invert=True)(i),
               L.StringLookup(vocabulary=words, invert=True, num_oov_indices=2, oov_token='wer?')(n), L.StringLookup(vocabulary=words_of(400), invert=True)(n),
               L.StringLookup(vocabulary=words[::-1])(L.StringLookup(vocabulary=words, invert=True)(n))]
    return [n, i], outputs, [whole(-2, 9, 4, 5, dtype='int64'), whole(-2, 9, 4)]


def steps(*shape, at=1):
    """Sequences with masked steps within and at both ends."""
    def make(random):
        x = random.normal(0, 1, shape).astype('float32')
        x[0, at] = x[0, -1] = x[1, at - 1] = x[2, 3:] = 0
        return x
    return make


def tokens(n, *shape):
    """Indices below n whose later steps are zero."""
    def make(random):
        x = random.randint(1, n, shape).astype('float32')
        for row in range(shape[0]):
            x[row, max(1, shape[1] - 2 * row):] = 0
        return x
    return make


@case(2, 3)
def mask_passing():
    """Which layers pass a mask on: an LSTM behind each of them."""
    x = Input((6, 4))
    m = L.Masking()(x)
    layers = [L.Dense(4), L.Activation('tanh'), L.ActivityRegularization(), L.AlphaDropout(0.2), L.BatchNormalization(), L.LayerNormalization(), L.UnitNormalization(), L.Dropout(0.3), L.SpatialDropout1D(0.2),
              L.GaussianDropout(0.2), L.GaussianNoise(0.2), L.ELU(), L.LeakyReLU(), L.PReLU(), L.ReLU(), L.TimeDistributed(L.Dense(4)), L.Bidirectional(L.LSTM(2, return_sequences=True)), L.SimpleRNN(4, return_sequences=True),
              keras.Sequential([Input((6, 4)), L.Dense(4, activation='tanh')]), keras.Sequential([Input((6, 4)), L.LSTM(4, return_sequences=True)]), L.Identity(), L.Conv1D(4, 1), L.Rescaling(2.0), L.UpSampling1D(2),
              L.ZeroPadding1D(1), L.Cropping1D(0), L.MaxPooling1D(1), L.EinsumDense('abc,cd->abd', output_shape=(None, 4)), L.Reshape((6, 4)), L.Permute((2, 1))]
    layers += [L.RMSNormalization()] if IS_3 else [L.ThresholdedReLU(), L.LocallyConnected1D(4, 1)]
    merged = [L.Add()([m, L.Conv1D(4, 1)(m)]), L.Concatenate()([m, L.Conv1D(4, 1)(m)]), L.Multiply()([m, m]), L.MultiHeadAttention(2, 3)(m, m), m * 2.0]
    return x, [L.LSTM(2, return_sequences=True)(y) for y in [layer(m) for layer in layers] + merged], [steps(3, 6, 4)]


@case(2, 3)
def mask_dot():
    """Dot passes no mask on, whichever of its inputs are masked."""
    x, y = Input((6, 4)), Input((6, 4))
    m, n = L.Masking()(x), L.Masking()(y)
    return [x, y], [L.LSTM(2, return_sequences=True)(L.Dot(axes=2)(pair)) for pair in ([m, y], [x, n], [m, n])], [steps(3, 6, 4), steps(3, 6, 4)]


@case(2, 3)
def mask_merging():
    """Merged inputs of different masks, of which some have none: what comes out, and what mask an LSTM behind them sees."""
    x, y, z = Input((6, 4)), Input((6, 4)), Input((6, 4))
    a, b, c = L.Masking()(x), L.Masking()(y), L.Masking()(z)
    layers = [L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Concatenate] + [lambda: L.Concatenate(axis=1)]
    outputs = [layer()(parts) for layer in layers for parts in ([a, b, c], [a, a], [b, z, a], [z, b])[:2 if layer is layers[-1] else 4]] + [L.Subtract()([a, b]), L.Subtract()([x, b])]
    return [x, y, z], [out for y in outputs for out in (y, L.LSTM(2, return_sequences=True)(y))], [steps(4, 6, 4), steps(4, 6, 4, at=2), steps(4, 6, 4, at=4)]


def encoder_block(e):
    a = L.Add()([e, L.MultiHeadAttention(2, 3)(e, e)])
    a = L.LayerNormalization()(a)
    return L.LayerNormalization()(L.Add()([a, L.Dense(6)(L.Dense(8, activation='relu')(a))]))


@case(2, 3)
def mask_encoder():
    """MultiHeadAttention of Keras 3.8 and later takes its inputs' masks away from those who run behind it."""
    x = Input((6,))
    e = L.Embedding(9, 6, mask_zero=True)(x)
    d = encoder_block(encoder_block(e))
    return x, [d, L.GlobalAveragePooling1D()(d), L.LSTM(3)(d)], [tokens(9, 4, 6)]


@case(2, 3)
def mask_takers():
    """Who runs before a MultiHeadAttention of the same input and who behind it: the last output's first."""
    def branch(*makers):
        e = L.Embedding(9, 6, mask_zero=True)(x)
        return [make(e) for make in makers]
    x = Input((6,))
    self_attend, far = lambda e: L.Attention()([e, e]), lambda e: L.Activation('tanh')(L.Activation('tanh')(L.Attention()([e, e])))
    outputs = branch(lambda e: L.MultiHeadAttention(2, 3)(e, e), self_attend) + branch(self_attend, lambda e: L.MultiHeadAttention(2, 3)(e, e)) + branch(lambda e: L.MultiHeadAttention(2, 3)(e, e), far)
    outputs += branch(lambda e: L.MultiHeadAttention(2, 3)(e, e), lambda e: L.MultiHeadAttention(2, 2)(e, e), lambda e: L.LSTM(2)(e), lambda e: L.LSTM(2)(L.Dense(3)(e)))
    outputs += branch(lambda e: L.Concatenate()([L.Dropout(0.2)(e), L.MultiHeadAttention(1, 2)(L.Dropout(0.1)(e), e)]), self_attend)
    inner_x = Input((6, 6))
    inner = keras.Model(inner_x, L.MultiHeadAttention(1, 3)(inner_x, inner_x))
    outputs += branch(self_attend, inner) + branch(inner, self_attend)
    return x, [out for y in outputs for out in ([y, L.LSTM(2)(y)] if len(y.shape) == 3 else [y])], [tokens(9, 4, 6)]


def randomise(net, random):
    for weight in net.weights:
        if 'float' in str(weight.dtype) and not weight.name.startswith('Variable'):  # idf_weights are of the configuration
            is_variance = 'moving_variance' in weight.name
            weight.assign(random.uniform(0.4, 1.6, weight.shape) if is_variance or 'kernel_scale' in weight.name else random.normal(0, 0.5, weight.shape))


def as_array(tensor):
    array = np.asarray(tensor)
    return np.array([x.decode() for x in array.ravel()]).reshape(array.shape) if array.dtype == object else array


@case(2, 3)
def backend_functions():
    """keras.backend's functions in a Lambda, where Keras 3's activations and operations of their names are others."""
    x, p = Input((4, 6)), Input((6, 5, 3))
    f = lambda function: L.Lambda(function)
    outputs = [f(lambda v: K.hard_sigmoid(v * 2))(x), f(lambda v: K.softplus(v))(x), f(lambda v: K.relu(v, alpha=0.1, max_value=1.5, threshold=0.2))(x), f(lambda v: K.elu(v, 0.5))(x), f(lambda v: K.softmax(v, axis=1))(x), f(lambda v: K.l2_normalize(v, -1))(x), f(lambda v: K.std(v, axis=1))(x),
               f(lambda v: K.resize_images(v, 2, 3, 'channels_last', interpolation='bilinear'))(p), f(lambda v: K.categorical_crossentropy(K.softmax(v * 2), K.softmax(v)))(x), f(lambda v: K.binary_crossentropy(K.sigmoid(v), K.sigmoid(v * 3)))(x)]
    return [x, p], outputs, [normal(3, 4, 6), normal(3, 6, 5, 3)]


def main():
    os.makedirs(FOLDER, exist_ok=True)
    index = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(index))
    for number, make in enumerate(CASES):
        name = make.__name__
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        keras.backend.clear_session()
        random = np.random.RandomState(900 + number)
        inputs, outputs, makers = make()
        net = keras.Model(inputs, outputs)
        randomise(net, random)
        values = [maker(random) for maker in makers]
        fed = [tf.constant(x) for x in values] if any(x.dtype.kind == 'U' for x in values) else values
        answers = net(fed if len(fed) > 1 else fed[0], training=False)
        answers = answers if isinstance(answers, (list, tuple)) else [answers]
        file = name + ('.keras' if IS_3 else '.h5')
        folder = 'published' if name in APART else KERAS
        net.save(os.path.join(os.path.dirname(FOLDER), folder, file), **({} if IS_3 else {'include_optimizer': False}))
        arrays = {'in%d' % i: x for i, x in enumerate(values)}
        arrays.update({'out%d' % i: as_array(y) for i, y in enumerate(answers)})
        np.savez_compressed(os.path.join(os.path.dirname(FOLDER), folder, name + '.npz'), **arrays)
        within = [inner for layer in net.layers if layer.__class__.__name__ == 'Pipeline' for inner in layer.layers]
        layers = sorted({layer.__class__.__name__ for layer in net.layers + within})
        entry = {'model': '%s/%s' % (folder, file), 'answers': '%s/%s.npz' % (folder, name), 'layers': layers, 'rtol': 1e-4, 'atol': 1e-5}
        entries = [e for e in entries if e['model'] != entry['model']] + [entry]
        print(entry['model'], len(answers))
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in entries) + '\n]\n')


main()
