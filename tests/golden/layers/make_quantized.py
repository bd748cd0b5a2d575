"""Golden cases of Keras 3's int8 quantization and of LoRA adapters: KERAS_BACKEND=jax python3 make_quantized.py

Run with Keras 3.15. Models with random weights, quantized by `model.quantize("int8")` or with adapters of random weights, which Keras
saves merged into the kernels; written as the other cases are.
"""
import json
import os

os.environ.setdefault('KERAS_BACKEND', 'jax')
import keras
import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'keras_3.15')
L = keras.layers


def int8_dense():
    x = keras.Input((12,))
    y = L.Dense(32, activation='relu')(x)
    y = L.Dense(16, use_bias=False, activation='tanh')(y)
    return keras.Model(x, L.Dense(3, activation='softmax')(y)), 'int8', lambda random: random.normal(0, 1, (3, 12)).astype('float32')


def int8_sequence():
    x = keras.Input((5,), dtype='int32')
    y = L.Embedding(40, 8, mask_zero=True)(x)
    y = L.LSTM(6, return_sequences=True)(y)
    return keras.Model(x, L.Dense(4)(y)), 'int8', lambda random: random.randint(0, 40, (3, 5)).astype('int32')


def lora():
    x = keras.Input((6,), dtype='int32')
    y = L.Embedding(20, 8)(x)
    y = L.EinsumDense('abc,cd->abd', output_shape=(6, 5), bias_axes='d', activation='relu')(y)
    return keras.Model(x, L.Dense(4)(L.Flatten()(y))), 'lora', lambda random: random.randint(0, 20, (3, 6)).astype('int32')


def save(build, number, entries):
    keras.utils.set_random_seed(2000 + number)
    random = np.random.RandomState(2000 + number)
    net, how, make = build()
    for weight in net.weights:
        weight.assign(random.normal(0, 0.4, weight.shape))
    fed = make(random)
    if how == 'lora':
        for layer in net.layers:
            if hasattr(layer, 'enable_lora'):
                before = len(layer.weights)
                layer.enable_lora(2)
                for weight in layer.weights[before:]:
                    weight.assign(random.normal(0, 0.4, weight.shape))
    else:
        net(fed)
        net.quantize(how)
    name = '%s/quantized_%s' % (os.path.basename(FOLDER), build.__name__)
    path = os.path.join(os.path.dirname(FOLDER), name)
    net.save(path + '.keras')
    np.savez_compressed(path + '.npz', in0=fed, out0=np.asarray(net(fed, training=False)))
    layers = sorted({layer.__class__.__name__ for layer in net.layers})
    entries[:] = [e for e in entries if e['model'] != name + '.keras']
    entries.append({'model': name + '.keras', 'answers': name + '.npz', 'layers': layers, 'rtol': 1e-4, 'atol': 1e-5})


def main():
    index = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(index))
    for number, build in enumerate((int8_dense, int8_sequence, lora)):
        save(build, number, entries)
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in entries) + '\n]\n')


main()
