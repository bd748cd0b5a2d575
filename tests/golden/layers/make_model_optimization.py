"""Golden cases of the TensorFlow Model Optimization Toolkit: pruned, quantization-aware and clustered models, made by the toolkit itself.

usage: make_model_optimization.py [CASE…]      TensorFlow 2.15.1, tensorflow-model-optimization 0.8.0, tf_keras 2.15.1

A case is a model, model_optimization/NAME.h5 or NAME_archive.keras, and in NAME.npz what `predict` gives for random inputs: in0, in1, … and out0, out1, …, in
the model's order. A model is trained for some steps as its users train it (masks, ranges and clusters come from that), and its weights and moving ranges then
move to random places, for a few steps leave them near where they began. The run is repeatable; index.json lists the cases.
"""
import json
import os

os.environ.update(CUDA_VISIBLE_DEVICES='', TF_ENABLE_ONEDNN_OPTS='0', TF_CPP_MIN_LOG_LEVEL='3')
import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
from golden_cases import HERE, add_to_index, asked_cases, case, write_answers
from tensorflow_model_optimization.python.core.clustering.keras.experimental import cluster as clustering
from tensorflow_model_optimization.python.core.quantization.keras import quantize_layer, quantize_wrapper, quantizers
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import default_8bit_quantize_configs, default_8bit_quantize_registry
from tensorflow_model_optimization.python.core.quantization.keras.experimental.default_n_bit import default_n_bit_quantize_scheme

keras = tf.keras
L = keras.layers
Input = keras.Input
P = tfmot.sparsity.keras
Q = tfmot.quantization.keras
C = tfmot.clustering.keras
prune = P.prune_low_magnitude
FOLDER = os.path.join(HERE, 'model_optimization')


# Pruning. The first is half-way through its schedule, the second was trained to its end.
@case('h5', 'keras')
def prune_model():
    x = Input((9, 8, 3))
    y = L.Conv2D(6, 3, padding='same', use_bias=False)(x)
    y = L.Activation('relu')(L.BatchNormalization()(y))
    y = L.MaxPooling2D(2)(L.DepthwiseConv2D(3, padding='same')(y))
    y = L.Add()([y, L.SeparableConv2D(6, 3, padding='same', activation='relu')(y)])
    y = L.Dropout(0.3)(L.Flatten()(L.Concatenate()([y, L.ReLU()(y)])))
    return prune(keras.Model(x, L.Dense(5, activation='softmax')(y)), pruning_schedule=P.PolynomialDecay(0.2, 0.9, 0, 1000, frequency=1))


@case('h5', 'keras')
def prune_finished():
    return prune(keras.Sequential([L.Conv1D(6, 3, activation='relu', input_shape=(12, 4)), L.LayerNormalization(), L.GlobalAveragePooling1D(), L.Dense(7, activation='tanh'), L.Dense(3)]),
                 pruning_schedule=P.ConstantSparsity(0.6, 0, frequency=1))


@case('h5')
def prune_layers():
    """Wrapped one by one, beside plain ones; a mask ends at a wrapper, but at that of Masking."""
    a, b, words, s = Input((6, 5, 4)), Input((4, 4, 4, 2)), Input((7,)), Input((6, 3))
    every = P.ConstantSparsity(0.5, 0, frequency=1)
    y = prune(L.Conv2DTranspose(3, 3, strides=2, activation='relu'), pruning_schedule=every)(a)
    blocks = prune(L.Dense(8, activation='relu'), pruning_schedule=every, block_size=(2, 2), block_pooling_type='MAX')(L.Flatten()(a))
    return keras.Model([a, b, words, s], [y, blocks, prune(L.Dense(4), sparsity_m_by_n=(2, 4))(blocks), prune(L.Conv3D(3, 2), pruning_schedule=every)(b),
                                          L.LSTM(4)(prune(L.Embedding(9, 5, mask_zero=True), pruning_schedule=every)(words)),
                                          L.GRU(3)(prune(L.Masking(0.5))(s)), prune(L.LocallyConnected1D(3, 2), pruning_schedule=every)(s),
                                          prune(L.SeparableConv1D(4, 3), pruning_schedule=every)(s), prune(L.BatchNormalization(trainable=False))(a)])


@case('keras')
def prune_recurrent():
    """Two masks of one layer have one name, by which HDF5 cannot hold them: Keras writes such models as .keras alone."""
    x = Input((6, 4))
    cells = L.RNN([L.LSTMCell(4), L.GRUCell(3)], return_sequences=True)
    net = keras.Model(x, [L.LSTM(5, return_sequences=True)(x), L.GRU(4)(x), L.SimpleRNN(3, go_backwards=True)(x), cells(x), L.MultiHeadAttention(2, 3)(x, value=x)])
    return prune(net, pruning_schedule=P.ConstantSparsity(0.5, 0, frequency=1))


@case('h5', 'keras')
def prune_stripped():
    return P.strip_pruning(trained(prune_model(), np.random.RandomState(5)))


# Quantization-aware training.
@case('h5', 'keras')
def quantize_cnn():
    y = x = Input((10, 9, 3))
    for layer in [
        L.Conv2D(6, 3, padding='same', use_bias=False), L.BatchNormalization(), L.ReLU(), L.DepthwiseConv2D(3, padding='same'), L.BatchNormalization(), L.Activation('relu'),
        L.MaxPooling2D(2), L.SeparableConv2D(8, 3, activation='relu'), L.Conv2DTranspose(4, 3, strides=2, padding='same', activation='relu'), L.Conv2D(5, 2, activation='relu'),
        L.GlobalAveragePooling2D(), L.Dropout(0.2), L.Dense(7, activation='relu'), L.Dense(5, activation='softmax')]:
        y = layer(y)
    return Q.quantize_model(keras.Model(x, y))


def inverted_residual(x, expansion, filters, stride):
    y = L.ReLU(6.)(L.BatchNormalization()(L.Conv2D(expansion * x.shape[-1], 1, use_bias=False)(x)))
    y = L.ReLU(6.)(L.BatchNormalization()(L.DepthwiseConv2D(3, strides=stride, padding='same', use_bias=False)(y)))
    y = L.BatchNormalization()(L.Conv2D(filters, 1, use_bias=False)(y))
    return L.Add()([x, y]) if stride == 1 and x.shape[-1] == filters else y


@case('h5', 'keras')
def quantize_residual():
    """As MobileNetV2."""
    x = Input((16, 16, 3))
    y = L.ReLU(6.)(L.BatchNormalization()(L.Conv2D(4, 3, strides=2, padding='same', use_bias=False)(x)))
    for expansion, filters, stride in ((2, 4, 1), (3, 6, 2), (2, 6, 1)):
        y = inverted_residual(y, expansion, filters, stride)
    y = L.ReLU(6.)(L.BatchNormalization()(L.Conv2D(10, 1, use_bias=False)(y)))
    return Q.quantize_model(keras.Model(x, L.Dense(6, activation='softmax')(L.GlobalAveragePooling2D()(y))))


@case('h5')
def quantize_branches():
    a = Input((8, 6, 4))
    y = L.Concatenate()([L.Conv2D(3, 3, padding='same')(a), L.AveragePooling2D(3, 1, padding='same')(a), L.LeakyReLU(0.1)(a)])
    y = L.Cropping2D(1)(L.ZeroPadding2D(2)(y))
    y = L.UpSampling2D(2)(y)
    named = [L.Dense(4, activation=name)(L.Flatten()(a)) for name in ('sigmoid', 'tanh', 'gelu', 'swish', 'linear')]
    return Q.quantize_model(keras.Model(a, [y, L.Reshape((24, 8))(a), L.Permute((2, 1, 3))(a)] + named + [L.Activation(f)(L.Conv2D(2, 1)(a)) for f in ('softmax', 'tanh', tf.nn.relu6)]))


@case('h5', 'keras')
def quantize_some():
    """Layers chosen one by one, the rest as it was."""
    x = Input((8, 7, 3))
    y = L.BatchNormalization()(L.Conv2D(4, 3)(x))
    y = Q.quantize_annotate_layer(L.Conv2D(5, 3, activation='relu'))(y)
    y = Q.quantize_annotate_layer(L.Flatten())(y)
    return Q.quantize_apply(keras.Model(x, L.Dense(4, activation='elu')(Q.quantize_annotate_layer(L.Dense(6))(y))))


@case('h5', 'keras')
def quantize_annotated():
    """Marked for quantization and saved before it."""
    x = Input((8, 7, 3))
    y = Q.quantize_annotate_layer(L.Conv2D(5, 3, activation='relu'))(L.BatchNormalization()(x))
    y = Q.quantize_annotate_layer(L.Dense(6, activation='tanh'), quantize_config=default_8bit_quantize_configs.NoOpQuantizeConfig())(L.Flatten()(y))
    return keras.Model(x, y)


@case('h5', 'keras')
def quantize_configurations():
    """What quantize_model does not make by itself: other quantizers, QuantizeWrapper of the toolkit's first versions."""
    a, b = Input((6, 5, 4)), Input((9,))
    q, registry = quantizers, default_8bit_quantize_registry
    kinds = [q.MovingAverageQuantizer(8, False, False, False), q.MovingAverageQuantizer(4, False, True, True), q.LastValueQuantizer(8, True, True, True), q.LastValueQuantizer(5, False, False, False),
                  q.AllValuesQuantizer(12, False, False, False), q.FixedQuantizer(8, -1.5, 2.0, False), q.FixedQuantizer(8, -1.0, 1.0, True), q.NoQuantizer()]
    outputs = [quantize_layer.QuantizeLayer(one, name='quantize_%d' % i)(a) for i, one in enumerate(kinds)]
    outputs.append(quantize_layer.QuantizeLayer(None)(b))
    outputs += [quantize_wrapper.QuantizeWrapper(L.Conv2D(3, 2, activation='relu'), registry.Default8BitConvQuantizeConfig(['kernel'], ['activation'], False))(a),
                quantize_wrapper.QuantizeWrapper(L.Dense(4, activation='sigmoid'), registry.Default8BitQuantizeConfig(['kernel'], ['activation'], True))(b),
                quantize_wrapper.QuantizeWrapperV2(L.Dense(3, activation='elu'), registry.Default8BitQuantizeConfig(['kernel'], [], False))(b),
                quantize_wrapper.QuantizeWrapperV2(L.BatchNormalization(), default_8bit_quantize_configs.Default8BitOutputQuantizeConfig(quantize_output=True))(a),
                quantize_wrapper.QuantizeWrapperV2(L.MaxPooling2D(), default_8bit_quantize_configs.Default8BitOutputQuantizeConfig(quantize_output=False))(a)]
    return keras.Model([a, b], outputs)


@case('h5', 'keras')
def quantize_four_bits():
    x = Input((8, 8, 3))
    y = L.ReLU()(L.BatchNormalization()(L.Conv2D(5, 3, use_bias=False)(x)))
    y = L.Conv2DTranspose(4, 2, strides=2, activation='relu')(L.DepthwiseConv2D(3)(y))
    y = L.Activation('relu')(L.Dense(6)(L.Flatten()(y)))
    net = Q.quantize_annotate_model(keras.Model(x, L.Dense(4, activation='softmax')(y)))
    return Q.quantize_apply(net, scheme=default_n_bit_quantize_scheme.DefaultNBitQuantizeScheme(num_bits_weight=4, num_bits_activation=6))


# Clustering.
@case('h5', 'keras')
def cluster_model():
    x = Input((9, 8, 3))
    y = L.ReLU()(L.BatchNormalization()(L.Conv2D(6, 3, padding='same')(x)))
    y = L.SeparableConv2D(5, 3, activation='relu')(L.DepthwiseConv2D(3)(y))
    y = L.Dense(8, activation='tanh')(L.Flatten()(L.MaxPooling2D(2)(y)))
    return C.cluster_weights(keras.Model(x, L.Dense(5, activation='softmax')(y)), number_of_clusters=5, cluster_centroids_init=C.CentroidInitialization.KMEANS_PLUS_PLUS)


def clustered(layer, x, **options):
    layer(x)  # its weights are to be there
    return clustering.cluster_weights(layer, **options)(x)


@case('h5', 'keras')
def cluster_layers():
    a, b, words, s = Input((8, 7, 3)), Input((9,)), Input((7,)), Input((6, 4))
    density = dict(number_of_clusters=6, cluster_centroids_init=C.CentroidInitialization.DENSITY_BASED)
    channels = dict(number_of_clusters=3, cluster_centroids_init=C.CentroidInitialization.LINEAR, cluster_per_channel=True)
    return keras.Model([a, b, words, s], [clustered(L.Conv2D(4, 3, activation='relu'), a, **channels), clustered(L.Conv2DTranspose(3, 3), a, **channels),
                                          clustered(L.Dense(6, activation='relu'), b, **density), clustered(L.Embedding(11, 5), words, **density),
                                          clustered(L.Conv1D(4, 2, use_bias=False), s, **density)])


@case('h5', 'keras')
def cluster_recurrent():
    x = Input((6, 4))
    linear = dict(number_of_clusters=7, cluster_centroids_init=C.CentroidInitialization.LINEAR)
    return C.cluster_weights(keras.Model(x, [L.LSTM(5, return_sequences=True)(x), L.GRU(4)(x), L.SimpleRNN(3)(x)]), **linear)


@case('h5', 'keras')
def cluster_attention():
    x = Input((6, 4))
    return C.cluster_weights(keras.Model(x, L.LayerNormalization()(L.MultiHeadAttention(2, 3)(x, value=x))), number_of_clusters=5, cluster_centroids_init=C.CentroidInitialization.LINEAR)


@case('h5', 'keras')
def cluster_sparse():
    """Clusters that keep what pruning made zero."""
    net = keras.Sequential([L.Conv2D(6, 3, activation='relu', input_shape=(8, 7, 3)), L.Flatten(), L.Dense(5)])
    random = np.random.RandomState(9)
    net.set_weights([w * (random.uniform(0, 1, w.shape) < 0.5) if w.ndim > 1 else w for w in net.get_weights()])
    return clustering.cluster_weights(net, number_of_clusters=5, cluster_centroids_init=C.CentroidInitialization.LINEAR, preserve_sparsity=True)


@case('h5', 'keras')
def cluster_stripped():
    return C.strip_clustering(trained(cluster_model(), np.random.RandomState(5)))


def numbers(random, tensor):
    shape = (2,) + tuple(tensor.shape[1:])
    return random.randint(0, 9, shape).astype('float32') if len(tensor.shape) == 2 and tensor.shape[1] == 7 else random.normal(0, 1, shape).astype('float32')


def trained(net, random):
    """The model after some steps, then with its weights and moving ranges moved."""
    net.compile(keras.optimizers.SGD(0.05), 'mse')
    inputs = [numbers(random, x) for x in net.inputs]
    targets = [random.normal(0, 1, (2,) + tuple(y.shape[1:])).astype('float32') for y in net.outputs]
    is_pruned = any(type(layer).__name__ == 'PruneLowMagnitude' for layer in net.layers)
    net.fit(inputs, targets, epochs=3, batch_size=2, verbose=0, callbacks=[P.UpdatePruningStep()] if is_pruned else [])
    for weight in net.weights:
        name, value = weight.name.split(':')[0].split('/')[-1], weight.numpy()
        if name.endswith('_min') and value.ndim == 0 and not name.startswith(('kernel', 'quantize_layer')):
            weight.assign(-random.uniform(0.3, 2.5))
        elif name.endswith('_max') and value.ndim == 0 and not name.startswith(('kernel', 'quantize_layer')):
            weight.assign(random.uniform(1.5, 4))
        elif name.endswith('variance'):
            weight.assign(random.uniform(0.3, 2, value.shape).astype('float32'))
        elif name.endswith('mean') or name in ('beta', 'bias'):
            weight.assign(random.normal(0, 0.3, value.shape).astype('float32'))
        elif name == 'gamma':
            weight.assign(random.uniform(0.5, 1.5, value.shape).astype('float32'))
    return net


def classes_of(net):
    found = set()
    for layer in json.loads(net.to_json())['config']['layers']:
        found.add(layer['class_name'])
        if 'layer' in layer['config']:
            found.add(layer['config']['layer']['class_name'])
    return sorted(found)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for function, ending, name in asked_cases():
        keras.backend.clear_session()
        keras.backend.reset_uids()
        seed = sum(map(ord, name))
        random = np.random.RandomState(seed)
        keras.utils.set_random_seed(seed)
        net = function()
        net = net if name.split('_')[1] == 'stripped' else trained(net, random)
        for layer in net.layers:  # as after a step without UpdatePruningStep: what the mask hides is not zero
            if type(layer).__name__ == 'PruneLowMagnitude' and function is not prune_finished:
                for weight, _, _ in layer.pruning_vars:
                    weight.assign(random.normal(0, 0.4, weight.shape).astype('float32'))
        inputs = [numbers(random, x) for x in net.inputs]
        if name.startswith('cluster'):
            net.predict(inputs, verbose=0)  # which assigns weights to clusters, and stores that
        net.save(os.path.join(FOLDER, '%s.%s' % (name, ending)))
        answers = net.predict(inputs, verbose=0)
        write_answers('model_optimization', name, inputs, answers)
        add_to_index('model_optimization', name, ending, classes_of(net))


main()
