#!/usr/bin/env python3
"""Random configurations of every common layer, made by real Keras, frozen by us and compared with Keras' answers.

usage: sweep.py --hoarfrost BIN --work FOLDER [--count N] [--seed S] [--keep]

Golden cases show what somebody thought of; this draws what nobody did: strides with dilations, even kernels with odd sizes,
layers on layers. The draws are those of --seed, so that a failure can be had again; --keep leaves its model. Every model of several
random layers is saved as .h5 or .keras, frozen, and run by our runtime and, under Keras 2.15, by TensorFlow. Configurations that
Keras itself refuses are drawn again. A model that we refuse fails, too. Closes with 'N passed, N failed'.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"  # TensorFlow 2.15 fuses some normalisations wrongly with it
import keras
import numpy as np
from applications import randomise, run_hoarfrost, run_tensorflow

L = keras.layers
ACTIVATIONS = ["relu", "tanh", "sigmoid", "elu", "selu", "softplus", "softsign", "swish", "gelu", "exponential", "hard_sigmoid", "linear", None, "softmax"]
LIMIT = 2e-4  # relative to the largest answer


class Draw:
    """Draws by name what layers take."""

    def __init__(self, random):
        self.random = random

    def one(self, *choices):
        return choices[self.random.integers(len(choices))]

    def number(self, low, high):
        return int(self.random.integers(low, high + 1))

    def sizes(self, n, low, high):
        return self.one(self.number(low, high), tuple(self.number(low, high) for _ in range(n)))

    def flag(self):
        return bool(self.random.integers(2))

    def padding(self, n, size, strides):
        """TensorFlow's own kernels shift windows of volumes that are smaller than their strides; oneDNN's, and ours, do not."""
        tuples = [value if isinstance(value, tuple) else (value,) * n for value in (size, strides or size)]
        return "valid" if n == 3 and any(s > k for k, s in zip(*tuples)) else self.one("same", "valid")

    def strides(self, n):
        """Strides or dilations; few layers take both."""
        return self.one({"strides": self.sizes(n, 1, 3)}, {"dilation_rate": self.sizes(n, 1, 3)}, {})

    def activation(self):
        return self.one(*ACTIVATIONS)


def convolution(d, n):
    kinds = {1: [L.Conv1D, L.SeparableConv1D, L.DepthwiseConv1D, L.Conv1DTranspose], 2: [L.Conv2D, L.Conv2D, L.SeparableConv2D, L.DepthwiseConv2D, L.Conv2DTranspose], 3: [L.Conv3D, L.Conv3DTranspose]}[n]
    kind = d.one(*kinds)
    config = dict(kernel_size=d.sizes(n, 1, 4), activation=d.activation(), use_bias=d.flag(), **d.strides(n))
    config["padding"] = d.padding(n, config["kernel_size"], config.get("strides", 1))
    if "Depthwise" in kind.__name__:
        config["depth_multiplier"] = d.number(1, 3)
    else:
        config["filters"] = d.one(2, 4, 6)
    if kind in (L.Conv1D, L.Conv2D) and d.flag():
        config["groups"] = 2
    if kind is L.Conv1D and d.flag():
        config["padding"] = "causal"
    if "Separable" in kind.__name__:
        config["depth_multiplier"] = d.number(1, 2)
    return kind(**config)


def pooling(d, n):
    kind = d.one(*{1: [L.MaxPooling1D, L.AveragePooling1D], 2: [L.MaxPooling2D, L.AveragePooling2D], 3: [L.MaxPooling3D, L.AveragePooling3D]}[n])
    size, strides = d.sizes(n, 1, 3), d.one(None, d.sizes(n, 1, 3))
    return kind(pool_size=size, strides=strides, padding=d.padding(n, size, strides))


def spatial(d, n):
    pairs = [(d.number(0, 2), d.number(0, 2)) for _ in range(n)]
    padding, cropping, upsampling = {1: (L.ZeroPadding1D, L.Cropping1D, L.UpSampling1D), 2: (L.ZeroPadding2D, L.Cropping2D, L.UpSampling2D), 3: (L.ZeroPadding3D, L.Cropping3D, L.UpSampling3D)}[n]
    kind = d.one(padding, cropping, upsampling)
    if kind is upsampling:
        return kind(d.number(1, 3)) if n == 1 else kind(d.sizes(n, 1, 2)) if n == 3 else kind(d.sizes(n, 1, 3), interpolation=d.one("nearest", "bilinear"))
    pads = tuple(pairs)
    return kind(d.one(pads[0], 1) if n == 1 else d.one(1, pads, tuple(p[0] for p in pads)))


def normalization(d, n):
    kind = d.one("batch", "batch", "layer", "group", "unit")
    if kind == "batch":
        return L.BatchNormalization(axis=d.one(-1, -1, -1, 1), center=d.flag(), scale=d.flag(), epsilon=d.one(1e-3, 1e-5))
    if kind == "layer":
        return L.LayerNormalization(axis=d.one(-1, [1, 2], -2), center=d.flag(), scale=d.flag())
    if kind == "group":
        return L.GroupNormalization(groups=d.one(1, 2, -1), axis=-1)
    return L.UnitNormalization(axis=d.one(-1, 1))


def activation(d, n):
    return d.one(lambda: L.Activation(d.activation()), lambda: L.ReLU(max_value=d.one(None, 6.0, 1.5), negative_slope=d.one(0.0, 0.1), threshold=d.one(0.0, 0.2)), lambda: L.LeakyReLU(0.2),
                 lambda: L.PReLU(shared_axes=d.one(None, [1])), lambda: L.ELU(0.7), lambda: L.Softmax(axis=d.one(-1, 1)), lambda: L.Dropout(0.3), lambda: L.GaussianNoise(0.1))()


def dense(d, n):
    return d.one(lambda: L.Dense(d.number(1, 6), activation=d.activation(), use_bias=d.flag()), lambda: L.Permute(tuple(int(a) + 1 for a in d.random.permutation(n + 1))),
                 lambda: L.EinsumDense({1: "abc,cd->abd", 2: "abcd,de->abce", 3: "abcde,ef->abcdf"}[n], output_shape=tuple([None] * n + [3]), bias_axes=d.one(None, {1: "d", 2: "e", 3: "f"}[n])))()


def recurrent(d, n):
    kind = d.one(L.LSTM, L.GRU, L.SimpleRNN)
    config = dict(units=d.one(1, 3, 5, 17, 20), return_sequences=d.one(True, True, False), go_backwards=d.flag(), use_bias=d.flag(), activation=d.one("tanh", "relu", "sigmoid", "linear"))
    if kind is not L.SimpleRNN:
        config["recurrent_activation"] = d.one("sigmoid", "hard_sigmoid")
    if kind is L.GRU:
        config["reset_after"] = d.flag()
    layer = kind(**config)
    return L.Bidirectional(kind(**config), merge_mode=d.one("concat", "sum", "mul", "ave")) if d.flag() else layer


def distributed(d, n):
    inner = d.one(lambda: L.Dense(3, activation=d.activation()), lambda: L.Flatten(), lambda: convolution(d, n - 1) if n > 1 else L.Dense(2))()
    return L.TimeDistributed(inner)


def reshaped(d, n):
    return d.one(lambda: L.Flatten(), lambda: L.GlobalAveragePooling2D(keepdims=d.flag()) if n == 2 else L.GlobalMaxPooling1D(keepdims=d.flag()) if n == 1 else L.GlobalAveragePooling3D())()


def residual(d, x):
    """Two branches of one shape, merged."""
    branch = L.Dense(x.shape[-1], activation=d.activation())(x)
    return d.one(L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Concatenate)()([x, branch])


def step(d, x):
    n = len(x.shape) - 2
    if n == 0:
        return d.one(lambda: L.Dense(4, activation=d.activation())(x), lambda: L.RepeatVector(3)(x), lambda: L.Reshape((-1, 1))(x), lambda: residual(d, x))()
    makers = [convolution, convolution, pooling, spatial, normalization, activation, dense] + ([recurrent, recurrent] if n == 1 else [distributed])
    if d.number(0, 9) == 0:
        return residual(d, x)
    return d.one(*makers)(d, n)(x)


def build(d):
    n = d.one(1, 1, 2, 2, 2, 3)
    shape = tuple(d.number(5, 9) for _ in range(n)) + (d.one(2, 4),)
    x = inputs = keras.Input(shape)
    if n == 1 and not keras.__version__.startswith("3") and d.flag():  # over JAX, what is the same array keeps its mask
        x = L.Masking()(x)  # steps of zeros, which the data has
    for _ in range(d.number(2, 5)):
        for _ in range(20):  # until Keras takes one
            try:
                y = step(d, x)
            except Exception:
                continue
            if all(size is None or 0 < size < 60 for size in y.shape[1:]) and 2 <= len(y.shape) <= 5:
                x = y
                break
    if len(x.shape) > 2 and d.flag():
        x = reshaped(d, len(x.shape) - 2)(x)
    return keras.Model(inputs, x)


def difference(run, expected):
    try:
        answers = np.asarray(run())
    except Exception as problem:
        return str(problem).strip()[:300]
    if answers.shape != expected.shape:
        return f"shape {answers.shape}, Keras {expected.shape}"
    error = float(np.abs(answers - expected).max() / max(np.abs(expected).max(), 1e-6))
    return None if error < LIMIT else f"relative error {error:.1e}"


def verdict(hoarfrost, model, path, x, expected):
    """None, or what is wrong."""
    pb = path.with_suffix(".pb")
    done = subprocess.run([hoarfrost, "freeze", path, "-o", pb, "--json"], capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip()
    io = json.loads(done.stdout)
    runs = {"our runtime": lambda: run_hoarfrost(hoarfrost, pb, path.parent, x)}
    if not keras.__version__.startswith("3"):
        runs["TensorFlow"] = lambda: run_tensorflow(pb, io, x)
    wrong = [f"{name}: {text}" for name, run in runs.items() if (text := difference(run, expected))]
    return "; ".join(wrong) or None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hoarfrost", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    passed = failed = 0
    number = arguments.seed * 100000
    while passed + failed < arguments.count:
        number += 1
        keras.backend.clear_session()
        keras.utils.set_random_seed(number)  # of the kernels, so that a failure comes again
        d = Draw(np.random.default_rng(number))
        model = build(d)
        randomise(model, number)
        x = d.random.normal(0, 1, (2, *model.input_shape[1:])).astype("float32")
        if x.ndim == 3:
            x[d.random.random(x.shape[:2]) < 0.2] = 0
        try:
            expected = np.asarray(model(x, training=False))
        except Exception:
            continue  # Keras builds some convolutions that no CPU kernel computes
        if not np.isfinite(expected).all() or np.abs(expected).max() > 1e6 or expected.size == 0:
            continue
        kind = "keras" if keras.__version__.startswith("3") or d.flag() else "h5"
        path = arguments.work / f"sweep_{number}.{kind}"
        model.save(path)
        wrong = verdict(arguments.hoarfrost, model, path, x, expected)
        passed, failed = passed + (wrong is None), failed + (wrong is not None)
        if wrong is not None:
            chain = " ".join(layer.__class__.__name__ for layer in model.layers[1:])
            print(f"FAIL {path.name}: {wrong} [{chain}]", flush=True)
        if wrong is None or not arguments.keep:
            path.unlink()
        path.with_suffix(".pb").unlink(missing_ok=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not passed)


if __name__ == "__main__":
    main()
