"""Golden cases of src/keras/custom_layers.def: each class as its package or tutorial computes it, in Keras 2.15: python3 make_custom_expressions.py [CLASS…]

Every class becomes custom_expressions/CLASS.h5 and CLASS.keras, and CLASS.npz with inputs and Keras' answers. The classes are written anew from what
their packages document; tests/custom_layers_test.cpp holds the expressions to them.
"""
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES='', TF_ENABLE_ONEDNN_OPTS='0', TF_CPP_MIN_LOG_LEVEL='3')
import numpy as np
import tensorflow as tf
from tensorflow import keras

K, L = keras.backend, keras.layers
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'custom_expressions')


class Custom(L.Layer):
    """A layer whose constructor's arguments are its configuration."""

    def __init__(self, **config):
        own = {key: config.pop(key) for key in self.keys}
        super().__init__(**config)
        self.own = own

    keys = ()

    def get_config(self):
        return {**super().get_config(), **self.own}


class AttentionWithContext(Custom):
    def build(self, shape):
        n = shape[-1]
        self.W = self.add_weight(name='W', shape=(n, n))
        self.b = self.add_weight(name='b', shape=(n,))
        self.u = self.add_weight(name='u', shape=(n,))

    def call(self, x):
        hidden = tf.tanh(tf.einsum('bti,ij->btj', x, self.W) + self.b)
        score = tf.exp(tf.einsum('btj,j->bt', hidden, self.u))
        return tf.einsum('bti,bt->bi', x, score / (tf.reduce_sum(score, axis=1, keepdims=True) + 1e-7))


class BatchNorm(L.BatchNormalization):
    pass


class BatchRenormalization(Custom):
    keys = ('epsilon', 'axis')

    def build(self, shape):
        for name in ('gamma', 'beta', 'running_mean', 'running_variance'):
            setattr(self, name, self.add_weight(name=name, shape=(shape[-1],), trainable=not name.startswith('running')))

    def call(self, x):
        return (x - self.running_mean) / tf.sqrt(self.running_variance + self.own['epsilon']) * self.gamma + self.beta


class CosineConvolution2D(Custom):
    keys = ('kernel_size', 'filters', 'strides', 'padding')

    def build(self, shape):
        self.W = self.add_weight(name='W', shape=(*self.own['kernel_size'], shape[-1], self.own['filters']))
        self.b = self.add_weight(name='b', shape=(self.own['filters'],))

    def call(self, x):
        form = dict(strides=self.own['strides'], padding=self.own['padding'].upper())
        length = tf.sqrt(tf.reduce_sum(self.W ** 2, axis=[0, 1, 2]) + self.b ** 2 + 1e-7)
        seen = tf.sqrt(tf.nn.conv2d(x ** 2, tf.ones((*self.W.shape[:3], 1)), **form) + 1 + 1e-7)
        return (tf.nn.conv2d(x, self.W / length, **form) + self.b / length) / seen


class CTCLayer(L.Layer):
    def call(self, labels, prediction):
        return prediction


class Same(L.Layer):
    def call(self, x, training=None):
        return x


class HSwish(L.Layer):
    def call(self, x):
        return x * tf.nn.relu6(x + 3) / 6


class InstanceNormalization(Custom):
    keys = ('epsilon', 'axis')

    def build(self, shape):
        self.gamma = self.add_weight(name='gamma', shape=(shape[-1],))
        self.beta = self.add_weight(name='beta', shape=(shape[-1],))

    def call(self, x):
        deviation = tf.math.reduce_std(x, axis=[1, 2], keepdims=True) + self.own['epsilon']
        return (x - tf.reduce_mean(x, axis=[1, 2], keepdims=True)) / deviation * self.gamma + self.beta


class L1Dist(L.Layer):
    def call(self, inputs):
        return tf.abs(inputs[0] - inputs[1])


class L2Normalization(L.Layer):
    def build(self, shape):
        self.gamma = self.add_weight(name='gamma', shape=(shape[3],))

    def call(self, x):
        return tf.nn.l2_normalize(x, 3) * self.gamma


class Normalize(L2Normalization):
    pass


class PELU(Custom):
    keys = ('shared_axes',)

    def build(self, shape):
        element = [1 if i in self.own['shared_axes'] else n for i, n in enumerate(shape)][1:]
        self.alpha = self.add_weight(name='alpha', shape=element)
        self.beta = self.add_weight(name='beta', shape=element)

    def call(self, x):
        return tf.where(x >= 0, self.alpha / self.beta * x, self.alpha * tf.math.expm1(tf.minimum(x, 0.0) / self.beta))


class PixelNormalization(L.Layer):
    def call(self, x):
        return x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), axis=-1, keepdims=True) + 1e-8)


class PixelShuffler(Custom):
    keys = ('size',)

    def call(self, x):
        r, c = self.own['size']
        _, h, w, n = x.shape
        parts = tf.reshape(x, (-1, h, w, r, c, n // (r * c)))
        return tf.reshape(tf.transpose(parts, (0, 1, 3, 2, 4, 5)), (-1, h * r, w * c, n // (r * c)))


class ReflectionPadding2D(Custom):
    keys = ('padding',)

    def call(self, x):
        columns, rows = self.own['padding']
        return tf.pad(x, [[0, 0], [rows, rows], [columns, columns], [0, 0]], mode='REFLECT')


class Sampling(L.Layer):
    """Its mean: the samples themselves are random."""

    def call(self, inputs):
        mean, log_variance = inputs
        return mean


class Scale(L.Layer):
    def build(self, shape):
        self.gamma = self.add_weight(name='gamma', shape=(shape[-1],))
        self.beta = self.add_weight(name='beta', shape=(shape[-1],))

    def call(self, x):
        return x * self.gamma + self.beta


class SineReLU(Custom):
    keys = ('epsilon',)

    def call(self, x):
        return tf.maximum(self.own['epsilon'] * (tf.sin(x) - tf.cos(x)), x)


class SubPixelUpscaling(Custom):
    keys = ('scale_factor', 'data_format')

    def call(self, x):
        return tf.nn.depth_to_space(x, self.own['scale_factor'])


class Swish(L.Layer):
    def call(self, x):
        return tf.nn.silu(x)


class UpsampleLike(L.Layer):
    def call(self, inputs):
        source, target = inputs
        return tf.compat.v1.image.resize_images(source, tf.shape(target)[1:3], tf.compat.v1.image.ResizeMethod.NEAREST_NEIGHBOR)


class AddPositionEmbs(L.Layer):
    def build(self, shape):
        self.pe = self.add_weight(name='pos_embedding', shape=(1, *shape[1:]))

    def call(self, x):
        return x + self.pe


class ClassToken(L.Layer):
    def build(self, shape):
        self.cls = self.add_weight(name='cls', shape=(1, 1, shape[-1]))

    def call(self, x):
        return tf.concat([tf.broadcast_to(self.cls, [tf.shape(x)[0], 1, x.shape[-1]]), x], 1)


class BilinearUpsampling(Custom):
    keys = ('upsampling', 'output_size')

    def call(self, x):
        rows, columns = self.own['output_size'] or [n * by for n, by in zip(x.shape[1:3], self.own['upsampling'])]
        return tf.compat.v1.image.resize_bilinear(x, (rows, columns), align_corners=True)


class ClusteringLayer(Custom):
    """Student's t distribution about each cluster's centre, with one degree of freedom (Xie et al. 2016)."""
    keys = ('n_clusters',)

    def build(self, shape):
        self.clusters = self.add_weight(name='clusters', shape=(self.own['n_clusters'], shape[-1]))

    def call(self, x):
        distance = tf.reduce_sum(tf.square(x[:, tf.newaxis] - self.clusters), axis=2)
        q = tf.transpose(1 / (1 + distance))
        return tf.transpose(q / tf.reduce_sum(q, axis=0))


class Length(L.Layer):
    def call(self, x):
        return tf.sqrt(tf.reduce_sum(tf.square(x), -1) + K.epsilon())


class attention(L.Layer):
    def build(self, shape):
        self.W = self.add_weight(name='attention_weight', shape=(shape[-1], 1))
        self.b = self.add_weight(name='attention_bias', shape=(shape[1], 1))

    def call(self, x):
        scores = tf.squeeze(tf.tanh(tf.einsum('bti,ij->btj', x, self.W) + self.b), -1)
        return tf.einsum('bti,bt->bi', x, tf.nn.softmax(scores))


class Patches(Custom):
    keys = ('patch_size',)

    def call(self, images):
        size = self.own['patch_size']
        patches = tf.image.extract_patches(images, [1, size, size, 1], [1, size, size, 1], [1, 1, 1, 1], 'VALID')
        return tf.reshape(patches, [tf.shape(images)[0], patches.shape[1] * patches.shape[2], patches.shape[3]])


class PatchEncoder(Custom):
    keys = ('num_patches', 'projection_dim')

    def __init__(self, **config):
        super().__init__(**config)
        self.projection = L.Dense(self.own['projection_dim'])
        self.position_embedding = L.Embedding(self.own['num_patches'], self.own['projection_dim'])

    def call(self, patch):
        return self.projection(patch) + self.position_embedding(tf.range(self.own['num_patches']))


class TokenAndPositionEmbedding(Custom):
    keys = ('maxlen', 'vocab_size', 'embed_dim')

    def __init__(self, **config):
        super().__init__(**config)
        self.token_emb = L.Embedding(self.own['vocab_size'], self.own['embed_dim'])
        self.pos_emb = L.Embedding(self.own['maxlen'], self.own['embed_dim'])

    def call(self, x):
        return self.token_emb(x) + self.pos_emb(tf.range(tf.shape(x)[-1]))


class TransformerBlock(Custom):
    keys = ('embed_dim', 'num_heads', 'ff_dim', 'rate')

    def __init__(self, **config):
        super().__init__(**config)
        own = self.own
        self.att = L.MultiHeadAttention(num_heads=own['num_heads'], key_dim=own['embed_dim'])
        self.ffn = keras.Sequential([L.Dense(own['ff_dim'], activation='relu'), L.Dense(own['embed_dim'])])
        self.layernorm1 = L.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = L.LayerNormalization(epsilon=1e-6)
        self.dropout1 = L.Dropout(own['rate'])
        self.dropout2 = L.Dropout(own['rate'])

    def call(self, x, training=None):
        y = self.layernorm1(x + self.dropout1(self.att(x, x), training=training))
        return self.layernorm2(y + self.dropout2(self.ffn(y), training=training))


def named(name):
    return type(name, (Same,), {})


class Gate(L.Layer):
    """With weights that are trained and others, for a model within a model."""

    def __init__(self, **config):
        super().__init__(**config)
        self.dense = L.Dense(4, activation='tanh')
        self.norm = L.BatchNormalization()

    def call(self, x, training=None):
        return self.norm(self.dense(x), training=training)


def nested():
    """Two layers of Gate, another layer between, in a model within a model; and one beside it."""
    x = keras.Input((4,))
    inner = keras.Model(x, Gate(name='second')(L.Dense(4)(Gate(name='first')(x))), name='inner')
    x = keras.Input((4,))
    middle = keras.Model(x, L.Dense(4)(inner(L.BatchNormalization()(x))), name='middle')
    x = keras.Input((4,))
    return keras.Model(x, Gate(name='third')(middle(x)))


SEQUENCE, IMAGE, ROW = (5, 4), (6, 4, 8), (7,)
# What makes the layer, and the shapes of its inputs.
CASES = {
    'AttentionWithContext': (AttentionWithContext, [SEQUENCE]), 'BatchNorm': (BatchNorm, [IMAGE]), 'CTCLayer': (CTCLayer, [(3,), SEQUENCE]), 'DropConnect': (named('DropConnect'), [IMAGE]),
    'DropPath': (named('DropPath'), [SEQUENCE]), 'FixedDropout': (named('FixedDropout'), [IMAGE]), 'HSwish': (HSwish, [IMAGE]), 'InstanceNormalization': (lambda: InstanceNormalization(epsilon=1e-3, axis=-1), [IMAGE]),
    'L1Dist': (L1Dist, [ROW, ROW]), 'L2Normalization': (L2Normalization, [IMAGE]), 'Normalize': (Normalize, [IMAGE]), 'PixelNormalization': (PixelNormalization, [IMAGE]), 'PixelShuffler': (lambda: PixelShuffler(size=[2, 2]), [IMAGE]),
    'ReflectionPadding2D': (lambda: ReflectionPadding2D(padding=[1, 2]), [IMAGE]), 'Sampling': (Sampling, [ROW, ROW]), 'Scale': (Scale, [IMAGE]), 'Swish': (Swish, [IMAGE]),
    'UpsampleLike': (UpsampleLike, [(3, 2, 4), (7, 5, 4)]),
    'BatchRenormalization': (lambda: BatchRenormalization(epsilon=1e-2, axis=-1), [IMAGE]), 'CosineConvolution2D': (lambda: CosineConvolution2D(filters=5, kernel_size=[3, 2], strides=[2, 1], padding='same'), [IMAGE]),
    'PELU': (lambda: PELU(shared_axes=[1, 2]), [IMAGE]), 'SineReLU': (lambda: SineReLU(epsilon=0.25), [SEQUENCE]), 'SubPixelUpscaling': (lambda: SubPixelUpscaling(scale_factor=2, data_format='channels_last'), [IMAGE]),
    'AddPositionEmbs': (AddPositionEmbs, [SEQUENCE]), 'ClassToken': (ClassToken, [SEQUENCE]), 'BilinearUpsampling': (lambda: BilinearUpsampling(upsampling=[2, 3], output_size=None), [IMAGE]), 'Length': (Length, [SEQUENCE]),
    'MCDropout': (named('MCDropout'), [IMAGE]), 'attention': (attention, [SEQUENCE]), 'Patches': (lambda: Patches(patch_size=2), [IMAGE]), 'PatchEncoder': (lambda: PatchEncoder(num_patches=5, projection_dim=3), [SEQUENCE]),
    'TokenAndPositionEmbedding': (lambda: TokenAndPositionEmbedding(maxlen=7, vocab_size=9, embed_dim=4), [ROW]),
    'TransformerBlock': (lambda: TransformerBlock(embed_dim=4, num_heads=2, ff_dim=6, rate=0.1), [SEQUENCE]),
    'ClusteringLayer': (lambda: ClusteringLayer(n_clusters=3), [ROW]),
}


WHOLE_NUMBERS = {'TokenAndPositionEmbedding': 9}  # whose inputs are below that


def layers_of(inputs, make, name):
    """The layer between others, twice, so that groups and names count."""
    layer = make()
    y = layer(*inputs) if name == 'CTCLayer' else layer(inputs if len(inputs) > 1 else inputs[0])
    if y.shape[-1] == inputs[-1].shape[-1] and len(inputs) == 1 and len(y.shape) == len(inputs[0].shape):
        y = make()(L.Activation('tanh')(y))
    return L.Dense(2)(y)


def rows(random, shapes):
    return [random.normal(0, 2, (3, *shape)).astype('float32') for shape in shapes]


def write(name, net, draw, random):
    net.set_weights([np.abs(random.normal(0, 0.5, w.shape)) + 0.1 if 'variance' in w.name else random.normal(0, 0.5, w.shape) for w in net.weights])
    arrays = draw()
    answers = net(arrays if len(arrays) > 1 else arrays[0], training=False)
    net.save(os.path.join(FOLDER, name + '.h5'), include_optimizer=False)
    net.save(os.path.join(FOLDER, name + '.keras'))
    np.savez_compressed(os.path.join(FOLDER, name + '.npz'), out0=answers.numpy(), **{'in%d' % i: x for i, x in enumerate(arrays)})


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for number, (name, (make, shapes)) in enumerate(CASES.items()):
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        K.clear_session()
        random = np.random.RandomState(4700 + number)
        n_tokens = WHOLE_NUMBERS.get(name)
        inputs = [keras.Input(shape, dtype='int32' if n_tokens else 'float32') for shape in shapes]
        net = keras.Model(inputs, layers_of(inputs, make, name))
        draw = (lambda: [random.randint(n_tokens, size=(3, *shape)).astype('int32') for shape in shapes]) if n_tokens else (lambda: rows(random, shapes))
        write(name, net, draw, random)
    if len(sys.argv) == 1 or 'nested' in sys.argv[1:]:
        K.clear_session()
        random = np.random.RandomState(4699)
        write('nested', nested(), lambda: rows(random, [(4,)]), random)


main()
