"""Golden cases of attention and of operations as layers, made by the Keras that runs it: python3 make_operations.py

With TensorFlow 2.15's Keras it makes those of keras_2.15, with Keras 3 over TensorFlow those of keras_3.15. As
make_keras_2.15.py; Names of cases as arguments make these alone. `operations` in index.json names what TFOpLambda, SlicingOpLambda or Keras 3's Operation nodes hold.
"""
import json
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES='', TF_ENABLE_ONEDNN_OPTS='0', KERAS_BACKEND='tensorflow')
import numpy as np
import plain_code
import tensorflow as tf

if tf.__version__.startswith('2.15'):
    from tensorflow import keras
else:
    import keras

IS_KERAS3 = not tf.__version__.startswith('2.15')
VERSION = 'keras_3.15' if IS_KERAS3 else 'keras_2.15'
L = keras.layers
Input = keras.Input
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), VERSION)


def normal(*shape):
    return lambda random: random.normal(0, 1, shape).astype('float32')


def positive(*shape):
    return lambda random: random.uniform(0.2, 2, shape).astype('float32')


def tokens(n, *shape):
    """Indices below n whose later steps are zero."""
    def make(random):
        x = random.randint(1, n, shape).astype('float32')
        for row in range(shape[0]):
            x[row, max(1, shape[1] - 2 * row):] = 0
        return x
    return make


def mha_masks():
    a, b, c = Input((5,)), Input((4, 3)), Input((5, 4))
    e, f = L.Embedding(9, 6, mask_zero=True)(a), L.Embedding(9, 6, mask_zero=True)(a)  # Keras 3.15's layer takes its inputs' masks away from others
    v = b
    outputs = [L.MultiHeadAttention(2, 3)(e, e), L.MultiHeadAttention(2, 3, use_bias=False)(f, f, use_causal_mask=True), L.MultiHeadAttention(2, 3, value_dim=4, output_shape=7)(c, v)]
    outputs += L.MultiHeadAttention(3, 2)(c, v, return_attention_scores=True)
    outputs += [L.MultiHeadAttention(2, 3)(c, v, attention_mask=keras.ops.greater(c, 0) if IS_KERAS3 else tf.greater(c, 0)), L.MultiHeadAttention(2, 2)(c, v, v, use_causal_mask=True)]
    return [a, b, c], outputs, [tokens(9, 3, 5), normal(3, 4, 3), normal(3, 5, 4)]


def mha_axes():
    x, t = Input((3, 4, 5)), Input((None, 4))
    return [x, t], [L.MultiHeadAttention(2, 3, attention_axes=(2,))(x, x), L.MultiHeadAttention(2, 3, attention_axes=(1, 2))(x, x), L.MultiHeadAttention(2, 3)(t, t, use_causal_mask=True)], [
        normal(2, 3, 4, 5), normal(2, 6, 4)]


def attention_masks():
    a, q, v = Input((5,)), Input((4, 6)), Input((5, 3))
    e = L.Embedding(9, 6, mask_zero=True)(a)
    outputs = [L.Attention()([q, e]), L.Attention(use_scale=True)([e, e]), L.Attention(score_mode='concat', use_scale=True)([q, e]), L.Attention(score_mode='concat')([q, v, e]), L.Attention()([e, e], use_causal_mask=True)]
    outputs += [L.AdditiveAttention()([q, e]), L.AdditiveAttention(use_scale=False)([e, e], use_causal_mask=True)]
    outputs += list(L.Attention()([q, v, e], return_attention_scores=True))
    return [a, q, v], outputs, [tokens(9, 3, 5), normal(3, 4, 6), normal(3, 5, 3)]


def gqa():
    a, x, v = Input((5,)), Input((5, 6)), Input((4, 6))
    e = L.Embedding(9, 6, mask_zero=True)(a)
    G = L.GroupQueryAttention
    return [a, x, v], [G(4, 4, 2)(x, v), G(3, 2, 1)(x, x, use_causal_mask=True), G(3, 2, 2, use_bias=False)(e, e)] + list(G(2, 4, 2)(x, v, return_attention_scores=True)), [
        tokens(9, 2, 5), normal(2, 5, 6), normal(2, 4, 6)]


def tf_arithmetic():
    x, y, i = Input((4, 6)), Input((4, 6)), Input((4,), dtype='int32')
    o = [x * 2, 2 - x, x + y, 1 / (x + 3), x / y, x // y, x % 3.0, tf.pow(y, x), y ** 2, tf.maximum(x, 0.5), tf.minimum(x, y), tf.math.squared_difference(x, y), x - y, x * [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]
    o += [tf.cast(f, 'float32') for f in (x > y, x >= 0, x < y, x <= 0.5, tf.equal(i, 3), tf.not_equal(i, 3), tf.logical_and(x > 0, y > 1), tf.logical_or(x > 0, y > 1), tf.logical_not(x > 0), tf.math.is_nan(x))]
    o += [tf.where(x > 0, x, 0.0), tf.cast(i * 2 + 1, 'float32') / 2, tf.cast(x * 3, 'int32'), tf.clip_by_value(x, -0.5, 0.5), tf.stop_gradient(x) + tf.identity(y), tf.divide(x, 4)]
    return [x, y, i], o, [normal(2, 4, 6), positive(2, 4, 6), lambda random: random.randint(0, 6, (2, 4)).astype('int32')]


def tf_functions():
    x, y = Input((3, 5)), Input((3, 5))
    o = [tf.abs(x), -x, tf.square(x), tf.sqrt(y), tf.math.rsqrt(y), tf.math.reciprocal(y), tf.exp(x), tf.math.expm1(x), tf.math.log(y), tf.math.log1p(y), tf.sin(x), tf.cos(x), tf.tan(x), tf.atan(x), tf.tanh(x), tf.floor(x), tf.math.ceil(x),
         tf.round(x * 3), tf.sign(x), tf.math.erf(x), tf.zeros_like(x) + y, tf.ones_like(x) * y, tf.nn.relu(x), tf.nn.relu6(x * 5), tf.nn.elu(x), tf.nn.selu(x), tf.nn.gelu(x), tf.nn.silu(x), tf.sigmoid(x), tf.math.softplus(x), tf.nn.softsign(x),
         tf.nn.leaky_relu(x), tf.nn.leaky_relu(x, alpha=0.1), tf.nn.softmax(x), tf.nn.softmax(x, axis=1), tf.nn.log_softmax(x), tf.math.l2_normalize(x, axis=-1)]
    return [x, y], o, [normal(2, 3, 5), positive(2, 3, 5)]


def tf_reductions():
    x = Input((3, 5))
    o = [tf.reduce_sum(x, axis=-1, keepdims=True), tf.reduce_mean(x, axis=[1, 2]), tf.reduce_prod(x, axis=1), tf.reduce_max(x, axis=1), tf.reduce_min(x, axis=2), tf.cast(tf.reduce_any(x > 1, axis=1), 'float32'),
         tf.cast(tf.reduce_all(x > -1, axis=1), 'float32'), tf.argmax(x, axis=-1), tf.argmin(x, axis=1)]
    return [x], o, [normal(2, 3, 5)]


def tf_shapes():
    x, y, z = Input((4, 6)), Input((4, 6)), Input((6, 3))
    s = tf.shape(x)
    o = [tf.reshape(x, (-1, 12)), tf.reshape(x, (s[0], 6, 4)), tf.transpose(x, [0, 2, 1]), tf.expand_dims(x, 1), tf.squeeze(tf.expand_dims(x, -1), -1), tf.concat([x, y], axis=-1), tf.stack([x, y], axis=1), tf.stack([x, y], axis=-1),
         tf.tile(x, [1, 2, 1]), tf.matmul(x, y, transpose_b=True), tf.matmul(x, z), tf.matmul(x, y, transpose_a=True)]
    o += tf.split(x, 2, axis=-1) + tf.split(x, [1, 3], axis=1) + [tf.unstack(x, axis=1)[2]]
    return [x, y, z], o, [normal(2, 4, 6), normal(2, 4, 6), normal(2, 6, 3)]


def tf_slices():
    x, t = Input((5, 6)), Input((None, 3))
    return [x, t], [x[:, 0], x[..., 1:3], x[:, None, ::2], x[:, -1, :], x[:, 1:-1, -2], x[:, ::-1], x[..., None], x[:, 2:100], t[:, -1], t[:, :2], t[:, 1:]], [normal(2, 5, 6), normal(2, 4, 3)]


def ops_arithmetic():
    O = keras.ops
    x, y, i = Input((4, 6)), Input((4, 6)), Input((4,), dtype='int32')
    o = [x * 2, 2 - x, x + y, 1 / (x + 3), x / y, x // y, x % 3.0, O.power(y, x), y ** 2, O.maximum(x, 0.5), O.minimum(x, y), x - y, O.divide(x, 4), x * np.arange(1, 7).astype('float32'), i * 0.5, i / 2]
    o += [O.cast(f, 'float32') for f in (x > y, x >= 0, x < y, x <= 0.5, O.equal(i, 3), O.not_equal(i, 3), O.logical_and(x > 0, y > 1), O.logical_or(x > 0, y > 1), O.logical_not(x > 0), O.isnan(x))]
    o += [O.where(x > 0, x, 0.0), O.cast(x * 3, 'int32'), O.clip(x, -0.5, 0.5), O.stop_gradient(x) + y]
    return [x, y, i], o, [normal(2, 4, 6), positive(2, 4, 6), lambda random: random.randint(0, 6, (2, 4)).astype('int32')]


def ops_functions():
    O = keras.ops
    x, y = Input((3, 5)), Input((3, 5))
    o = [O.absolute(x), O.abs(x), -x, O.square(x), O.sqrt(y), O.rsqrt(y), O.reciprocal(y), O.exp(x), O.expm1(x), O.log(y), O.log1p(y), O.sin(x), O.cos(x), O.tan(x), O.arctan(x), O.tanh(x), O.floor(x), O.ceil(x), O.round(x * 3), O.sign(x), O.erf(x),
         O.zeros_like(x) + y, O.ones_like(x) * y, O.relu(x), O.relu6(x * 5), O.elu(x), O.selu(x), O.gelu(x), O.gelu(x, approximate=False), O.silu(x), O.sigmoid(x), O.softplus(x), O.softsign(x), O.hard_sigmoid(x), O.leaky_relu(x), O.leaky_relu(x, 0.1),
         O.softmax(x), O.softmax(x, axis=1), O.log_softmax(x), O.normalize(x, axis=-1)]
    return [x, y], o, [normal(2, 3, 5), positive(2, 3, 5)]


def ops_reductions():
    O = keras.ops
    x = Input((3, 5))
    o = [O.sum(x, axis=-1, keepdims=True), O.mean(x, axis=[1, 2]), O.prod(x, axis=1), O.max(x, axis=1), O.min(x, axis=2), O.cast(O.any(x > 1, axis=1), 'float32'), O.cast(O.all(x > -1, axis=1), 'float32'), O.argmax(x, axis=-1), O.argmin(x, axis=1)]
    return [x], o, [normal(2, 3, 5)]


def ops_shapes():
    O = keras.ops
    x, y, z = Input((4, 6)), Input((4, 6)), Input((6, 3))
    o = [O.reshape(x, (-1, 12)), O.transpose(x, [0, 2, 1]), O.expand_dims(x, 1), O.squeeze(O.expand_dims(x, -1), -1), O.concatenate([x, y], axis=-1), O.stack([x, y], axis=1), O.tile(x, [1, 2, 1]), O.matmul(x, z), x[:, 0], x[..., 1:3], x[:, None, ::2], x[:, 1:-1, -2]]
    o += list(O.split(x, 2, axis=-1)) + list(O.split(x, [1, 3], axis=1)) + [O.unstack(x, axis=1)[2]]
    return [x, y, z], o, [normal(2, 4, 6), normal(2, 4, 6), normal(2, 6, 3)]


def tf_more_functions():
    x, y, u = Input((3, 5)), Input((3, 5)), Input((3, 5))
    o = [tf.sinh(x), tf.cosh(x), tf.asin(u), tf.acos(u), tf.asinh(x), tf.acosh(y + 1), tf.atanh(u), tf.math.divide_no_nan(x, tf.nn.relu(u)), tf.atan2(x, y), tf.nn.bias_add(x, tf.constant([1.0, 2.0, 3.0, 4.0, 5.0])),
         tf.math.add_n([x, y, u]), tf.cast(tf.math.is_finite(x), 'float32'), tf.cast(tf.math.is_inf(x / 0.0), 'float32'), tf.math.log_sigmoid(x), tf.reduce_logsumexp(x, axis=-1), tf.reduce_logsumexp(x, axis=[1, 2], keepdims=True),
         tf.math.reduce_variance(x, axis=1), tf.math.reduce_std(x, axis=-1, keepdims=True), tf.norm(x, axis=-1), tf.norm(x, ord=1, axis=1, keepdims=True), tf.math.reduce_euclidean_norm(x, axis=[1, 2]),
         tf.cumsum(x, axis=1), tf.cumsum(x, axis=-1, exclusive=True, reverse=True), tf.math.cumprod(x, axis=2)]
    return [x, y, u], o, [normal(2, 3, 5), positive(2, 3, 5), lambda random: random.uniform(-0.9, 0.9, (2, 3, 5)).astype('float32')]


def tf_placement():
    x, y, i, v = Input((4, 6)), Input((6, 3)), Input((2,), dtype='int32'), Input((5, 4, 2))
    o = [tf.pad(x, [[0, 0], [1, 2], [0, 1]]), tf.pad(x, [[0, 0], [1, 0], [2, 3]], constant_values=1.5), tf.pad(x, [[0, 0], [2, 1], [3, 0]], 'REFLECT'), tf.pad(x, [[0, 0], [2, 1], [3, 0]], mode='SYMMETRIC'),
         tf.gather(x, [2, 0, 2], axis=1), tf.gather(x, [[5, 0], [1, 1]], axis=-1), tf.repeat(x, 3, axis=1), tf.repeat(x, [1, 0, 2, 1], axis=1), tf.roll(x, 2, axis=2), tf.roll(x, [1, -1], axis=[1, 2]),
         tf.reverse(x, axis=[1]), tf.reverse(x, axis=[-1, 1]), tf.one_hot(i, 4), tf.one_hot(i, 3, on_value=2.0, off_value=-1.0, axis=1), tf.linalg.matmul(x, y),
         tf.image.resize(v, (7, 3)), tf.image.resize(v, (3, 9), method='nearest'), tf.image.resize(v, [8, 8], method='bicubic'), tf.image.resize(v, (2, 2), antialias=True)]
    return [x, y, i, v], o, [normal(2, 4, 6), normal(2, 6, 3), lambda random: random.randint(0, 4, (2, 2)).astype('int32'), normal(2, 5, 4, 2)]


def tensorflow_op_layers():
    """Nodes of a traced graph, as TensorFlow 2.0 to 2.3 kept them."""
    from keras.src.engine.base_layer import TensorFlowOpLayer

    def op(function, tensors):
        """The nodes that the function makes of tensors, constants kept beside them."""
        graph = tf.function(function).get_concrete_function(*[tf.TensorSpec((None,) + tuple(t.shape[1:]), t.dtype) for t in tensors]).graph

        def layer(tensor):
            for own, given in zip(graph.inputs, tensors):
                if tensor is own:
                    return given
            node = tensor.op
            if node.type == 'Identity':
                return layer(node.inputs[0])
            values = {n: tf.get_static_value(t) for n, t in enumerate(node.inputs) if t.op.type == 'Const'}
            inputs = [layer(t) for n, t in enumerate(node.inputs) if n not in values]
            count[0] += 1
            definition = node.node_def
            definition.name = 'node_%d' % count[0]
            made = TensorFlowOpLayer(node_def=definition.SerializeToString(), name=definition.name, constants=values)(inputs if len(inputs) > 1 else inputs[0])
            return made[tensor.value_index] if isinstance(made, (list, tuple)) else made

        return layer(graph.outputs[0])

    count = [0]
    x, y, i = Input((4, 6)), Input((4, 6)), Input((3,), dtype='int32')
    one, two = lambda f: op(f, [x]), lambda f: op(f, [x, y])
    o = [two(lambda a, b: a + b), one(lambda a: a * 2.5), two(lambda a, b: b - a), one(lambda a: 1.0 / a), two(tf.maximum), one(lambda a: tf.reduce_mean(a, axis=[1], keepdims=True)), one(lambda a: tf.reduce_sum(a, axis=-1)),
         one(lambda a: tf.transpose(a, [0, 2, 1])), one(lambda a: tf.expand_dims(a, 2)), one(lambda a: tf.reshape(a, [-1, 3, 8])), two(lambda a, b: tf.concat([a, b, a], axis=2)), two(lambda a, b: tf.stack([a, b], axis=1)),
         one(lambda a: a[:, 1:3, None, ::2]), one(lambda a: a[..., -1]), one(lambda a: a[:, ::-1]), one(lambda a: tf.pad(a, [[0, 0], [1, 0], [2, 2]])), one(lambda a: tf.gather(a, [3, 1], axis=1)), op(lambda n: tf.cast(n, 'float32'), [i]),
         one(tf.nn.softmax), one(lambda a: tf.nn.leaky_relu(a, 0.25)), two(lambda a, b: tf.matmul(a, b, transpose_b=True)), two(lambda a, b: tf.add_n([a, b, a])), two(lambda a, b: tf.einsum('bij,bkj->bik', a, b)),
         one(lambda a: tf.tile(a, [1, 2, 1])), one(lambda a: tf.argmax(a, axis=-1, output_type=tf.int32)), one(lambda a: tf.cumsum(a, axis=1, reverse=True)), one(lambda a: tf.clip_by_value(a, -0.5, 0.5)),
         op(lambda c, a, b: tf.where(c, a, b), [op(tf.greater, [x, y]), x, y]), one(tf.square), one(lambda a: tf.unstack(a, axis=1)[0]), one(lambda a: tf.split(a, 2, axis=2)[0]),
         one(lambda a: tf.cast(tf.signal.fft(tf.cast(a, 'complex64')), 'float32')),
         one(lambda a: tf.abs(tf.signal.rfft(a))),
         one(lambda a: tf.math.imag(tf.signal.rfft(a, fft_length=[4]))),
         one(lambda a: tf.signal.irfft(tf.signal.rfft(a))),
         two(lambda a, b: tf.math.real(tf.signal.ifft(tf.complex(a, b)))),
         one(lambda a: tf.math.top_k(a, 2)[1])]
    return [x, y, i], o, [normal(2, 4, 6), normal(2, 4, 6), lambda random: random.randint(-4, 9, (2, 3)).astype('int32')]


def ops_more_functions():
    O = keras.ops
    x, y, u = Input((3, 5)), Input((3, 5)), Input((3, 5))
    o = [O.sinh(x), O.cosh(x), O.arcsin(u), O.arccos(u), O.arcsinh(x), O.arccosh(y + 1), O.arctanh(u), O.arctan2(x, y), O.cast(O.isfinite(x), 'float32'), O.cast(O.isinf(x), 'float32'), O.hard_silu(x), O.hard_tanh(x), O.hard_shrink(x),
         O.soft_shrink(x), O.tanh_shrink(x), O.log_sigmoid(x), O.celu(x), O.logsumexp(x, axis=-1), O.logsumexp(x, axis=[1, 2], keepdims=True), O.var(x, axis=1), O.std(x, axis=-1, keepdims=True), O.amax(x, axis=1), O.amin(x, axis=2, keepdims=True),
         O.norm(x, axis=-1), O.norm(x, ord=1, axis=1), O.cumsum(x, axis=1), O.cumprod(x, axis=-1)]
    return [x, y, u], o, [normal(2, 3, 5), positive(2, 3, 5), lambda random: random.uniform(-0.9, 0.9, (2, 3, 5)).astype('float32')]


def ops_placement():
    O = keras.ops
    x, y, i, v, f = Input((4, 6)), Input((6, 3)), Input((2,), dtype='int32'), Input((5, 4, 2)), Input(batch_shape=(2, 3))
    o = [O.pad(x, [[0, 0], [1, 2], [0, 1]]), O.pad(x, ((0, 0), (1, 0), (2, 3)), constant_values=1.5), O.pad(x, [[0, 0], [2, 1], [3, 0]], mode='reflect'), O.pad(x, [[0, 0], [2, 1], [3, 0]], mode='symmetric'),
         O.take(x, np.array([2, 0, 2]), axis=1), O.take(x, [[5, 0], [1, 1]], axis=-1), O.repeat(x, 3, axis=1), O.repeat(x, [1, 0, 2, 1], axis=1), O.roll(x, 2, axis=2), O.flip(x, axis=1), O.flip(f), O.repeat(f, 2), O.roll(f, 1),
         O.swapaxes(x, 1, 2), O.moveaxis(v, 1, -1), O.moveaxis(v, [1, 3], [3, 1]), O.broadcast_to(f, (4, 2, 3)), O.one_hot(i, 4), O.einsum('bij,bjk->bik', x, y), O.einsum('bij->bji', x), O.einsum('...j,...j->...', x, x),
         O.dot(f, O.swapaxes(f, 0, 1)), O.tensordot(f, f, axes=[[1], [1]]),
         O.image.resize(v, (7, 3)), O.image.resize(v, (3, 9), interpolation='nearest'), O.image.resize(v, (8, 8), interpolation='bicubic', antialias=True)]
    return [x, y, i, v, f], o, [normal(2, 4, 6), normal(2, 6, 3), lambda random: random.randint(0, 4, (2, 2)).astype('int32'), normal(2, 5, 4, 2), normal(2, 3)]


CASES = [mha_masks, mha_axes] + ([gqa, ops_arithmetic, ops_functions, ops_reductions, ops_shapes] if IS_KERAS3 else [tf_arithmetic, tf_functions, tf_reductions, tf_shapes, tf_slices]) + [attention_masks] + (
    [ops_more_functions, ops_placement] if IS_KERAS3 else [tf_more_functions, tf_placement, tensorflow_op_layers])


def main():
    index = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = json.load(open(index))
    for number, case in enumerate(CASES):
        if len(sys.argv) > 1 and case.__name__ not in sys.argv[1:]:
            continue
        keras.backend.clear_session()
        random = np.random.RandomState(1100 + number)
        inputs, outputs, makers = case()
        net = keras.Model(inputs, outputs)
        net.set_weights([random.normal(0, 0.5, w.shape) for w in net.weights])
        arrays = [make(random) for make in makers]
        answers = net(arrays if len(arrays) > 1 else arrays[0], training=False)
        answers = answers if isinstance(answers, (list, tuple)) else [answers]
        name = case.__name__
        net.save(os.path.join(FOLDER, name + '.h5'), include_optimizer=False)
        saved = {'in%d' % i: x for i, x in enumerate(arrays)}
        saved.update({'out%d' % i: np.asarray(y) for i, y in enumerate(answers)})
        np.savez_compressed(os.path.join(FOLDER, name + '.npz'), **saved)
        config = json.loads(net.to_json())['config']['layers']
        layers = sorted({c['class_name'] for c in config if not c.get('module', '').startswith('keras.src.ops')} | {l.__class__.__name__ for l in net.layers if 'ops' not in l.__class__.__module__})
        operations = sorted({c['class_name'] for c in config if c.get('module', '').startswith('keras.src.ops')} | {c['config']['function'] for c in config if c['class_name'] in ('TFOpLambda', 'SlicingOpLambda')})
        entry = {'model': '%s/%s.h5' % (VERSION, name), 'answers': '%s/%s.npz' % (VERSION, name), 'layers': layers, 'operations': operations, 'rtol': 1e-4, 'atol': 1e-5}
        entries = [e for e in entries if e['model'] != entry['model']] + [entry]
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in entries) + '\n]\n')


main()
