#!/usr/bin/env python3
"""Writes examples/{cifar10,sign_language}/model.json: the two original networks, as real Keras 2.15 writes their architecture.

usage: make_example_architectures.py [EXAMPLES]          (needs TensorFlow 2.15; the files are committed)
"""
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
import tensorflow as tf

L = tf.keras.layers


def cifar10():
    x = y = tf.keras.Input((32, 32, 3))
    for filters in (32, 64):
        y = L.Conv2D(filters, (3, 3), padding="same", activation="relu")(y)
        y = L.BatchNormalization()(y)
        y = L.MaxPooling2D((2, 2))(y)
    y = L.Dense(512, activation="relu")(L.Flatten()(y))
    return tf.keras.Model(x, L.Dense(10, activation="softmax")(L.Dropout(0.5)(y)))


def sign_language():
    x = y = tf.keras.Input((28, 28, 1))
    for filters in (28, 64):
        y = L.Activation("relu")(L.Conv2D(filters, (3, 3), padding="same")(y))
        y = L.BatchNormalization()(y)
        y = L.MaxPooling2D((2, 2))(y)
    y = L.Flatten()(L.Dropout(0.4)(y))
    y = L.Dropout(0.4)(L.Activation("relu")(L.Dense(512)(y)))
    return tf.keras.Model(x, L.Activation("softmax")(L.Dense(25)(y)))


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "examples")
    for make in (cifar10, sign_language):
        tf.keras.backend.clear_session()
        with open(os.path.join(folder, make.__name__, "model.json"), "w") as file:
            file.write(make().to_json() + "\n")


if __name__ == "__main__":
    main()
