"""Golden cases of data_format channels_first, made with Keras 2.2.4: KERAS_BACKEND=theano|tensorflow python3.6 make_channels_first.py

On TensorFlow 1.4.1, whose Keras puts transpositions around what its CPU kernels lack, or on Theano 1.0.5 (PyPI: Keras==2.2.4,
numpy 1.16, h5py 2.10). As make_keras_1.py, which says more.
"""
import collections
import json
import os

os.environ.setdefault('THEANO_FLAGS', 'cxx=,mode=FAST_COMPILE,optimizer_excluding=AbstractConvCheck')
import numpy as np
import keras
from keras import Input, Model
from keras import backend as K
from keras import layers as L

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'keras_' + keras.__version__)
PREFIX = 'cf_' + {'theano': 'th_', 'tensorflow': 'tf_'}[K.backend()]
FIRST = {'data_format': 'channels_first'}
IS_TENSORFLOW = K.backend() == 'tensorflow'


def steps():
    x = Input((3, 9))
    y = [L.Conv1D(4, 3, activation='relu', **FIRST)(x), L.Conv1D(2, 3, padding='same', dilation_rate=2, **FIRST)(x), L.Conv1D(2, 2, strides=2, use_bias=False, **FIRST)(x),
         L.MaxPooling1D(2, **FIRST)(x), L.AveragePooling1D(3, strides=2, **FIRST)(x), L.GlobalMaxPooling1D(**FIRST)(x), L.GlobalAveragePooling1D(**FIRST)(x)]
    return x, y


def areas():
    x = Input((3, 7, 8))
    y = [L.Conv2D(4, (3, 2), activation='relu', **FIRST)(x), L.Conv2D(2, 3, padding='same', **FIRST)(x), L.Conv2D(2, (2, 3), strides=(2, 1), use_bias=False, **FIRST)(x),
         L.Conv2D(2, 3, dilation_rate=2, **FIRST)(x), L.Conv2DTranspose(2, 3, **FIRST)(x), L.Conv2DTranspose(2, (3, 2), strides=2, activation='tanh', **FIRST)(x),
         L.MaxPooling2D((2, 3), **FIRST)(x), L.AveragePooling2D((3, 2), strides=(1, 2), **FIRST)(x), L.ZeroPadding2D(((1, 0), (2, 3)), **FIRST)(x),
         L.Cropping2D(((1, 2), (0, 3)), **FIRST)(x), L.UpSampling2D((2, 3), **FIRST)(x), L.GlobalMaxPooling2D(**FIRST)(x), L.GlobalAveragePooling2D(**FIRST)(x),
         L.BatchNormalization(axis=1)(x), L.PReLU(shared_axes=[2, 3])(x), L.SpatialDropout2D(0.3, **FIRST)(x), L.Flatten(**FIRST)(x), L.Softmax(axis=1)(x)]
    return x, y


def same_areas():
    x = Input((2, 7, 8))
    same = {'padding': 'same', 'data_format': 'channels_first'}
    y = [L.Conv2D(3, (2, 4), **same)(x), L.Conv2D(3, (3, 5), strides=2, **same)(x), L.MaxPooling2D(2, **same)(x), L.MaxPooling2D(3, strides=2, **same)(x), L.AveragePooling2D(2, **same)(x)]
    return x, y


def separable():
    x = Input((2, 6, 7))
    y = [L.SeparableConv2D(3, (2, 3), depth_multiplier=2, **FIRST)(x), L.DepthwiseConv2D(3, depth_multiplier=2, activation='relu', **FIRST)(x),
         L.DepthwiseConv2D((2, 2), strides=(2, 2), use_bias=False, **FIRST)(x)]
    return x, y


def volumes():
    x = Input((2, 4, 5, 6))
    y = [L.Conv3D(3, (2, 3, 2), activation='tanh', **FIRST)(x), L.Conv3D(2, 3, padding='same', **FIRST)(x), L.Conv3DTranspose(2, (2, 3, 2), **FIRST)(x), L.MaxPooling3D((2, 2, 3), **FIRST)(x),
         L.AveragePooling3D((2, 1, 2), **FIRST)(x), L.ZeroPadding3D((1, 0, 2), **FIRST)(x), L.Cropping3D(((1, 1), (0, 2), (1, 0)), **FIRST)(x), L.UpSampling3D((1, 2, 2), **FIRST)(x),
         L.GlobalMaxPooling3D(**FIRST)(x), L.GlobalAveragePooling3D(**FIRST)(x)]
    return x, y


def conv_lstm():
    x = Input((3, 2, 5, 4))
    return x, [L.ConvLSTM2D(2, 3, padding='same', return_sequences=True, **FIRST)(x), L.ConvLSTM2D(3, (1, 3), recurrent_activation='sigmoid', **FIRST)(x)]


def frames():
    x = Input((3, 2, 5, 6))
    y = L.TimeDistributed(L.MaxPooling2D(**FIRST))(L.TimeDistributed(L.Conv2D(3, 2, activation='relu', **FIRST))(x))
    return x, [y, L.LSTM(3, unroll=True)(L.TimeDistributed(L.Flatten(**FIRST))(y))]


def network():
    x = Input((2, 8, 9))
    y = L.MaxPooling2D(**FIRST)(L.Activation('relu')(L.BatchNormalization(axis=1)(L.Conv2D(4, 3, **FIRST)(x))))
    z = L.Add()([y, L.Conv2D(4, 1, **FIRST)(y)])
    return x, [L.Dense(3, activation='sigmoid')(L.Flatten()(z)), L.Dense(2)(L.GlobalAveragePooling2D(**FIRST)(L.Concatenate(axis=1)([y, z])))]


def classes_of(layers):
    names = []
    for layer in layers:
        names += [type(layer).__name__] + ([type(layer.layer).__name__] if hasattr(layer, 'layer') else [])
    return [name for i, name in enumerate(names) if name not in names[:i]]


def make(build):
    name = PREFIX + build.__name__
    random = np.random.RandomState(sum(map(ord, name)))
    x, y = build()
    model = Model(x, y)
    for variable in model.weights:
        shape = K.get_value(variable).shape
        spread = np.sqrt(1.5 / max(1, np.prod(shape) / max(shape))) if len(shape) > 1 else 0.4
        value = random.uniform(0.4, 1.6, shape) if 'variance' in variable.name else random.normal(0, spread, shape)
        K.set_value(variable, value.astype('float32'))
    data = random.normal(0, 1, (2,) + K.int_shape(x)[1:]).astype('float32')
    outputs = model.predict(data)
    model.save(os.path.join(FOLDER, name + '.h5'))
    np.savez_compressed(os.path.join(FOLDER, name + '.npz'), in0=data, **{'out%d' % i: out for i, out in enumerate(outputs)})
    path = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(path), object_pairs_hook=collections.OrderedDict)
    folder = os.path.basename(FOLDER)
    entry = collections.OrderedDict([('model', folder + '/' + name + '.h5'), ('answers', folder + '/' + name + '.npz'), ('layers', classes_of(model.layers)),
                                     ('rtol', 1e-4), ('atol', 1e-5)])
    entries = [known for known in entries if known['answers'] != entry['answers']] + [entry]
    with open(path, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(e) for e in entries) + '\n]\n')
    print(name, [out.shape for out in outputs])


if __name__ == '__main__':
    for build in [steps, areas, same_areas, separable, volumes, frames, network] + ([] if IS_TENSORFLOW else [conv_lstm]):  # which wants TensorFlow 1.5
        make(build)
