"""Golden cases of TensorFlow Addons' layers, cells and activations, made by the package itself: make_addons.py [CASE…]

Run with TensorFlow 2.15.1 and tensorflow-addons 0.23.0; make_custom_layers.py makes those of its normalizations. A case is a model with random weights,
custom_layers/NAME.h5 and NAME_archive.keras, and in the .npz of that name what Keras gives for random inputs: in0, in1, … and out0, out1, …, in the model's
order. The run is repeatable; index.json lists the cases.
"""
import json
import os

os.environ.update(CUDA_VISIBLE_DEVICES='', TF_ENABLE_ONEDNN_OPTS='0', TF_CPP_MIN_LOG_LEVEL='3')
import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa
from golden_cases import HERE, add_to_index, asked_cases, case, write_answers
from tensorflow_addons.layers.netvlad import NetVLAD

keras = tf.keras
L, A = keras.layers, tfa.layers
Input = keras.Input


def normal(*shape):
    return lambda random: random.normal(0, 1, shape).astype('float32')


@case('h5', 'keras')
def addons_elementwise():
    x, y, p = Input((6, 8)), Input((6, 8)), Input((5, 4, 6))
    return [x, y, p], [
        A.Maxout(4)(x), A.Maxout(3, axis=1)(x), A.Maxout(2, axis=-2)(p), A.StochasticDepth(0.7)([x, y]), A.TLU()(x), A.TLU(affine=True)(p), A.FilterResponseNormalization()(p),
        A.FilterResponseNormalization(epsilon=1e-2, learned_epsilon=True)(p), A.Snake()(x), A.GELU()(x), A.GELU(approximate=False)(x), A.PoincareNormalize()(x), A.PoincareNormalize(axis=-1, epsilon=0.2)(x),
        A.PoincareNormalize(axis=[1, 2])(p), A.Sparsemax()(x), A.Sparsemax(axis=1)(x), A.Sparsemax(axis=2)(p)], [normal(2, 6, 8), normal(2, 6, 8), normal(2, 5, 4, 6)]


@case('h5', 'keras')
def addons_functions():
    x = Input((6, 5))
    F = tfa.activations
    return x, [L.Activation(f)(x) for f in (F.sparsemax, F.lisht, F.rrelu, F.snake)] + [L.Dense(4, activation=F.sparsemax)(x), L.Conv1D(3, 2, activation=F.snake)(x)], [
        lambda random: np.concatenate([random.normal(0, 1, (1, 6, 5)), np.round(random.normal(0, 1, (1, 6, 5)))]).astype('float32')]


@case('h5', 'keras')
def addons_products():
    x, y, s = Input((6,)), Input((6,)), Input((5, 8))
    P = A.PolynomialCrossing
    noisy = A.NoisyDense(4)
    return [x, y, s], [
        P()([x, y]), P(projection_dim=2, diag_scale=0.3, use_bias=False)([x, y]), noisy(x), A.NoisyDense(3, use_factorised=False, activation='tanh')(s), NetVLAD(3)(s)], [
        normal(2, 6), normal(2, 6), normal(2, 5, 8)]


@case('h5', 'keras')
def addons_pooling():
    s, p, v, odd = Input((6, 3)), Input((6, 8, 3)), Input((4, 6, 4, 2)), Input((7, 9, 3))
    first = dict(data_format='channels_first')
    outputs = [A.AdaptiveAveragePooling1D(3)(s), A.AdaptiveMaxPooling1D(2)(s), A.AdaptiveAveragePooling2D((3, 4))(p), A.AdaptiveMaxPooling2D(2)(p), A.AdaptiveAveragePooling3D((2, 3, 1))(v),
               A.AdaptiveMaxPooling3D((4, 2, 2))(v), A.AdaptiveAveragePooling2D((4, 3), **first)(p), A.SpatialPyramidPooling2D([1, 2, 3])(odd), A.SpatialPyramidPooling2D([[1, 3], [2, 2]])(p),
               A.SpatialPyramidPooling2D([1, 2], **first)(odd)]
    return [s, p, v, odd], outputs, [normal(2, 6, 3), normal(2, 6, 8, 3), normal(2, 4, 6, 4, 2), normal(2, 7, 9, 3)]


@case('h5', 'keras')
def addons_attention():
    q, k, v = Input((5, 6)), Input((4, 8)), Input((4, 7))
    M = A.MultiHeadAttention
    return [q, k, v], [M(4, 3)([q, k]), M(3, 2, output_size=5, use_projection_bias=False, dropout=0.1)([q, k, v]), *M(4, 2, return_attn_coef=True)([q, q, q])], [normal(2, 5, 6), normal(2, 4, 8), normal(2, 4, 7)]


@case('h5', 'keras')
def addons_recurrent():
    x, m, one, h, c = Input((5, 4)), Input((5, 4)), Input((4,)), Input((3,)), Input((3,))
    R = tfa.rnn
    masked = L.Masking()(m)
    return [x, m, one, h, c], [
        L.RNN(R.PeepholeLSTMCell(3), return_sequences=True)(x), L.RNN(R.PeepholeLSTMCell(4, use_bias=False, recurrent_activation='hard_sigmoid'), go_backwards=True)(masked),
        L.RNN(R.LayerNormLSTMCell(3), return_sequences=True)(x), L.RNN(R.LayerNormLSTMCell(4, use_bias=False, norm_epsilon=0.1, activation='relu'))(masked),
        L.RNN(R.LayerNormSimpleRNNCell(3))(x), L.RNN(R.LayerNormSimpleRNNCell(4, use_bias=False, layernorm_epsilon=0.1, activation='relu'), return_sequences=True)(masked),
        L.RNN(R.NASCell(3), return_sequences=True)(x), L.RNN(R.NASCell(4, projection=3, use_bias=True))(masked), L.RNN(R.ESNCell(4))(x), A.ESN(3, leaky=0.7)(x),
        A.ESN(4, use_bias=False, activation='relu', return_sequences=True)(masked), R.PeepholeLSTMCell(3)(one, [h, c])[0], R.LayerNormLSTMCell(3)(one, [h, c])[1][1], R.LayerNormSimpleRNNCell(3)(one, [h])[0],
        R.NASCell(3)(one, [c, h])[0], R.ESNCell(3)(one, [h])[0], L.Bidirectional(L.RNN(R.PeepholeLSTMCell(3)))(x)], [
        normal(2, 5, 4), lambda random: random.normal(0, 1, (2, 5, 4)).astype('float32') * np.array([1, 1, 0, 1, 0], 'float32')[None, :, None], normal(2, 4), normal(2, 3), normal(2, 3)]


def randomise(net, random):
    for weight in net.weights:
        value = random.normal(0, 0.5, tuple(weight.shape))
        weight.assign((value + 1 if 'gamma' in weight.name or 'Variable' in weight.name else value).astype('float32'))


def classes_of(net):
    result = set()
    for layer in json.loads(net.to_json())['config']['layers']:
        for entry in (layer, layer['config'].get('cell'), layer['config'].get('layer')):
            if entry:
                registered = entry.get('registered_name') or ''
                result.add(registered if '>' in registered else entry['class_name'])
    return sorted(result)


def main():
    for function, ending, name in asked_cases():
        keras.backend.clear_session()
        keras.backend.reset_uids()
        random = np.random.RandomState(sum(map(ord, name)))
        tf.random.set_seed(7)
        inputs, outputs, makers = function()
        net = keras.Model(inputs, outputs)
        randomise(net, random)
        arrays = [maker(random) for maker in makers]
        answers = net(arrays if len(arrays) > 1 else arrays[0], training=False)
        net.save(os.path.join(HERE, 'custom_layers', '%s.%s' % (name, ending)))
        write_answers('custom_layers', name, arrays, answers)
        add_to_index('custom_layers', name, ending, classes_of(net))


main()
