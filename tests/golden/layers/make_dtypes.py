"""Golden cases of the types: policies of float16, bfloat16 and float64, mixed precision, integer inputs: python3 make_dtypes.py

Run with TensorFlow 2.15's Keras for keras_2.15 and with Keras 3 (any backend) for keras_3.15. Written as the other cases are;
bfloat16 answers are kept as float32, which holds them exactly. An answer may be off by the roundings of the type: 2^-11 in
float16 and 2^-8 in bfloat16, about ten of them one after the other.
"""
import json
import os

os.environ.setdefault('CUDA_VISIBLE_DEVICES', '')
os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
os.environ.setdefault('KERAS_BACKEND', 'jax')
import keras
import numpy as np

IS_KERAS3 = keras.__version__.startswith('3')
VERSION = 'keras_3.15' if IS_KERAS3 else 'keras_2.15'
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), VERSION)
TOLERANCES = {'float64': (1e-4, 1e-5), 'float16': (5e-3, 5e-3), 'bfloat16': (4e-2, 4e-2), 'float32': (1e-4, 1e-5)}
L = keras.layers


def set_policy(name):
    if IS_KERAS3:
        keras.config.set_dtype_policy(name)
    else:
        keras.mixed_precision.set_global_policy(name)


def picture():
    x = keras.Input((6, 6, 3))
    y = L.ReLU()(L.BatchNormalization()(L.Conv2D(4, 3, padding='same', activation='tanh')(x)))
    y = L.MaxPooling2D()(L.DepthwiseConv2D(3, padding='same')(y))
    y = L.LayerNormalization()(L.Add()([y, L.Conv2D(4, 1)(y)]))
    y = L.GlobalAveragePooling2D()(L.Dropout(0.5)(y))
    return keras.Model(x, L.Softmax()(L.Dense(3)(y))), [lambda random: random.normal(0, 1, (2, 6, 6, 3))]


def sequence():
    x = keras.Input((5,), dtype='int32')
    y = L.Embedding(11, 4)(x)
    y = L.Bidirectional(L.LSTM(3, return_sequences=True))(y)
    y = L.GRU(4)(L.Dense(3, activation='relu')(y))
    return keras.Model(x, L.Dense(2, activation='sigmoid', dtype='float32')(y)), [lambda random: random.randint(0, 11, (2, 5)).astype('int32')]


def save(name, policy, build, number, entries):
    keras.backend.clear_session()
    set_policy(policy)
    random = np.random.RandomState(1900 + number)
    net, makers = build()
    for weight in net.weights:
        is_scale = any(word in weight.name for word in ('variance', 'gamma'))
        weight.assign(random.uniform(0.5, 1.5, weight.shape) if is_scale else random.normal(0, 0.4, weight.shape))
    inputs = [make(random) for make in makers]
    fed = [np.asarray(x, dtype='float32') if x.dtype.kind == 'f' and policy != 'float64' else x for x in inputs]
    answer = net(fed[0], training=False)
    dtype = policy.removeprefix('mixed_')
    net.save(os.path.join(FOLDER, name + '.h5'), include_optimizer=False)
    out = np.asarray(answer)
    out = out.astype('float32') if out.dtype.itemsize == 2 else out
    np.savez_compressed(os.path.join(FOLDER, name + '.npz'), in0=fed[0], out0=out)
    rtol, atol = TOLERANCES[dtype]
    layers = sorted({layer.__class__.__name__ for layer in net.layers})
    entries[:] = [e for e in entries if e['model'] != '%s/%s.h5' % (VERSION, name)]
    entries.append({'model': '%s/%s.h5' % (VERSION, name), 'answers': '%s/%s.npz' % (VERSION, name), 'layers': layers, 'rtol': rtol, 'atol': atol})
    set_policy('float32')


def main():
    index = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(index))
    number = 0
    for policy in ('float64', 'float16', 'bfloat16', 'mixed_float16', 'mixed_bfloat16'):
        for build in (picture, sequence):
            name = 'dtype_%s_%s' % (policy, build.__name__)
            number += 1
            try:
                save(name, policy, build, number, entries)
            except Exception as problem:  # some Keras cannot itself compute the type
                print('%s: this Keras gives no answer: %s' % (name, str(problem).strip().splitlines()[0]))
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in entries) + '\n]\n')


main()
