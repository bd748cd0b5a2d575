"""Golden cases of src/keras/lambda/named_functions.def: each function as its tutorial or package defines it, as a Lambda of Keras 3.15: python3 make_named_functions.py

Keras 3 keeps of a function made with `def` its name alone. Every case becomes named_functions/NAME.keras and NAME.npz with inputs and Keras' answers (of
what is random, with noise of zeros, its mean); a second meaning of a name is NAME_2. The functions are written anew from what their authors document;
tests/named_functions_test.cpp holds the expressions to them.
"""
import os

os.environ.update(CUDA_VISIBLE_DEVICES='', TF_ENABLE_ONEDNN_OPTS='0', TF_CPP_MIN_LOG_LEVEL='3', KERAS_BACKEND='tensorflow')
import keras
import numpy as np
from keras import ops
from keras.applications import densenet, mobilenet, vgg16

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'named_functions')
EPSILON = keras.backend.epsilon()


def antirectifier(x):  # Keras' antirectifier example
    x = x - ops.mean(x, axis=1, keepdims=True)
    x = x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=1, keepdims=True), 1e-12))
    return ops.concatenate([ops.relu(x), ops.relu(-x)], axis=1)


def cosine_distance(vectors):  # tutorials of Siamese networks
    x, y = (v / ops.sqrt(ops.maximum(ops.sum(ops.square(v), axis=-1, keepdims=True), 1e-12)) for v in vectors)
    return -ops.mean(x * y, axis=-1, keepdims=True)


def euclidean_distance(vectors):  # Keras' Siamese example
    x, y = vectors
    return ops.sqrt(ops.maximum(ops.sum(ops.square(x - y), axis=1, keepdims=True), EPSILON))


def exponent_neg_manhattan_distance(vectors):  # MaLSTM
    left, right = vectors
    return ops.exp(-ops.sum(ops.abs(left - right), axis=1, keepdims=True))


def hard_sigmoid(x):  # MobileNetV3
    return ops.relu6(x + 3.0) / 6.0


def hard_swish(x):  # MobileNetV3
    return x * (ops.relu6(x + 3.0) / 6.0)


def manhattan_distance(vectors):
    x, y = vectors
    return ops.sum(ops.abs(x - y), axis=1, keepdims=True)


def mish(x):
    return x * ops.tanh(ops.softplus(x))


def normalize(x):  # krasserm's super-resolution
    return (x - np.array([0.4488, 0.4371, 0.4040], 'float32') * 255) / 127.5


def normalize_01(x):
    return x / 255.0


def normalize_m11(x):
    return x / 127.5 - 1


def denormalize(x):
    return x * 127.5 + np.array([0.4488, 0.4371, 0.4040], 'float32') * 255


def denormalize_m11(x):
    return (x + 1) * 127.5


def relu6(x):
    return ops.minimum(ops.maximum(x, 0.0), 6.0)


NOISE = [1.0]


def sampling(statistics):  # Keras' variational autoencoder
    mean, log_variance = statistics
    return mean + ops.exp(log_variance / 2) * NOISE[0] * keras.random.normal(ops.shape(mean))


def space_to_depth_x2(x):  # YAD2K
    _, height, width, n = x.shape
    x = ops.reshape(x, (-1, height // 2, 2, width // 2, 2, n))
    return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, height // 2, width // 2, 4 * n))


def squash(x):  # XifengGuo's CapsNet
    square = ops.sum(ops.square(x), axis=-1, keepdims=True)
    return square / (1 + square) / ops.sqrt(square + EPSILON) * x


def swish(x):
    return x * ops.sigmoid(x)




ROW, PICTURE, PIXELS = (5,), (4, 6, 3), (2, 3, 3)
CASES = {
    'antirectifier': (antirectifier, [ROW]), 'cosine_distance': (cosine_distance, [ROW, ROW]), 'denormalize': (denormalize, [PICTURE]),
    'denormalize_m11': (denormalize_m11, [PICTURE]), 'euclidean_distance': (euclidean_distance, [ROW, ROW]),
    'exponent_neg_manhattan_distance': (exponent_neg_manhattan_distance, [ROW, ROW]), 'hard_sigmoid': (hard_sigmoid, [PICTURE]),
    'hard_swish': (hard_swish, [PICTURE]), 'manhattan_distance': (manhattan_distance, [ROW, ROW]), 'mish': (mish, [PICTURE]),
    'normalize': (normalize, [PIXELS]), 'normalize_01': (normalize_01, [PIXELS]), 'normalize_m11': (normalize_m11, [PIXELS]),
    'preprocess_input': (mobilenet.preprocess_input, [PIXELS]), 'preprocess_input_2': (vgg16.preprocess_input, [PIXELS]),
    'preprocess_input_3': (densenet.preprocess_input, [PIXELS]), 'relu6': (relu6, [PICTURE]), 'sampling': (sampling, [ROW, ROW]),
    'space_to_depth_x2': (space_to_depth_x2, [PICTURE]), 'squash': (squash, [(3, 4)]), 'swish': (swish, [PICTURE]),
}


def make(name, function, shapes):
    keras.utils.clear_session()
    random = np.random.RandomState(0)
    inputs = [keras.Input(shape) for shape in shapes]
    layer = keras.layers.Lambda(function, name='lambda')
    model = keras.Model(inputs, layer(inputs if len(inputs) > 1 else inputs[0]))
    model.save(os.path.join(FOLDER, name + '.keras'))
    scale = 128 if shapes == [PIXELS] else 3
    values = [(random.randn(3, *shape) * scale).astype('float32') for shape in shapes]
    NOISE[0] = 0.0
    answer = np.asarray(model(values if len(values) > 1 else values[0]))
    NOISE[0] = 1.0
    np.savez_compressed(os.path.join(FOLDER, name + '.npz'), out0=answer, **{f'in{i}': value for i, value in enumerate(values)})


if __name__ == '__main__':
    os.makedirs(FOLDER, exist_ok=True)
    for name, (function, shapes) in CASES.items():
        make(name, function, shapes)
        print(name)
