#!/usr/bin/env python3
"""The tutorials' models, frozen by Hoarfrost: TensorFlow runs the same graph on the same data, and must count the same.

usage: evaluate.py --hoarfrost BIN EXAMPLES_FOLDER

For each of the examples' models: as many right answers, as many in the top 5, the same confusion matrix as
`hoarfrost evaluate --report`, and Keras' loss within 1e-5. The data are read here, by Python. Closes with 'N passed, N failed'.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import tensorflow as tf


def read_cifar(path):
    rows = np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, 3073)
    return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).astype("float32") / 255, rows[:, 0].astype(int)


def read_sign(path):
    rows = np.loadtxt(path, delimiter=",", skiprows=1)
    return (rows[:, 1:] / 255).reshape(-1, 28, 28, 1).astype("float32"), rows[:, 0].astype(int)


def outputs_of(pb, facts, x):
    graph_def = tf.compat.v1.GraphDef()
    graph_def.ParseFromString(pathlib.Path(pb).read_bytes())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        with tf.compat.v1.Session(graph=graph) as session:
            return session.run(facts["outputs"][0]["name"] + ":0", {facts["inputs"][0]["name"] + ":0": x})


def differences(report, outputs, labels):
    n = outputs.shape[1]
    predictions = outputs.argmax(1)
    confusion = tf.math.confusion_matrix(labels, predictions, num_classes=n).numpy().tolist()
    right = int(tf.reduce_sum(tf.keras.metrics.sparse_categorical_accuracy(labels, outputs)))
    in_top = int(tf.reduce_sum(tf.keras.metrics.sparse_top_k_categorical_accuracy(labels, outputs, k=5)))
    loss = float(tf.reduce_mean(tf.keras.losses.categorical_crossentropy(np.eye(n)[labels], outputs.astype("float64"))))
    for key, found, expected in (("examples", report["examples"], len(labels)), ("right", report["right"], right), ("top_k_right", report["top_k_right"], in_top),
                                 ("confusion", report["confusion"], confusion)):
        if found != expected:
            yield f"{key} is {found}, in TensorFlow {expected}"
    if abs(report["loss"] - loss) > 1e-5:
        yield f"loss is {report['loss']}, in Keras {loss}"


def models(examples):
    for flow in sorted(path for path in examples.iterdir() if path.is_dir()):
        data = next((flow / "data").iterdir())
        yield f"{flow.name} checkpoint", [flow / "method1/keras_chkpt.h5"], data
        yield f"{flow.name} complete", [flow / "method2/k_complete_model.h5"], data
        yield f"{flow.name} json", [flow / "method3/k_model_architecture.json", "--weights", flow / "method3/k_model_weights.h5"], data


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hoarfrost", required=True)
    parser.add_argument("examples", type=pathlib.Path)
    arguments = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for title, model, data in models(arguments.examples):
            pb, path = f"{folder}/frozen.pb", pathlib.Path(folder) / "report.json"
            try:
                frozen = subprocess.run([arguments.hoarfrost, "freeze", *map(str, model), "-o", pb, "--json"], capture_output=True, text=True, check=True)
                subprocess.run([arguments.hoarfrost, "evaluate", pb, "--data", str(data), "--report", str(path)], capture_output=True, text=True, check=True)
                x, labels = read_cifar(data) if data.suffix == ".bin" else read_sign(data)
                found = list(differences(json.loads(path.read_text()), outputs_of(pb, json.loads(frozen.stdout), x), labels))
            except subprocess.CalledProcessError as problem:
                found = [problem.stderr.strip()]
            passed += not found
            failed += bool(found)
            print(f"{'FAIL' if found else 'pass'} {title}: {'; '.join(found) or 'the same counts'}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not passed)


main()
