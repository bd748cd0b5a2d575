"""Golden cases of Keras 3's quantizations and of LoRA adapters: KERAS_BACKEND=jax python3 make_quantized.py [CASE…]

Run with Keras 3.15, and with Keras 3.13 for gptq, whose zero points the later ones do not save. Models with random weights, quantized by
`model.quantize` (GPTQ's by their layers', with random numbers for calibrated ones) or with adapters of random weights, which Keras saves merged
into the kernels; written as the other cases are. int8_einsum, int4, float8 and gptq were made with KERAS_BACKEND=tensorflow.
"""
import json
import os
import sys

os.environ.setdefault('KERAS_BACKEND', 'jax')
import keras
import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'keras_' + '.'.join(keras.__version__.split('.')[:2]))
L = keras.layers
Q = keras.quantizers


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


def each(config_of):
    """Quantizes every layer that can be by the configuration that is its turn."""
    def quantize(net, random):
        layers = [layer for layer in net.layers if isinstance(layer, (L.Dense, L.EinsumDense, L.Embedding))]
        for number, layer in enumerate(layers):
            config = config_of(number)
            before = {id(weight) for weight in layer.weights}
            layer.quantize(config.mode, config=config)
            for weight in layer.weights:
                if id(weight) in before or config.mode not in ('float8', 'gptq'):
                    continue
                if weight.name.endswith(('_scale', 'scales')):
                    weight.assign(random.uniform(0.01, 0.05, weight.shape) if config.mode != 'float8' else random.uniform(0.02, 0.3, weight.shape))
                elif 'zero' in weight.name:
                    weight.assign(random.randint(0, 16, weight.shape))
                elif weight.name == 'kernel':
                    weight.assign(random.randint(0, 256 if config.weight_bits in (4, 8) else 2 ** config.weight_bits, weight.shape))
                elif weight.name == 'g_idx':
                    size = config.group_size if config.group_size > 0 else weight.shape[0]
                    weight.assign(np.arange(weight.shape[0]) // size)
            if config.mode == 'gptq':
                layer.is_gptq_calibrated = True
    return quantize


def chain():
    x = keras.Input((5, 9))
    y = L.EinsumDense('abc,cd->abd', output_shape=(5, 7), bias_axes='d', activation='tanh')(x)
    y = L.EinsumDense('abd,def->abef', output_shape=(5, 2, 3), bias_axes='ef')(y)
    y = L.EinsumDense('abef,efg->abg', output_shape=(5, 11), bias_axes='g', activation='tanh')(y)
    y = L.Dense(6)(y)
    y = L.Dense(9, activation='tanh')(y)
    return keras.Model(x, L.Dense(5, use_bias=False)(y)), lambda random: random.normal(0, 1, (2, 5, 9)).astype('float32')


def int8_einsum():
    net, make = chain()
    turn = [Q.Int8QuantizationConfig(), Q.Int8QuantizationConfig(activation_quantizer=None)]
    return net, each(lambda number: turn[number % 3 == 2]), make


def int8_einsum_turned():
    x = keras.Input((4, 6))
    return keras.Model(x, L.EinsumDense('aeb,bf->afe', output_shape=(7, 4), bias_axes='f')(x)), each(lambda number: Q.Int8QuantizationConfig()), lambda random: random.normal(0, 1, (2, 4, 6)).astype('float32')


def int4():
    net, make = chain()
    rounded = Q.AbsMaxQuantizer(value_range=(-127, 127))
    turn = [Q.Int4QuantizationConfig(), Q.Int4QuantizationConfig(block_size=4), Q.Int4QuantizationConfig(block_size=-1), Q.Int4QuantizationConfig(block_size=-1, activation_quantizer=rounded)]
    return net, each(lambda number: turn[(0, 1, 2, 3, 1, 3)[number]]), make


def int4_dense():
    net, make = chain()
    return net, each(lambda number: Q.Int4QuantizationConfig(block_size=(-1, 3)[number % 2])), make


def int4_embedding():
    x, y = keras.Input((5,), dtype='int32'), keras.Input((5,), dtype='int32')
    outputs = [L.Embedding(20, 8)(x), L.Embedding(20, 7, mask_zero=True)(x), L.Embedding(20, 9)(x)]
    turn = [Q.Int4QuantizationConfig(), Q.Int4QuantizationConfig(block_size=3), Q.Int4QuantizationConfig(block_size=-1)]
    return keras.Model(x, L.Concatenate()(outputs)), each(lambda number: turn[number]), lambda random: random.randint(0, 20, (3, 5)).astype('int32')


def float8():
    net, make = chain()
    return net, each(lambda number: Q.Float8QuantizationConfig()), make


def gptq():
    net, make = chain()
    bits = (4, 8, 4, 2, 4, 3)
    return net, each(lambda number: Q.GPTQConfig(dataset=None, tokenizer=None, weight_bits=bits[number], group_size=(-1, 4, 3)[number % 3])), make


def save(build, number, entries):
    keras.utils.set_random_seed(2000 + number)
    random = np.random.RandomState(2000 + number)
    net, how, make = build()
    for weight in net.weights:
        weight.assign(random.normal(0, 0.4, weight.shape))
    fed = make(random)
    if callable(how):
        net(fed)
        how(net, random)
    elif how == 'lora':
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
    os.makedirs(FOLDER, exist_ok=True)
    net.save(path + '.keras')
    np.savez_compressed(path + '.npz', in0=fed, out0=np.asarray(net(fed, training=False)))
    layers = sorted({layer.__class__.__name__ for layer in net.layers})
    entries[:] = [e for e in entries if e['model'] != name + '.keras']
    entries.append({'model': name + '.keras', 'answers': name + '.npz', 'layers': layers, 'rtol': 1e-4, 'atol': 1e-5})


def main():
    index = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(index))
    for number, build in enumerate((int8_dense, int8_sequence, lora, int8_einsum, int8_einsum_turned, int4, int4_dense, int4_embedding, float8, gptq)):
        if sys.argv[1:] and build.__name__ not in sys.argv[1:]:
            continue
        save(build, number, entries)
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in entries) + '\n]\n')


main()
