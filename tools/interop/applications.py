#!/usr/bin/env python3
"""One member of every family of keras.applications: frozen, run by us and by TensorFlow, and compared with Keras' answers.

usage: applications.py --hoarfrost BIN --work FOLDER [FAMILY …]

Under Keras 2.15 the families are saved as .h5 and .keras, under Keras 3 as .keras. Weights are random, and so are the statistics of
BatchNormalization (as initialised it would do nothing). Without a softmax: after it a random network is flat, and everything
passes. The graph's answers must agree with Keras' within 1e-4 of the largest. Closes with 'N passed, N failed'.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
# With oneDNN, TensorFlow 2.15's remapper puts its own kernels in for parts of graphs: ConvNeXt's answers are then 3e-4 away
# from those in float64, without it (and ours) 5e-7.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
import keras
import numpy as np

FAMILIES = {  # the smallest member, and the smallest picture that it takes
    "Xception": 71, "VGG16": 32, "ResNet50": 32, "ResNet50V2": 32, "InceptionV3": 75, "InceptionResNetV2": 75, "MobileNet": 32,
    "MobileNetV2": 32, "MobileNetV3Small": 32, "DenseNet121": 32, "NASNetMobile": 32, "EfficientNetB0": 32, "EfficientNetV2B0": 32,
    "ConvNeXtTiny": 32, "RegNetX002": 32, "RegNetY002": 32, "ResNetRS50": 32}
LIMIT = 1e-4  # relative to the largest answer


def build(name):
    size = FAMILIES[name]
    return getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3), classes=10, classifier_activation=None)


def randomise(model, seed=0):
    """Every weight that initialises to a constant (biases, gamma, statistics) gets values of its own; kernels have theirs."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        value = np.asarray(weight.numpy())
        if value.dtype.kind != "f" or value.size == 0 or value.min() != value.max():
            continue
        positive = value.flat[0] != 0
        weight.assign(random.uniform(0.5, 1.5, value.shape) if positive else random.normal(0, 0.1, value.shape))


def run_tensorflow(pb, io, x):
    import tensorflow.compat.v1 as tf
    definition = tf.GraphDef()
    definition.ParseFromString(pathlib.Path(pb).read_bytes())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        with tf.Session(graph=graph) as session:
            return session.run(io["outputs"][0]["name"] + ":0", {io["inputs"][0]["name"] + ":0": x})


def run_hoarfrost(hoarfrost, pb, folder, x):
    np.savez(folder / "x.npz", x=x)
    done = subprocess.run([hoarfrost, "predict", pb, "--data", folder / "x.npz", "-o", folder / "y.npz"], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    with np.load(folder / "y.npz") as answers:
        return answers[answers.files[0]]


def saves_of(model, folder, name):
    kinds = ["keras"] if keras.__version__.startswith("3") else ["h5", "keras"]
    for kind in kinds:
        path = folder / f"{name}.{kind}"
        model.save(path)
        yield path


def judge(answers, expected):
    error = float(np.abs(answers - expected).max() / np.abs(expected).max())
    return error if error < LIMIT else f"relative error {error:.1e}"


def check(hoarfrost, path, x, expected):
    pb = path.with_suffix(".pb")
    done = subprocess.run([hoarfrost, "freeze", path, "-o", pb, "--json"], capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip()
    io = json.loads(done.stdout)
    verdicts = [judge(run_hoarfrost(hoarfrost, pb, path.parent, x), expected)]
    if not keras.__version__.startswith("3"):
        verdicts.append(judge(run_tensorflow(pb, io, x), expected))
    wrong = [verdict for verdict in verdicts if isinstance(verdict, str)]
    return wrong[0] if wrong else max(verdicts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hoarfrost", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("families", nargs="*", default=[name for name in FAMILIES if hasattr(keras.applications, name)])
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    passed = failed = 0
    for name in arguments.families:
        keras.backend.clear_session()
        model = build(name)
        randomise(model)
        x = np.random.default_rng(1).uniform(0, 1, (2, *model.input_shape[1:])).astype("float32")
        expected = np.asarray(model(x, training=False))
        for path in saves_of(model, arguments.work, name):
            verdict = check(arguments.hoarfrost, path, x, expected)
            good = not isinstance(verdict, str)
            passed, failed = passed + good, failed + (not good)
            print(f"{'pass' if good else 'FAIL'} {path.name}: {verdict if not good else format(verdict, '.1e')}", flush=True)
            for made in arguments.work.glob(f"{name}.*"):
                if made != path or good:
                    made.unlink()
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not passed)


if __name__ == "__main__":
    main()
