#!/usr/bin/env python3
"""Writes tests/golden/training/random_layers.json: what Keras 2.15's layers with random numbers compute in training, given
those numbers.

usage: make_random_layer_goldens.py [FILE]          (needs TensorFlow 2.15; the file is committed)

[{"name", "model": JSON architecture, "x_shape", "x", "weights": [numbers…], "uniforms": [numbers…], "y", "cotangent": as y,
  "dx", "dweights": [numbers…]}]; uniforms in the order in which the layer draws them, without those that Keras draws and
then does not look at (the masks of three gates where one serves all). dx, dweights: gradients of the sum of y · cotangent.
"""
import json
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
import numpy as np
import tensorflow as tf
from keras.src import backend
from tensorflow.python.ops import stateless_random_ops

keras = tf.keras
l = keras.layers
RANDOM = np.random.RandomState(11)
DRAWN = []


def draw(shape):
    if not tf.executing_eagerly():  # while the model is built
        return tf.zeros(shape)
    shape = [int(size) for size in np.asarray(shape).ravel()]
    DRAWN.append(RANDOM.uniform(0, 1, shape).astype(np.float32))
    return tf.constant(DRAWN[-1])


def dropout(self, ones, rate, noise_shape=None):
    return tf.where(draw(tf.shape(ones)) >= rate, ones / (1 - rate), 0.0)


def between(shape, minval=0.0, maxval=1.0, dtype=tf.float32, **_):
    return draw(shape) * (maxval - minval) + minval


PLACES = [1, 1]  # a crop's: how many there are for it, down and to the right


def random_uniform(self, shape, minval=0.0, maxval=1.0, dtype=None, nonce=None):
    if dtype == tf.int32:  # Keras takes these modulo the places
        return tf.cast(tf.concat([draw([1]), draw([1])], 0) * np.array(PLACES, np.float32), tf.int32)
    return between(shape, minval, maxval)


backend.RandomGenerator.dropout = dropout
backend.RandomGenerator.random_uniform = random_uniform
stateless_random_ops.stateless_random_uniform = lambda shape, seed, minval=0, maxval=1, **_: between(shape, minval, maxval)


def listed(array):
    return [float("%.9g" % x) for x in np.asarray(array, np.float32).ravel()]


def case(name, layer, x, looked_at=None):
    """looked_at: which of the drawn numbers the layer's result depends on; all, if it is not said."""
    tf.random.set_seed(1)
    model = keras.Sequential([l.Input(x.shape[1:]), layer])
    for weight in model.weights:
        weight.assign(RANDOM.uniform(-0.6, 0.6, weight.shape))
    DRAWN.clear()
    x = tf.constant(x)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = layer(x, training=True)
        cotangent = RANDOM.normal(0, 1, y.shape).astype(np.float32)
        target = tf.reduce_sum(y * cotangent)
    drawn = list(DRAWN)
    assert drawn, name
    used = drawn if looked_at is None else [drawn[i] for i in looked_at]
    made = {"name": name, "model": json.loads(model.to_json()), "x_shape": list(x.shape), "x": listed(x),
            "weights": [listed(w) for w in model.weights], "uniforms": [listed(u) for u in used], "y": listed(y), "cotangent": listed(cotangent)}
    if not type(layer).__name__.startswith("Random"):  # TensorFlow's gradient of a transform is not the derivative
        made["dx"] = listed(tape.gradient(target, x))
        made["dweights"] = [listed(tape.gradient(target, w)) for w in model.weights]
    return made


def recurrent():
    x = RANDOM.normal(0, 1, (3, 4, 5)).astype(np.float32)
    seq = dict(return_sequences=True)
    yield case("simple_rnn", l.SimpleRNN(3, dropout=0.4, recurrent_dropout=0.3), x)
    yield case("simple_rnn_input", l.SimpleRNN(3, dropout=0.4, **seq), x)
    yield case("lstm_each_step", l.LSTM(3, dropout=0.4, **seq), x, [0])
    yield case("lstm_shared", l.LSTM(3, dropout=0.4, unroll=True, **seq), x, [0])
    yield case("lstm_relu_shared", l.LSTM(3, dropout=0.4, activation="relu"), x, [0])
    yield case("lstm_by_gate", l.LSTM(3, dropout=0.4, recurrent_activation="hard_sigmoid", implementation=1, **seq), x)
    yield case("lstm_both", l.LSTM(3, dropout=0.3, recurrent_dropout=0.4, **seq), x)
    yield case("lstm_recurrent", l.LSTM(3, recurrent_dropout=0.4, use_bias=False, go_backwards=True), x)
    yield case("gru_each_step", l.GRU(3, dropout=0.4), x, [0])
    yield case("gru_shared", l.GRU(3, dropout=0.4, reset_after=False, **seq), x, [0])
    yield case("gru_both", l.GRU(3, dropout=0.3, recurrent_dropout=0.4, **seq), x)
    yield case("gru_both_reset_before", l.GRU(3, dropout=0.3, recurrent_dropout=0.4, reset_after=False, **seq), x)
    yield case("gru_recurrent_no_bias", l.GRU(3, recurrent_dropout=0.4, use_bias=False, **seq), x)
    yield case("bidirectional", l.Bidirectional(l.LSTM(3, dropout=0.3, recurrent_dropout=0.4)), x)
    yield case("rnn_lstm_cell", l.RNN(l.LSTMCell(3, dropout=0.3), **seq), x, [0])
    stacked = l.RNN([l.LSTMCell(3, dropout=0.3, recurrent_dropout=0.4), l.GRUCell(2, dropout=0.4), l.SimpleRNNCell(2, recurrent_dropout=0.4)])
    yield case("stacked", stacked, x, [0, 1, 2, 3, 4, 5, 6, 7, 8, 11])
    maps = RANDOM.normal(0, 1, (2, 3, 5, 4, 2)).astype(np.float32)
    yield case("conv_lstm2d", l.ConvLSTM2D(2, 3, dropout=0.3, recurrent_dropout=0.4, padding="same", **seq), maps)
    yield case("conv_lstm2d_input", l.ConvLSTM2D(2, (3, 2), dropout=0.3), maps)
    yield case("conv_lstm1d", l.ConvLSTM1D(2, 2, recurrent_dropout=0.4, use_bias=False), maps[:, :, :, 0])


def attention():
    x = RANDOM.normal(0, 1, (2, 4, 6)).astype(np.float32)

    made = []
    for name, layer, arguments in (("attention", l.Attention(dropout=0.3), 1), ("multi_head_attention", l.MultiHeadAttention(2, 3, dropout=0.3), 2)):
        image = l.Input(x.shape[1:])
        model = keras.Model(image, layer([image, image]) if arguments == 1 else layer(image, image))
        for weight in model.weights:
            weight.assign(RANDOM.uniform(-0.6, 0.6, weight.shape))
        DRAWN.clear()
        at = tf.constant(x)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(at)
            y = layer([at, at], training=True) if arguments == 1 else layer(at, at, training=True)
            cotangent = RANDOM.normal(0, 1, y.shape).astype(np.float32)
            target = tf.reduce_sum(y * cotangent)
        assert len(DRAWN) == 1
        made.append({"name": name, "model": json.loads(model.to_json()), "x_shape": list(x.shape), "x": listed(x), "weights": [listed(w) for w in model.weights],
                     "uniforms": [listed(u) for u in DRAWN], "y": listed(y), "cotangent": listed(cotangent), "dx": listed(tape.gradient(target, at)),
                     "dweights": [listed(tape.gradient(target, w)) for w in model.weights]})
    return made


def pictures():
    x = RANDOM.uniform(0, 255, (4, 6, 5, 2)).astype(np.float32)
    yield case("flip", l.RandomFlip(), x)
    yield case("flip_horizontal", l.RandomFlip("horizontal"), x)
    yield case("flip_vertical", l.RandomFlip("vertical"), x)
    for fill_mode in ("reflect", "wrap", "constant", "nearest"):
        for interpolation in ("bilinear", "nearest"):
            how = dict(fill_mode=fill_mode, interpolation=interpolation, fill_value=3.5)
            yield case("rotation_%s_%s" % (fill_mode, interpolation), l.RandomRotation((-0.2, 0.3), **how), x)
    yield case("rotation", l.RandomRotation(0.5), x)
    yield case("translation", l.RandomTranslation(0.4, (-0.1, 0.6)), x)
    yield case("translation_wrap", l.RandomTranslation((-0.9, -0.2), 1.0, fill_mode="wrap"), x)
    yield case("zoom", l.RandomZoom(0.5), x)
    yield case("zoom_both", l.RandomZoom((-0.4, 0.6), (0.1, 0.8), fill_mode="constant"), x)
    yield case("contrast", l.RandomContrast(0.6), x)
    yield case("contrast_two", l.RandomContrast((0.9, 0.2)), x)
    yield case("brightness", l.RandomBrightness(0.3), x)
    yield case("brightness_unit", l.RandomBrightness((0.4, -0.1), value_range=(0.0, 1.0)), x / 255)
    PLACES[:] = [6 - 4 + 1, 5 - 3 + 1]
    yield case("crop", l.RandomCrop(4, 3), x)
    PLACES[:] = [6 - 2 + 1, 5 - 5 + 1]
    yield case("crop_rows", l.RandomCrop(2, 5), x)


def main():
    default = os.path.join(os.path.dirname(__file__), "..", "tests", "golden", "training", "random_layers.json")
    made = [*recurrent(), *attention(), *pictures()]
    with open(sys.argv[1] if len(sys.argv) > 1 else default, "w") as file:
        json.dump(made, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
