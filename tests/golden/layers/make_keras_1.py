"""Golden cases of old Kerases, made with Keras 1.2.2, 1.0.5, 0.3.3 and 0.2.0 themselves: python3.6 make_keras_1.py KERAS BACKEND

KERAS is the folder of an unpacked source archive (PyPI: Keras==1.2.2 and so on), BACKEND theano or tensorflow. They run on
Python 3.6 with Theano 1.0.5, tensorflow 1.4.1, numpy 1.16, scipy 1.2, h5py 2.10, PyYAML 5. Keras 0.2.0
wants Theano 0.8.2 with numpy 1.11. Each case has random weights and inputs; index.json lists it. A Keras without save_model has a
JSON architecture and a file of weights.
"""
import collections
import json
import os
import sys
import tempfile

KERAS, BACKEND = os.path.abspath(sys.argv[1]), sys.argv[2]
VERSION = next(line for line in open(os.path.join(KERAS, 'PKG-INFO')) if line.startswith('Version:')).split()[1]
os.environ.update(KERAS_BACKEND=BACKEND, HOME=tempfile.mkdtemp(), CUDA_VISIBLE_DEVICES='', THEANO_FLAGS='cxx=,mode=FAST_COMPILE,optimizer_excluding=AbstractConvCheck')
sys.path.insert(0, KERAS)
import numpy as np
import keras
if VERSION >= '0.3':
    from keras import backend as K
if VERSION >= '1':
    from keras import layers as L
else:
    import types
    from keras.layers import advanced_activations, convolutional, core, embeddings, normalization, recurrent
    L = types.SimpleNamespace()
    for part in (advanced_activations, convolutional, core, embeddings, normalization, recurrent):
        L.__dict__.update({name: value for name, value in vars(part).items() if isinstance(value, type)})
from keras.models import Sequential

if BACKEND == 'theano':
    import theano.ifelse  # which Keras 1.2.2 takes for imported

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'keras_' + VERSION)
PREFIX = 'k' + VERSION.replace('.', '') + {'theano': 'th_', 'tensorflow': 'tf_'}[BACKEND]
# Today's name of a class where it has another.
TODAY = {'Convolution1D': 'Conv1D', 'Convolution2D': 'Conv2D', 'Convolution3D': 'Conv3D', 'AtrousConvolution1D': 'Conv1D',
         'AtrousConvolution2D': 'Conv2D', 'Deconvolution2D': 'Conv2DTranspose', 'SeparableConvolution2D': 'SeparableConv2D',
         'TimeDistributedDense': 'Dense'}
MERGES = {'sum': 'Add', 'mul': 'Multiply', 'ave': 'Average', 'max': 'Maximum', 'concat': 'Concatenate'}


def chain(*layers):
    model = Sequential()
    for layer in layers:
        model.add(layer)
    return model


def normal(*shape):
    return lambda random: random.normal(0, 1, shape)


def tokens(n, *shape):
    """Indices below n whose later steps are zero."""
    def make(random):
        x = random.randint(1, n, shape)
        for row in range(shape[0]):
            x[row, max(1, shape[1] - 2 * row):] = 0
        return x
    return make


def steps(*shape):
    """Sequences, some steps of which are zero throughout."""
    def make(random):
        x = random.normal(0, 1, shape)
        x[0, 1] = 0
        x[-1, 2:] = 0
        return x
    return make


def value_for(name, shape, random):
    if 'running_std' in name:
        return random.uniform(0.4, 1.6, shape)
    if 'gamma' in name:
        return random.uniform(0.5, 1.5, shape)
    if 'a_left' in name:  # below 0 it means another function in Theano than in TensorFlow
        return random.uniform(0, 0.6, shape)
    if len(shape) < 2:
        return random.normal(0, 0.4, shape)
    return random.normal(0, 1, shape) * np.sqrt(1.5 / max(1, np.prod(shape) / max(shape)))


def randomise(model, random):
    for variable in model.trainable_weights + model.non_trainable_weights:
        K.set_value(variable, value_for(variable.name, K.get_value(variable).shape, random).astype('float32'))


def leaves(layer):
    """The layers of a model of Keras 0.x, and those in its Merges."""
    if getattr(layer, 'nodes', None):
        return list(layer.nodes.values())
    if not hasattr(layer, 'layers'):
        return [layer]
    return [leaf for inner in layer.layers for leaf in leaves(inner)]


def classes_of(layers):
    """Today's names of the classes of layers, and of those within them."""
    names = []
    for layer in layers:
        name = type(layer).__name__
        if name == 'Merge':
            name = MERGES.get(layer.mode, 'Merge')
        names += [TODAY.get(name, name)]
        inner = list(getattr(layer, 'layers', None) or []) + [part for part in [getattr(layer, 'layer', None)] if part is not None]
        names += classes_of(inner)
    return [name for i, name in enumerate(names) if name not in names[:i]]


def add_to_index(entry):
    path = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(path), object_pairs_hook=collections.OrderedDict)
    answers = [known['answers'] for known in entries]
    if entry['answers'] in answers:
        entries[answers.index(entry['answers'])] = entry
    else:
        entries.append(entry)
    with open(path, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(e) for e in entries) + '\n]\n')


def save(name, model, inputs, outputs):
    folder = os.path.basename(FOLDER)
    path = os.path.join(FOLDER, name)
    entry = collections.OrderedDict([('model', folder + '/' + name + '.h5'), ('answers', folder + '/' + name + '.npz'), ('layers', classes_of(list(model.nodes.values()) if hasattr(model, 'output_order') else model.layers)),
                                     ('rtol', 1e-4), ('atol', 1e-5)])
    if hasattr(model, 'save'):
        model.save(path + '.h5')
    else:
        with open(path + '.json', 'w') as file:
            file.write(model.to_json())
        model.save_weights(path + '.h5', overwrite=True)
        entry.update(model=folder + '/' + name + '.json', weights=folder + '/' + name + '.h5')
    arrays = {'in%d' % i: x for i, x in enumerate(inputs)}
    arrays.update({'out%d' % i: np.asarray(y, 'float32') for i, y in enumerate(outputs)})
    np.savez_compressed(path + '.npz', **arrays)
    add_to_index(entry)


def answers_of(model, inputs):
    if hasattr(model, 'output_order'):  # a Graph
        model.compile('sgd', {name: 'mse' for name in model.output_order})
        outputs = model.predict(dict(zip(model.input_order, inputs)))
        return [outputs[name] for name in model.output_order]
    model.compile('sgd', 'mse')
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0])
    return outputs if isinstance(outputs, list) else [outputs]


def make(name, build, makers):
    name = PREFIX + name
    random = np.random.RandomState(sum(map(ord, name)))
    model = build()
    if VERSION >= '1':
        randomise(model, random)
    else:
        for layer in leaves(model):
            names = ['gamma', '', '', 'running_std'] if type(layer).__name__ == 'BatchNormalization' else [''] * 12
            layer.set_weights([value_for(name, w.shape, random).astype('float32') for name, w in zip(names, layer.get_weights())])
    inputs = [maker(random).astype('float32') for maker in makers]
    outputs = answers_of(model, inputs)
    assert all(np.isfinite(y).all() for y in outputs), name
    save(name, model, inputs, outputs)
    print(name, [y.shape for y in outputs])


# ------------------------------------------------------------------------------------------------------- Keras 1, any backend

def functional(inputs, outputs):
    from keras.models import Model
    return Model(input=inputs, output=outputs)


def advanced_activations():
    x = L.Input((4, 3))
    y = [L.ParametricSoftplus()(x), L.SReLU()(x), L.PReLU()(x), L.LeakyReLU(0.2)(x), L.ELU(0.7)(x), L.ThresholdedReLU(0.4)(x)]
    return functional([x], y)


def shared_axes():
    x = L.Input((4, 5, 3))
    return functional([x], [L.ParametricSoftplus(shared_axes=[1, 2])(x), L.SReLU(shared_axes=[1])(x), L.PReLU(shared_axes=[1, 2])(x)])


def highway_maxout():
    return chain(L.MaxoutDense(5, nb_feature=3, input_dim=4), L.Highway(activation='tanh'), L.Highway(bias=False), L.MaxoutDense(2, bias=False))


def merges():
    a, b, c = L.Input((4, 3)), L.Input((4, 3)), L.Input((4, 3))
    u, v = L.Flatten()(a), L.Flatten()(b)
    y = [L.merge([a, b, c], mode=mode) for mode in ('sum', 'mul', 'ave', 'max', 'concat')]
    y += [L.merge([a, b], mode='concat', concat_axis=1), L.merge([a, b], mode='dot', dot_axes=2), L.merge([a, b], mode='dot', dot_axes=[1, 1]),
          L.merge([a, b], mode='dot', dot_axes=-1), L.merge([u, v], mode='dot', dot_axes=1), L.merge([u, v], mode='cos', dot_axes=1)]
    return functional([a, b, c], y)


def merge_cos_matrices():
    a, b = L.Input((3, 3)), L.Input((3, 3))
    return functional([a, b], [L.merge([a, b], mode='cos', dot_axes=2), L.merge([a, b], mode='cos', dot_axes=1)])


def sequential_merge():
    inner = chain(L.Merge([chain(L.Dense(3, input_dim=4, activation='relu')), chain(L.Dense(3, input_dim=2), L.Activation('tanh'))], mode='mul'), L.Dense(2))
    other = chain(L.Embedding(7, 3, input_length=5), L.LSTM(2))
    return chain(L.Merge([inner, other], mode='concat'), L.Dense(3, activation='softmax'))


def merged_functional():
    x = L.Input((4,))
    branch = functional([x], [L.Dense(3, activation='tanh')(x)])
    return chain(L.Merge([branch, chain(L.Dense(3, input_dim=4))], mode='sum'), L.Dense(2))


def model_in_sequential():
    x = L.Input((4,))
    inner = functional([x], [L.BatchNormalization()(L.Dense(3, activation='relu')(x))])
    return chain(inner, chain(L.Dense(4, input_dim=3), L.BatchNormalization(), L.Dropout(0.5)), L.Dense(2))


def models_in_functional():
    x, y, i = L.Input((4,)), L.Input((4,)), L.Input((4,))
    twin = functional([i], [L.BatchNormalization()(L.Dense(3, activation='tanh')(i))])
    tail = chain(L.Dense(2, input_dim=3), L.Activation('sigmoid'))
    return functional([x, y], [tail(L.merge([twin(x), twin(y)], mode='mul')), tail(twin(x))])


def frames_of_model():
    i = L.Input((4, 2))
    inner = functional([i], [L.LSTM(3)(L.Convolution1D(3, 2)(i))])
    return chain(L.TimeDistributed(inner, input_shape=(3, 4, 2)), L.Dense(2))


def recurrent():
    x = L.Input((5, 3))
    m = L.Masking()(x)
    y = [layer(4, return_sequences=True)(m) for layer in (L.SimpleRNN, L.GRU, L.LSTM)]
    y += [layer(4, go_backwards=True, consume_less=how)(x) for layer in (L.SimpleRNN, L.GRU, L.LSTM) for how in ('cpu', 'mem')]
    y += [L.GRU(3, consume_less='gpu', inner_activation='sigmoid')(m), L.LSTM(3, consume_less='gpu', unroll=True)(x), L.LSTM(3, dropout_W=0.3, dropout_U=0.2)(x)]
    return functional([x], y)


def bidirectional():
    x = L.Input((5, 3))
    y = [L.Bidirectional(L.LSTM(2, return_sequences=True), merge_mode=mode)(x) for mode in ('concat', 'sum', 'mul', 'ave')]
    y += [L.Bidirectional(L.GRU(2))(x), L.TimeDistributed(L.Dense(2, activation='relu'))(x)]
    return functional([x], y)


def time_distributed():
    x = L.Input((3, 4, 3))
    y = L.TimeDistributed(L.Convolution1D(2, 2))(x)
    return functional([x], [y, L.TimeDistributed(L.Flatten())(y), L.TimeDistributed(L.LSTM(2))(x)])


def embedding_masks():
    x = L.Input((6,))
    e = L.Embedding(9, 4, mask_zero=True)(x)
    return functional([x], [L.LSTM(3)(e), L.TimeDistributedDense(2)(L.Dropout(0.5)(L.GRU(3, return_sequences=True)(e)))])


def core():
    x = L.Input((4, 6))
    y = [L.Permute((2, 1))(x), L.Reshape((3, -1))(x), L.Dense(3, bias=False, activation='softplus')(L.Flatten()(x)), L.TimeDistributedDense(2)(x),
         L.RepeatVector(3)(L.GlobalAveragePooling1D()(x)), L.Activation('softmax')(x), L.Activation('hard_sigmoid')(x), L.Activation('softsign')(x),
         L.GaussianNoise(0.3)(x), L.GaussianDropout(0.3)(x), L.SpatialDropout1D(0.3)(x), L.Dense(2)(L.ActivityRegularization(0.1)(L.Activation('relu')(x)))]
    return functional([x], y)


def batch_normalizations():
    x, y = L.Input((4, 3)), L.Input((5,))
    return functional([x, y], [L.BatchNormalization()(x), L.BatchNormalization(axis=1, epsilon=0.01)(x), L.BatchNormalization()(y)])


def batch_normalization_samples():
    x, y = L.Input((4, 3)), L.Input((5,))
    return functional([x, y], [L.BatchNormalization(mode=1)(x), L.BatchNormalization(mode=1, epsilon=0.1)(y)])


def one_axis():
    x = L.Input((9, 3))
    y = [L.Convolution1D(4, 3, activation='relu')(x), L.Convolution1D(4, 3, border_mode='same', bias=False)(x), L.Convolution1D(2, 2, subsample_length=2)(x),
         L.AtrousConvolution1D(2, 3, atrous_rate=2)(x), L.MaxPooling1D(2)(x), L.AveragePooling1D(3, stride=2)(x),
         L.ZeroPadding1D(2)(x), L.ZeroPadding1D((1, 2))(x), L.Cropping1D((1, 2))(x), L.UpSampling1D(2)(x), L.GlobalMaxPooling1D()(x)]
    return functional([x], y)


def locally_connected():
    x = L.Input((9, 3))
    return functional([x], [L.LocallyConnected1D(2, 3, subsample_length=2)(x), L.LocallyConnected1D(3, 2, activation='relu', bias=False)(x)])


# ---------------------------------------------------------------------------------------- Keras 1, of either order of the axes

def shape_of(order, channels, *space):
    return (channels,) + space if order == 'th' else space + (channels,)


def two_axes(order):
    x = L.Input(shape_of(order, 3, 7, 9))
    both = {'dim_ordering': order}
    y = [L.Convolution2D(4, 3, 2, activation='relu', **both)(x), L.Convolution2D(2, 3, 3, border_mode='same', **both)(x), L.Convolution2D(2, 2, 3, subsample=(2, 1), bias=False, **both)(x),
         L.AtrousConvolution2D(2, 3, 2, atrous_rate=(2, 2), **both)(x), L.MaxPooling2D((2, 3), **both)(x), L.AveragePooling2D((3, 2), strides=(1, 2), **both)(x),
         L.ZeroPadding2D((1, 2), **both)(x), L.ZeroPadding2D((1, 0, 2, 3), **both)(x), L.ZeroPadding2D({'left_pad': 1, 'top_pad': 2}, **both)(x), L.Cropping2D(((1, 2), (0, 3)), **both)(x),
         L.UpSampling2D((2, 3), **both)(x), L.GlobalMaxPooling2D(**both)(x), L.GlobalAveragePooling2D(**both)(x),
         L.BatchNormalization(axis=1 if order == 'th' else -1)(x), L.SpatialDropout2D(0.3, **both)(x)]
    return functional([x], y)


def same_windows(order):
    x = L.Input(shape_of(order, 2, 7, 8))
    both = {'border_mode': 'same', 'dim_ordering': order}
    y = [L.Convolution2D(3, 2, 4, **both)(x), L.Convolution2D(3, 3, 5, subsample=(2, 2), **both)(x), L.Convolution2D(3, 2, 3, subsample=(3, 2), **both)(x)]
    y += [pool(size, strides=strides, **both)(x) for pool in (L.MaxPooling2D, L.AveragePooling2D) for size, strides in (((2, 2), None), ((3, 3), (2, 2)), ((3, 3), (1, 1)), ((4, 5), (2, 1)))]
    return functional([x], y)


def same_steps():
    x, y = L.Input((7, 2)), L.Input((8, 2))
    outputs = [L.Convolution1D(3, 4, border_mode='same')(x), L.Convolution1D(3, 3, border_mode='same', subsample_length=2)(y)]
    return functional([x, y], outputs + [pool(2, border_mode='same')(i) for pool in (L.MaxPooling1D, L.AveragePooling1D) for i in (x, y)])


def same_volumes(order):
    x = L.Input(shape_of(order, 2, 4, 5, 6))
    both = {'border_mode': 'same', 'dim_ordering': order}
    return functional([x], [L.Convolution3D(2, 2, 3, 3, subsample=(1, 2, 2), **both)(x), L.MaxPooling3D((2, 2, 3), **both)(x), L.AveragePooling3D((3, 2, 2), **both)(x)])


def deconvolution(order):
    x = L.Input(batch_shape=(2,) + shape_of(order, 3, 4, 5))
    both = {'dim_ordering': order}
    return functional([x], [L.Deconvolution2D(2, 3, 3, (2,) + shape_of(order, 2, 6, 7), **both)(x),
                            L.Deconvolution2D(2, 3, 2, (2,) + shape_of(order, 2, 9, 10), subsample=(2, 2), activation='relu', **both)(x)])


def three_axes(order):
    x = L.Input(shape_of(order, 2, 4, 5, 6))
    both = {'dim_ordering': order}
    y = [L.Convolution3D(3, 2, 3, 2, activation='tanh', **both)(x), L.Convolution3D(2, 3, 3, 3, border_mode='same', **both)(x), L.MaxPooling3D((2, 2, 3), **both)(x),
         L.AveragePooling3D((2, 1, 2), **both)(x), L.ZeroPadding3D((1, 0, 2), **both)(x), L.Cropping3D(((1, 1), (0, 2), (1, 0)), **both)(x), L.UpSampling3D((1, 2, 2), **both)(x)]
    return functional([x], y)


def locally_connected_areas(order):
    x = L.Input(shape_of(order, 2, 5, 6))
    return functional([x], [L.LocallyConnected2D(3, 2, 3, dim_ordering=order)(x), L.LocallyConnected2D(2, 2, 2, subsample=(2, 3), bias=False, dim_ordering=order)(x)])


def separable(order):
    x = L.Input(shape_of(order, 2, 6, 7))
    both = {'dim_ordering': order}
    return functional([x], [L.SeparableConvolution2D(3, 2, 3, depth_multiplier=2, activation='relu', **both)(x),
                            L.SeparableConvolution2D(2, 3, 3, border_mode='same', subsample=(2, 2), bias=False, **both)(x)])


def conv_lstm(order):
    x = L.Input((3,) + shape_of(order, 2, 5, 4))
    y = L.ConvLSTM2D(2, 3, 3, border_mode='same', return_sequences=True, dim_ordering=order)(x)
    return functional([x], [y, L.ConvLSTM2D(2, 3, 3, border_mode='same', inner_activation='sigmoid', dim_ordering=order)(x)])


def lenet(order):
    both = {'dim_ordering': order}
    return chain(L.Convolution2D(4, 3, 3, activation='relu', input_shape=shape_of(order, 2, 8, 9), **both), L.MaxPooling2D(**both), L.ZeroPadding2D(**both),
                 L.Convolution2D(3, 2, 2, **both), L.BatchNormalization(axis=1 if order == 'th' else -1), L.Activation('relu'), L.Flatten(), L.Dense(6, activation='relu'), L.Dropout(0.5), L.Dense(3, activation='softmax'))


def frames(order):
    both = {'dim_ordering': order}
    return chain(L.TimeDistributed(L.Convolution2D(3, 2, 2, **both), input_shape=(3,) + shape_of(order, 2, 5, 6)), L.TimeDistributed(L.MaxPooling2D(**both)),
                 L.TimeDistributed(L.Flatten()), L.LSTM(3), L.Dense(2))


def of_keras_1():
    for build, makers in ((advanced_activations, [normal(2, 4, 3)]), (shared_axes, [normal(2, 4, 5, 3)]), (highway_maxout, [normal(3, 4)]), (merges, [normal(2, 4, 3)] * 3),
                          (merge_cos_matrices, [lambda random: random.uniform(0.1, 1, (2, 3, 3))] * 2),
                          (sequential_merge, [normal(2, 4), normal(2, 2), tokens(7, 2, 5)]), (merged_functional, [normal(2, 4)] * 2), (model_in_sequential, [normal(2, 4)]),
                          (models_in_functional, [normal(2, 4)] * 2), (frames_of_model, [normal(2, 3, 4, 2)]), (recurrent, [steps(3, 5, 3)]),
                          (bidirectional, [normal(2, 5, 3)]), (time_distributed, [normal(2, 3, 4, 3)]), (embedding_masks, [tokens(9, 3, 6)]), (core, [normal(2, 4, 6)]),
                          (batch_normalizations, [normal(2, 4, 3), normal(2, 5)]), (batch_normalization_samples, [normal(2, 4, 3), normal(2, 5)]), (one_axis, [normal(2, 9, 3)]), (locally_connected, [normal(2, 9, 3)]), (same_steps, [normal(2, 7, 2), normal(2, 8, 2)])):
        attempt(build.__name__, build, makers)
    for order in ('tf', 'th'):
        K.set_image_dim_ordering(order)
        for build, shape in ((two_axes, (3, 7, 9)), (same_windows, (2, 7, 8)), (same_volumes, (2, 4, 5, 6)), (deconvolution, (3, 4, 5)), (three_axes, (2, 4, 5, 6)), (lenet, (2, 8, 9))):
            attempt(build.__name__ + '_' + order, lambda: build(order), [normal(2, *shape_of(order, *shape))])
        for build, shape in ((conv_lstm, (2, 5, 4)), (frames, (2, 5, 6))):
            attempt(build.__name__ + '_' + order, lambda: build(order), [normal(2, 3, *shape_of(order, *shape))])
        attempt('locally_connected_areas_' + order, lambda: locally_connected_areas(order), [normal(2, *shape_of(order, 2, 5, 6))])
        if BACKEND == 'tensorflow':
            attempt('separable_' + order, lambda: separable(order), [normal(2, *shape_of(order, 2, 6, 7))])


# ---------------------------------------------------------------------------------------------------------- Keras 1.0.5 and 0.x

def old_convolutions():
    shape = {'input_shape': (2, 8, 9)}
    return chain(L.Convolution2D(4, 3, 2, activation='relu', **shape), L.MaxPooling2D((2, 2)), L.ZeroPadding2D((1, 1)), L.Convolution2D(3, 3, 3, border_mode='same'), L.Flatten(),
                 L.Dense(6), L.BatchNormalization(), L.Activation('tanh'), L.Dropout(0.4), L.Dense(3, activation='softmax'))


def old_steps():
    return chain(L.Convolution1D(4, 3, input_dim=3, input_length=9, border_mode='same'), L.MaxPooling1D(2), L.LSTM(4, return_sequences=True), L.GRU(3, return_sequences=True), L.TimeDistributedDense(2),
                 L.SimpleRNN(3))


def old_embedding():
    layers = [L.Embedding(9, 4, input_length=6), L.LSTM(3, activation='sigmoid', inner_activation='sigmoid'), L.Dense(4), L.PReLU(), L.MaxoutDense(3), L.LeakyReLU(0.2)]
    return chain(*(layers + [L.ParametricSoftplus()] if VERSION >= '0.3' else layers))


def old_masks():
    return chain(L.Embedding(9, 4, input_length=6, mask_zero=True), L.GRU(3, return_sequences=True), L.LSTM(3), L.Dense(2))


def old_merge():
    first = [L.Dense(3, input_dim=4)] + ([L.BatchNormalization()] if VERSION < '1' else [])  # Keras 1.0 calls it twice, and refuses to
    branches = [chain(*first), chain(L.LSTM(3, input_dim=2, input_length=5), L.Dense(3, activation='relu'))]
    return chain(L.Merge(branches, mode='concat'), L.Dense(3), L.Activation('sigmoid'))


def old_sum():
    branches = [chain(L.Dense(3, input_dim=4)), chain(L.Dense(3, input_dim=2))]
    return chain(L.Merge(branches, mode='sum'), L.Reshape((1, 3)), L.Permute((2, 1)), L.Flatten(), L.RepeatVector(2), L.SimpleRNN(2))


def old_samples():
    return chain(L.Dense(5, input_dim=4), L.BatchNormalization(mode=1), L.Dense(2))


def old_graph():
    from keras.models import Graph
    graph = Graph()
    graph.add_input('a', input_shape=(4,))
    graph.add_input('b', input_shape=(3,))
    graph.add_node(L.Dense(3, activation='tanh'), 'first', input='a')
    graph.add_node(L.Dense(2), 'both', inputs=['first', 'b'], merge_mode='concat')
    graph.add_node(L.Dense(3), 'third', inputs=['first', 'b'], merge_mode='mul')
    graph.add_output('y', inputs=['third', 'first'], merge_mode='sum')
    graph.add_output('z', input='both')
    return graph


def old_cases():
    attempt('convolutions', old_convolutions, [normal(2, 2, 8, 9)])
    attempt('steps', old_steps, [normal(2, 9, 3)])
    attempt('embedding', old_embedding, [tokens(9, 2, 6)])
    attempt('merge', old_merge, [normal(2, 4), normal(2, 5, 2)])
    attempt('sum', old_sum, [normal(2, 4), normal(2, 2)])
    attempt('samples', old_samples, [normal(2, 4)])
    if VERSION < '1':
        attempt('graph', old_graph, [normal(2, 4), normal(2, 3)])
    if VERSION >= '0.3':
        attempt('masks', old_masks, [tokens(9, 3, 6)])
    if VERSION >= '1':
        attempt('batch_normalizations', batch_normalizations, [normal(2, 4, 3), normal(2, 5)])


def attempt(*arguments):
    import traceback
    try:
        make(*arguments)
    except Exception:
        print('FAILED', arguments[0], traceback.format_exc()[-900:])


if __name__ == '__main__':
    os.makedirs(FOLDER, exist_ok=True)
    if VERSION >= '1.2':
        of_keras_1()
    else:
        old_cases()
