"""Golden cases of recurrent layers, made with TensorFlow 2.15's Keras: python3 make_recurrent.py [CASE…]

As make_keras_2.15.py. CuDNNLSTM and CuDNNGRU run on GPUs only: their answers are those of LSTM and GRU with the weights that
Keras itself converts when it loads the file.
"""
import json
import os
import sys

os.environ.setdefault('CUDA_VISIBLE_DEVICES', '')
os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
import numpy as np
import tensorflow as tf
from tensorflow import keras

L = keras.layers
V1 = tf.compat.v1.keras.layers
Input = keras.Input
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'keras_2.15')


def sequence(*shape):
    return lambda random: random.normal(0, 1, shape).astype('float32')


def steps(*shape):
    """Sequences with masked steps within and at both ends."""
    def make(random):
        x = random.normal(0, 1, shape).astype('float32')
        x[0, 1] = x[0, -1] = x[1, 0] = 0
        x[2, 1:3] = 0
        return x
    return make


def rnn_masks():
    x = Input((5, 3))
    m = L.Masking()(x)
    outputs = [L.SimpleRNN(2, return_sequences=True)(m), L.GRU(2, return_sequences=True, reset_after=False)(m)]
    outputs += L.LSTM(2, return_sequences=True, return_state=True, go_backwards=True)(m)
    outputs += [L.LSTM(2, return_sequences=True, zero_output_for_mask=True)(m), L.GRU(2, go_backwards=True)(m),
                L.Bidirectional(L.LSTM(2, return_sequences=True))(m), L.Bidirectional(L.GRU(2), merge_mode='sum')(m)]
    return keras.Model(x, outputs), [steps(3, 5, 3)]


def rnn_go_backwards():
    x = Input((4, 3))
    outputs = [L.SimpleRNN(2, go_backwards=True, return_sequences=True)(x), L.LSTM(2, go_backwards=True, use_bias=False)(x),
               L.GRU(2, go_backwards=True, use_bias=False, reset_after=True)(x), L.GRU(2, use_bias=False, reset_after=False)(x)]
    return keras.Model(x, outputs), [sequence(2, 4, 3)]


def rnn_stateful():
    x = Input(batch_shape=(2, 4, 3))
    return keras.Model(x, L.LSTM(3, stateful=True)(L.GRU(2, stateful=True, return_sequences=True)(x))), [sequence(2, 4, 3)]


def rnn_time_major():
    x = Input(batch_shape=(4, 2, 3))
    return keras.Model(x, L.LSTM(2, time_major=True)(L.GRU(3, time_major=True, return_sequences=True)(x))), [sequence(4, 2, 3)]


def rnn_bidirectional_states():
    x, a, b, c, d = Input((4, 3)), Input((2,)), Input((2,)), Input((2,)), Input((2,))
    y = L.Bidirectional(L.LSTM(2, return_state=True, return_sequences=True), merge_mode='ave')(x, initial_state=[a, b, c, d])
    z = L.Bidirectional(L.GRU(2), merge_mode='mul')(x)
    return keras.Model([x, a, b, c, d], list(y) + [z]), [sequence(2, 4, 3)] + [sequence(2, 2)] * 4


def rnn_cells_alone():
    x, h, c = Input((3,)), Input((2,)), Input((2,))
    y, _ = L.SimpleRNNCell(2)(x, [h])
    z, _ = L.GRUCell(2)(x, [h])
    w, s = L.LSTMCell(2)(x, [h, c])
    return keras.Model([x, h, c], [y, z, w] + list(s)), [sequence(2, 3), sequence(2, 2), sequence(2, 2)]


def rnn_time_distributed_model():
    x = Input((3, 4, 5, 2))
    i = Input((4, 5, 2))
    a = L.Conv2D(3, 2, activation='relu')(i)
    b = L.Add()([L.BatchNormalization()(a), a])
    inner = keras.Model(i, L.Dense(4)(L.GlobalAveragePooling2D()(b)))
    s = keras.Sequential([L.Dense(3, activation='tanh', input_shape=(4,)), L.Dropout(0.2), L.Dense(2)])
    return keras.Model(x, L.LSTM(2)(L.TimeDistributed(s)(L.TimeDistributed(inner)(x)))), [sequence(2, 3, 4, 5, 2)]


def rnn_conv_lstm():
    x, v, r = Input((3, 5, 4, 2)), Input((2, 3, 4, 3, 1)), Input((3, 6, 2))
    outputs = list(L.ConvLSTM2D(2, 3, strides=2, padding='same', return_state=True, return_sequences=True)(x))
    outputs += [L.ConvLSTM2D(3, 2, dilation_rate=(1, 2), go_backwards=True, use_bias=False, recurrent_activation='sigmoid')(x),
                L.ConvLSTM3D(2, (2, 1, 3), padding='same', return_sequences=True)(v), L.ConvLSTM1D(2, 3, activation='relu')(r)]
    return keras.Model([x, v, r], outputs), [sequence(2, 3, 5, 4, 2), sequence(2, 2, 3, 4, 3, 1), sequence(2, 3, 6, 2)]


def cudnn(cell, plain, **options):
    def chain(first, second):
        x = Input((5, 3))
        return keras.Model(x, second(first(x)))
    net = chain(cell(4, return_sequences=True, name='a'), cell(2, name='b'))
    return net, [sequence(2, 5, 3)], chain(plain(4, return_sequences=True, name='a', **options), plain(2, name='b', **options))


def rnn_cudnn_lstm():
    return cudnn(V1.CuDNNLSTM, L.LSTM)


def rnn_cudnn_gru():
    return cudnn(V1.CuDNNGRU, L.GRU, reset_after=True)


def rnn_wide():
    """More units than fit a vector, with and without a rest, and rows for every product of the kernel; steps whose number is unknown."""
    x = Input((None, 3))
    outputs = [L.LSTM(20, return_sequences=True, return_state=True)(x), L.GRU(32)(x), L.Bidirectional(L.GRU(17, return_sequences=True))(x)]
    return keras.Model(x, outputs), [sequence(13, 7, 3)]


def rnn_wide_known():
    x = Input((7, 3))
    outputs = [L.LSTM(20, return_sequences=True, return_state=True)(x), L.GRU(32)(x), L.Bidirectional(L.GRU(17, return_sequences=True))(x),
               L.LSTM(16, go_backwards=True)(x)]
    return keras.Model(x, outputs), [sequence(13, 7, 3)]


def wide_cells(n_steps):
    """Every cell that is one step of the runtime, with functions of its own and more units than fit a vector; with masks and first states."""
    x, h, c = Input((n_steps, 3)), Input((19,)), Input((19,))
    m = L.Masking()(x)
    outputs = [L.SimpleRNN(18, return_sequences=True)(x), L.SimpleRNN(33, activation='relu', go_backwards=True)(m), L.SimpleRNN(5, activation='linear')(m), L.SimpleRNN(16, activation='sigmoid', return_sequences=True)(m, initial_state=h[:, :16]),
               L.LSTM(19, activation='relu')(x), L.LSTM(17, activation='linear', recurrent_activation='hard_sigmoid', return_sequences=True)(m), L.GRU(21, reset_after=False, return_sequences=True)(x), L.GRU(34, reset_after=False, activation='relu')(m),
               L.GRU(19, activation='sigmoid', recurrent_activation='tanh')(m, initial_state=h), L.Bidirectional(L.LSTM(18, return_sequences=True))(m), L.LSTM(20, zero_output_for_mask=True, return_sequences=True)(m)]
    outputs += L.LSTM(19, return_sequences=True, return_state=True)(m, initial_state=[h, c]) + L.GRU(20, reset_after=False, return_sequences=True, return_state=True, go_backwards=True)(m)
    return keras.Model([x, h, c], outputs), [steps(13, 7, 3), sequence(13, 19), sequence(13, 19)]


def rnn_wide_cells():
    return wide_cells(None)


def rnn_wide_cells_known():
    return wide_cells(7)


CASES = [rnn_masks, rnn_go_backwards, rnn_stateful, rnn_time_major, rnn_bidirectional_states, rnn_cells_alone, rnn_time_distributed_model, rnn_conv_lstm,
         rnn_cudnn_lstm, rnn_cudnn_gru, rnn_wide, rnn_wide_known, rnn_wide_cells, rnn_wide_cells_known]


def main():
    index = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(index))
    for number, case in enumerate(CASES):
        if len(sys.argv) > 1 and case.__name__ not in sys.argv[1:]:
            continue
        keras.backend.clear_session()
        random = np.random.RandomState(900 + number)
        net, makers, *runner = case()
        net.set_weights([np.abs(random.normal(0, 0.5, w.shape)) + 0.1 if 'moving_variance' in w.name else random.normal(0, 0.5, w.shape) for w in net.weights])
        name = case.__name__
        path = os.path.join(FOLDER, name + '.h5')
        net.save(path, include_optimizer=False)
        if runner:
            runner[0].load_weights(path)
        inputs = [make(random) for make in makers]
        outputs = (runner[0] if runner else net)(inputs if len(inputs) > 1 else inputs[0], training=False)
        outputs = tf.nest.flatten(outputs)
        arrays = {'in%d' % i: x for i, x in enumerate(inputs)}
        arrays.update({'out%d' % i: y.numpy() for i, y in enumerate(outputs)})
        np.savez_compressed(os.path.join(FOLDER, name + '.npz'), **arrays)
        layers = sorted({layer.__class__.__name__ for layer in net.layers})
        entry = {'model': 'keras_2.15/%s.h5' % name, 'answers': 'keras_2.15/%s.npz' % name, 'layers': layers, 'rtol': 1e-4, 'atol': 1e-5}
        entries = [e for e in entries if e['model'] != entry['model']] + [entry]
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in entries) + '\n]\n')


main()
