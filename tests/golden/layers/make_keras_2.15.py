"""Golden cases beside the common ones, made with TensorFlow 2.15's Keras: python3 make_keras_2.15.py

Each case is a model with random weights, NAME.h5, and in NAME.npz what Keras gives for random inputs: in0, in1, … and
out0, out1, …, in the model's order. The run is repeatable; index.json lists the cases.
"""
import json
import os

os.environ.setdefault('CUDA_VISIBLE_DEVICES', '')
os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
import numpy as np
from tensorflow import keras

L = keras.layers
Input = keras.Input
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'keras_2.15')


def model(inputs, outputs):
    return keras.Model(inputs, outputs)


def normal(*shape):
    return lambda random: random.normal(0, 1, shape).astype('float32')


def tokens(n, *shape):
    """Indices below n whose later steps are zero."""
    def make(random):
        x = random.randint(1, n, shape).astype('float32')
        for row in range(shape[0]):
            x[row, max(1, shape[1] - 2 * row):] = 0
        return x
    return make


def steps(value, *shape):
    """Sequences some of whose steps are `value` throughout."""
    def make(random):
        x = random.normal(0, 1, shape).astype('float32')
        x[0, 1] = value
        x[-1, 2:] = value
        return x
    return make


def spatial_dropouts():
    a, b = Input((4, 5, 3)), Input((2, 3, 2, 3))
    return model([a, b], [L.Dense(2)(L.SpatialDropout2D(0.3)(a)), L.Dense(2)(L.SpatialDropout3D(0.3)(b))]), [normal(2, 4, 5, 3), normal(2, 2, 3, 2, 3)]


def rescaling_lists():
    x, n = Input((4, 5, 3)), Input((4,), dtype='int32')
    return model([x, n], [L.Rescaling([0.1, 0.2, 0.3], [1.0, 2.0, -3.0])(x), L.Rescaling(2.0)(x), L.Rescaling(0.5, offset=1.0)(n)]), [
        normal(2, 4, 5, 3), lambda random: random.randint(-9, 9, (2, 4)).astype('int32')]


def merge_ranks():
    a, b, c = Input((4,)), Input((3, 4)), Input((2, 3, 1))
    return model([a, b, c], [L.Add()([a, b]), L.Subtract()([b, a]), L.Multiply()([a, b, c]), L.Average()([c, a]), L.Maximum()([b, c]), L.Minimum()([c, b, a])]), [
        normal(2, 4), normal(2, 3, 4), normal(2, 2, 3, 1)]


def merge_masks():
    a, b = Input((6,)), Input((6,))
    e = L.Embedding(9, 3, mask_zero=True)
    m = L.Masking()
    g = L.GlobalAveragePooling1D
    x, y, z = e(a), e(b), L.Embedding(9, 3)(b)
    return model([a, b], [g()(L.Add()([x, y])), g()(L.Average()([x, z])), g()(L.Concatenate()([x, y, z])), g()(L.Concatenate(axis=1)([x, y])), g()(m(y)), g()(L.Multiply()([m(z), x]))]), [
        tokens(9, 4, 6), lambda random: tokens(9, 4, 6)(random)[::-1].copy()]


def masking_values():
    x = Input((5, 3))
    return model(x, [L.Masking()(x), L.GlobalAveragePooling1D()(L.Dropout(0.4)(L.BatchNormalization()(L.Masking(mask_value=0.1)(x))))]), [
        lambda random: np.concatenate([steps(0, 2, 5, 3)(random), steps(np.float32(0.1), 2, 5, 3)(random)])]


def unknown_time():
    x = Input((None, 3))
    return model(x, [L.UpSampling1D(3)(x), L.ZeroPadding1D((2, 1))(x), L.Cropping1D((1, 0))(x), L.Reshape((-1, 1, 3))(x), L.Reshape((3, -1))(x), L.Permute((2, 1))(x),
                     L.BatchNormalization()(x), L.Concatenate(axis=1)([x, L.Add()([x, x])]), L.Rescaling(2.0)(x), L.Flatten()(x)]), [normal(2, 5, 3)]


def unknown_space():
    x = Input((None, None, 3))
    return model(x, [L.UpSampling2D((2, 3))(x), L.UpSampling2D(2, interpolation='bilinear')(x), L.ZeroPadding2D(((0, 1), (2, 0)))(x), L.Cropping2D(((0, 1), (2, 0)))(x),
                     L.BatchNormalization()(x), L.Permute((3, 1, 2))(x)]), [normal(2, 5, 6, 3)]


def unknown_batch_only():
    x = Input(batch_shape=(3, 4, 2))
    return model(x, [L.Flatten()(x), L.Reshape((2, -1))(x), L.UpSampling1D(2)(x)]), [normal(3, 4, 2)]


def bn_axes():
    x = Input((4, 5, 3))
    v = Input((2, 3, 4, 5))
    return model([x, v], [L.BatchNormalization(axis=[1, 3])(x), L.BatchNormalization(axis=1)(x), L.BatchNormalization(axis=-1, scale=False)(x), L.BatchNormalization(axis=3, center=False)(x),
                          L.BatchNormalization(scale=False, center=False, epsilon=0.1)(x), L.BatchNormalization()(v), L.BatchNormalization(axis=2, center=False)(v)]), [
        normal(2, 4, 5, 3), normal(2, 2, 3, 4, 5)]


def up_sampling_odd():
    x, v = Input((3, 2, 2)), Input((2, 3, 2, 2))
    return model([x, v], [L.UpSampling2D((41, 1))(x), L.UpSampling2D((1, 5), interpolation='bilinear')(x), L.UpSampling3D((1, 3, 2))(v), L.UpSampling3D((2, 1, 1))(v)]), [
        normal(2, 3, 2, 2), normal(2, 2, 3, 2, 2)]


def padding_1d_3d():
    x, v = Input((5, 2)), Input((3, 4, 5, 2))
    return model([x, v], [L.ZeroPadding1D((0, 2))(x), L.Cropping1D(2)(x), L.ZeroPadding3D(((0, 1), (2, 0), (1, 1)))(v), L.ZeroPadding3D((1, 0, 2))(v), L.Cropping3D(((0, 1), (2, 0), (1, 1)))(v)]), [
        normal(2, 5, 2), normal(2, 3, 4, 5, 2)]


def reshape_kinds():
    x, s = Input((4, 6)), Input(())
    return model([x, s], [L.Reshape((24,))(x), L.Reshape((2, 2, -1))(x), L.Reshape((-1, 8))(x), L.Flatten()(s), L.Permute((1, 2))(x), L.RepeatVector(2)(L.Flatten()(x))]), [normal(2, 4, 6), normal(2)]


def embedding_kinds():
    a, b, c = Input((3, 4)), Input((5,), dtype='int64'), Input((None,), dtype='int32')
    d = L.Embedding(7, 2, input_length=5)(b)
    return model([a, b, c], [L.Embedding(7, 3)(a), d, L.Dense(2)(L.Flatten()(d)), L.Embedding(6, 4)(c)]), [
        lambda random: (random.randint(0, 7, (2, 3, 4)) + 0.4).astype('float32'), lambda random: random.randint(0, 7, (2, 5)), lambda random: random.randint(0, 6, (2, 3)).astype('int32')]


def custom_scale_layer():
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer
    x = Input((4, 5, 3))
    return model(x, CustomScaleLayer(0.17)([x, L.Conv2D(3, 1)(x)])), [normal(2, 4, 5, 3)]


def transposed_dilations():
    x, y = Input((6, 5, 2)), Input((7, 2))
    return model([x, y], [L.Conv2DTranspose(3, 3, dilation_rate=2)(x), L.Conv2DTranspose(3, (2, 3), dilation_rate=2, padding='same')(x), L.Conv1DTranspose(3, 3, dilation_rate=3)(y), L.Conv1DTranspose(2, 2, dilation_rate=2, padding='same')(y)]), [
        normal(2, 6, 5, 2), normal(2, 7, 2)]


CASES = [spatial_dropouts, rescaling_lists, merge_ranks, merge_masks, masking_values, unknown_time, unknown_space, unknown_batch_only, bn_axes, up_sampling_odd, padding_1d_3d,
         reshape_kinds, embedding_kinds, custom_scale_layer, transposed_dilations]


def randomise(net, random):
    for weight in net.weights:
        name = weight.name.split('/')[-1].split(':')[0]
        if name == 'moving_variance':
            value = random.uniform(0.4, 1.6, weight.shape)
        elif name == 'gamma':
            value = random.uniform(0.5, 1.5, weight.shape)
        else:
            value = random.normal(0, 0.5, weight.shape)
        weight.assign(value)


def main():
    os.makedirs(FOLDER, exist_ok=True)
    index = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(index)) if os.path.exists(index) else []
    for number, case in enumerate(CASES):
        keras.backend.clear_session()
        random = np.random.RandomState(700 + number)
        net, makers = case()
        randomise(net, random)
        inputs = [make(random) for make in makers]
        outputs = net(inputs if len(inputs) > 1 else inputs[0], training=False)
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        name = case.__name__
        net.save(os.path.join(FOLDER, name + '.h5'), include_optimizer=False)
        arrays = {'in%d' % i: x for i, x in enumerate(inputs)}
        arrays.update({'out%d' % i: y.numpy() for i, y in enumerate(outputs)})
        np.savez_compressed(os.path.join(FOLDER, name + '.npz'), **arrays)
        layers = sorted({layer.__class__.__name__ for layer in net.layers})
        entry = {'model': 'keras_2.15/%s.h5' % name, 'answers': 'keras_2.15/%s.npz' % name, 'layers': layers, 'rtol': 1e-4, 'atol': 1e-5}
        entries = [e for e in entries if e['model'] != entry['model']] + [entry]
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in entries) + '\n]\n')


main()
