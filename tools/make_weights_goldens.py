#!/usr/bin/env python3
"""Makes tests/golden/keras/weights_*.h5: weights that Keras saved without their architecture.

usage: make_weights_goldens.py [NAME…]     (with TensorFlow 2.15, or with Keras 3 over TensorFlow or JAX: each makes its own)

NAME.json is Keras' own architecture, which the tests compare with what the weights imply.
"""
import os
import pathlib
import sys

os.environ.update(CUDA_VISIBLE_DEVICES="")
try:
    import tensorflow as tf
    os.environ["KERAS_BACKEND"] = "tensorflow"
except ImportError:
    tf = None
    os.environ["KERAS_BACKEND"] = "jax"

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/keras"
IS_2 = tf is not None and tf.__version__.startswith("2.15")
if IS_2:
    from tensorflow import keras
else:
    import keras
L = keras.layers


def dense():
    return [keras.Input((6,)), L.Dense(5), L.Dense(4, use_bias=False), L.Dense(3)]


def picture():
    return [keras.Input((12, 10, 2)), L.Conv2D(3, 3), L.BatchNormalization(), L.MaxPooling2D(), L.Conv2D(4, 3), L.Flatten(), L.Dense(5)]


def convolved():
    return [keras.Input((12, 10, 2)), L.Conv2D(3, 3), L.MaxPooling2D(), L.Conv2D(4, 3), L.Flatten(), L.Dense(5)]


def pooled():
    return [keras.Input((None, None, 3)), L.Conv2D(4, 3), L.Conv2D(5, 2), L.GlobalAveragePooling2D(), L.Dense(3)]


def words():
    return [keras.Input((None,)), L.Embedding(9, 4), L.GRU(5, return_sequences=True), L.LSTM(3), L.Dense(2)]


for make in (dense, picture, convolved, pooled, words):
    if len(sys.argv) > 1 and make.__name__ not in sys.argv[1:]:
        continue
    keras.utils.set_random_seed(7)
    net = keras.Sequential(make())
    name = f"weights_{make.__name__}"
    if IS_2:
        (FOLDER / f"{name}.json").write_text(net.to_json() + "\n")
        net.save_weights(FOLDER / f"{name}.h5")
    else:
        net.save_weights(FOLDER / f"{name}.weights.h5")
