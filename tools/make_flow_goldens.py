#!/usr/bin/env python3
"""Writes tests/golden/flow: graphs with TensorFlow 1's control flow as real TensorFlow writes them, and what it computes with them.

usage: make_flow_goldens.py [FOLDER]          (needs TensorFlow 2.15; the files are committed, so building and testing do not)

For each case NAME.pb, frozen, and NAME.npz with in0, in1, … for the placeholders in0, in1, … and out0, … for the nodes out0, …;
where two ways can be taken there are further feedings in NAME.1.npz.
"""
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
tf1.disable_v2_behavior()
tf1.disable_control_flow_v2()
CASES = {}


def case(*feedings):
    """Registers a function that makes outputs of placeholders; each feeding is a list of arrays."""
    def register(make):
        CASES[make.__name__] = (make, feedings)
        return make
    return register


def ramp(*shape):
    return (np.arange(np.prod(shape), dtype=np.float32).reshape(shape) - 3) / 7


@case([ramp(2, 3)])
def while_loop(x):
    w = tf.constant(ramp(3, 3))
    i, y = tf1.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, tf.tanh(tf.matmul(y, w) + 0.1)), [tf.constant(0), x])
    return y, i


@case([ramp(3)])
def nested(x):
    def inner(i, y):
        _, z = tf1.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, z * 1.1 + tf.cast(i, tf.float32)), [tf.constant(0), y])
        return i + 1, z
    return tf1.while_loop(lambda i, y: i < 4, inner, [tf.constant(0), x])[1],


@case([ramp(2, 2)], [-ramp(2, 2)])
def cond(x):
    return tf1.cond(tf.reduce_sum(x) > 0, lambda: x * 2.0 + 1.0, lambda: tf.matmul(x, x)),


@case([np.float32(1)], [np.float32(-1)])
def cond_of_constants(x):
    return tf1.cond(x > 0, lambda: tf.constant([1.0, 2.0]), lambda: tf.constant([3.0, 4.0])), tf1.cond(x > 0, lambda: x + 1.0, lambda: x)


@case([np.float32(3)], [np.float32(1)], [np.float32(-1)])
def nested_cond(x):
    return tf1.cond(x > 0, lambda: tf1.cond(x > 2, lambda: x * 3.0, lambda: x * 5.0), lambda: x - 1.0) + 1.0,


@case([ramp(4)])
def cond_in_while(x):
    def body(i, y):
        return i + 1, tf1.cond(tf.equal(i % 2, 0), lambda: y + 1.0, lambda: y * tf.cast(i, tf.float32))
    return tf1.while_loop(lambda i, y: i < 5, body, [tf.constant(0), x])[1],


@case([ramp(4)], [-ramp(4)])
def while_in_cond(x):
    loop = lambda: tf1.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2.0), [tf.constant(0), x])[1]
    return tf1.cond(tf.reduce_sum(x) > 0, loop, lambda: x),


@case([ramp(2, 1)])
def growing(x):
    grow = lambda i, y: (i + 1, tf.concat([y, y[:, -1:] + 1.0], 1))
    i = tf.constant(0)
    return tf1.while_loop(lambda i, y: i < 4, grow, [i, x], shape_invariants=[i.get_shape(), tf.TensorShape([2, None])])[1],


@case([ramp(5, 3)], [ramp(1, 3)])
def scan(x):
    return tf1.scan(lambda a, y: a * 0.5 + y, x), tf1.map_fn(lambda y: tf.reduce_sum(y) * y, x)


@case([ramp(3)])
def array_that_grows(x):
    write = lambda i, array: (i + 1, array.write(i, x * tf.cast(i, tf.float32)))
    array = tf1.while_loop(lambda i, array: i < 4, write, [tf.constant(0), tf1.TensorArray(tf.float32, 0, dynamic_size=True)])[1]
    return array.stack(), array.size()


@case([ramp(2)])
def no_round(x):
    return tf1.while_loop(lambda y: tf.reduce_sum(y) > 100.0, lambda y: y * 2.0, [x]),


@case([ramp(2, 6, 3)], [ramp(3, 4, 3)])
def keras_lstm(x):
    x.set_shape([None, None, 3])
    cell = tf1.keras.layers.LSTMCell(4)
    sequences, last = tf1.keras.layers.RNN(cell, return_sequences=True)(x), tf1.keras.layers.GRU(3, go_backwards=True)(x)
    return sequences, last


@case([np.where(ramp(2, 6, 3) > 1, 0, ramp(2, 6, 3)).astype(np.float32)])
def keras_masked(x):
    x.set_shape([None, None, 3])
    y = tf1.keras.layers.Masking()(x)
    return tf1.keras.layers.SimpleRNN(4, return_sequences=True)(y), tf1.keras.layers.Bidirectional(tf1.keras.layers.LSTM(2))(y)


@case([ramp(3, 5, 2), np.array([5, 2, 0], np.int32)])
def dynamic_rnn(x, lengths):
    cell = tf1.nn.rnn_cell.BasicLSTMCell(3)
    y, state = tf1.nn.dynamic_rnn(cell, x, sequence_length=lengths, dtype=tf.float32)
    return y, state.h


def write(name, make, feedings, folder):
    with tf1.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
        tf1.keras.backend.set_session(session)
        tf1.set_random_seed(5)
        inputs = []
        for i, value in enumerate(feedings[0]):
            shape = [None if any(np.shape(f[i])[a] != np.shape(value)[a] for f in feedings) else np.shape(value)[a] for a in range(np.ndim(value))]
            inputs.append(tf1.placeholder(np.asarray(value).dtype, shape, "in%d" % i))
        outputs = [tf.identity(y, "out%d" % i) for i, y in enumerate(make(*inputs))]
        session.run(tf1.global_variables_initializer())
        names = [y.op.name for y in outputs]
        frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), names)
        with open(os.path.join(folder, name + ".pb"), "wb") as file:
            file.write(frozen.SerializeToString(deterministic=True))
        for n, feeding in enumerate(feedings):
            answers = session.run(outputs, dict(zip(inputs, feeding)))
            arrays = {"in%d" % i: v for i, v in enumerate(feeding)} | {"out%d" % i: v for i, v in enumerate(answers)}
            np.savez(os.path.join(folder, name + (".%d" % n if n else "") + ".npz"), **arrays)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "tests", "golden", "flow")
    os.makedirs(folder, exist_ok=True)
    for name, (make, feedings) in CASES.items():
        write(name, make, feedings, folder)
        print(name)


if __name__ == "__main__":
    main()
