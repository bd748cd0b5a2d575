#!/usr/bin/env python3
"""Trains from the command line: the saves, exact resumption, what a kill or Ctrl-C leaves, and errors.

usage: train_test.py BIN_FOLDER
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

TIMEOUT_SECONDS = 250


def layer(name, class_name, inputs, **config):
    return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": [[[x, 0, 0, {}] for x in inputs]] if inputs else []}


# Every part of a seed's network, small: convolution, BatchNormalization, pooling, dropout.
LAYERS = [
    layer("input_1", "InputLayer", [], batch_input_shape=[None, 28, 28, 1], dtype="float32"),
    layer("conv2d_1", "Conv2D", ["input_1"], filters=8, kernel_size=[3, 3], padding="same", activation="relu"),
    layer("batch_normalization_1", "BatchNormalization", ["conv2d_1"]),
    layer("max_pooling2d_1", "MaxPooling2D", ["batch_normalization_1"], pool_size=[4, 4]),
    layer("flatten_1", "Flatten", ["max_pooling2d_1"]),
    layer("dropout_1", "Dropout", ["flatten_1"], rate=0.3),
    layer("dense_1", "Dense", ["dropout_1"], units=25, activation="softmax"),
]
MODEL = {"class_name": "Model", "config": {"name": "model_1", "layers": LAYERS, "input_layers": [["input_1", 0, 0]], "output_layers": [["dense_1", 0, 0]]}, "keras_version": "2.2.4", "backend": "tensorflow"}


class Tries:
    def __init__(self, program, folder):
        self.program, self.folder, self.problems = program, folder, []

    def train(self, model, *more, output, epochs):
        command = [self.program, "train", model, "--data", "data/sign_mnist_train.csv", "--validation", "data/sign_mnist_test.csv", "--epochs", str(epochs),
                   "-o", output, "--threads", "2", *more]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)

    def expect(self, is_it, text):
        if not is_it:
            self.problems.append(text)

    def same(self, a, b):
        self.expect((self.folder / a).read_bytes() == (self.folder / b).read_bytes(), f"{a} and {b} differ")


COMPILE = ["--loss", "sparse_categorical_crossentropy", "--learning-rate", "0.01", "--batch-size", "50"]
WEIGHTS = "method3/k_model_weights.h5"


def try_resuming(tries):
    whole = tries.train("model.json", *COMPILE, "--json", output="whole", epochs=4)
    tries.expect(whole.returncode == 0, f"4 epochs: {whole.stderr}")
    report = json.loads(whole.stdout)
    accuracies = [epoch["accuracy"] for epoch in report["epochs"]]  # of 24 classes
    tries.expect(len(accuracies) == 4 and accuracies[-1] > 0.5, f"it does not learn: {accuracies}")
    tries.expect("Epoch 4/4" in whole.stderr and "val_accuracy: " in whole.stderr, f"no line per epoch: {whole.stderr}")
    for file in report["files"]:
        tries.expect((tries.folder / file).stat().st_size > 0, f"{file} is missing")
    tries.train("model.json", *COMPILE, output="again", epochs=4)
    tries.same(f"whole/{WEIGHTS}", f"again/{WEIGHTS}")
    tries.train("model.json", *COMPILE, "--seed", "7", output="other", epochs=2)
    half = tries.train("model.json", *COMPILE, output="half", epochs=2)
    tries.expect(half.returncode == 0, f"2 epochs: {half.stderr}")
    tries.expect((tries.folder / f"other/{WEIGHTS}").read_bytes() != (tries.folder / f"half/{WEIGHTS}").read_bytes(), "the seed changes nothing")
    for start in ("half/method2/k_complete_model.h5", "half/k_complete_model.keras"):
        rest = tries.train(start, output="rest", epochs=4)
        tries.expect(rest.returncode == 0 and "epoch 3 is the next" in rest.stderr, f"{start}: {rest.stderr}")
        tries.same(f"whole/{WEIGHTS}", f"rest/{WEIGHTS}")


def try_best_weights(tries):
    """The loss falls, so that by its maximum the first epoch is the best: the fourth stops, and the first's weights come back, also where training was resumed in between."""
    early = ["--callback", "EarlyStopping(monitor='loss', mode='max', patience=3, restore_best_weights=True)"]
    tries.train("model.json", *COMPILE, output="first", epochs=1)
    whole = tries.train("model.json", *COMPILE, *early, output="best", epochs=6)
    tries.expect(whole.returncode == 0 and "Epoch 4: early stopping" in whole.stderr, f"EarlyStopping: {whole.stderr}")
    tries.same(f"first/{WEIGHTS}", f"best/{WEIGHTS}")
    tries.train("model.json", *COMPILE, *early, output="best_half", epochs=2)
    for start in ("best_half/method2/k_complete_model.h5", "best_half/k_complete_model.keras"):
        rest = tries.train(start, *early, output="best_rest", epochs=6)
        tries.expect(rest.returncode == 0 and "Epoch 4: early stopping" in rest.stderr, f"{start}: {rest.stderr}")
        tries.same(f"best/{WEIGHTS}", f"best_rest/{WEIGHTS}")


def started(tries, output):
    command = [tries.program, "train", "model.json", *COMPILE, "--data", "data/sign_mnist_train.csv", "--validation", "data/sign_mnist_test.csv", "--epochs", "400",
               "-o", output, "--threads", "2"]
    process = subprocess.Popen(command, cwd=tries.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    checkpoint = tries.folder / output / "method1/keras_chkpt.h5"
    deadline = time.time() + 60
    while not checkpoint.exists() and time.time() < deadline:
        time.sleep(0.02)
    return process, checkpoint


def try_stopping(tries):
    process, checkpoint = started(tries, "killed")
    process.kill()
    process.communicate()
    tries.expect(checkpoint.exists(), "no checkpoint within a minute")
    resumed = tries.train(checkpoint.relative_to(tries.folder), output="killed", epochs=2)
    tries.expect(resumed.returncode == 0, f"after kill -9: {resumed.stderr}")

    process, _ = started(tries, "interrupted")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=TIMEOUT_SECONDS)
    tries.expect(process.returncode == 130 and "To go on: hoarfrost train interrupted/method2/k_complete_model.h5" in said, f"Ctrl-C: {process.returncode} {said}")
    resumed = tries.train("interrupted/method2/k_complete_model.h5", output="interrupted", epochs=3)
    tries.expect(resumed.returncode == 0, f"after Ctrl-C: {resumed.stderr}")


def try_callbacks(tries):
    more = ["--callback", "CSVLogger('callbacks/log.csv')", "--callback", "EarlyStopping(monitor='loss', min_delta=100, patience=1)", "--callback", "TensorBoard('callbacks/logs')",
            "--preset", "scale", "--save-preprocessing"]
    result = tries.train("model.json", *COMPILE, *more, output="callbacks", epochs=9)
    lines = (tries.folder / "callbacks/log.csv").read_text().splitlines()
    tries.expect(result.returncode == 0 and len(lines) == 3 and lines[0] == "epoch,accuracy,loss,val_accuracy,val_loss", f"callbacks: {lines} {result.stderr}")
    events = b"".join(file.read_bytes() for file in (tries.folder / "callbacks/logs/train").iterdir())
    architecture = (tries.folder / "callbacks/method3/k_model_architecture.json").read_bytes()
    tries.expect(b"graph_keras_model" in events and architecture in events, "TensorBoard: its file holds no model")
    saved = tries.folder / "callbacks/method2/k_complete_model.preprocessing.json"
    tries.expect(saved.exists() and json.loads(saved.read_text())["preset"] == "scale", "--save-preprocessing: not beside method2's save")


# Layers that draw numbers of their own: pictures augmented in the graph, dropout within a recurrent layer.
RANDOM_LAYERS = [
    layer("input_1", "InputLayer", [], batch_input_shape=[None, 28, 28, 1], dtype="float32"),
    layer("flip", "RandomFlip", ["input_1"], mode="horizontal"),
    layer("turn", "RandomRotation", ["flip"], factor=0.05),
    layer("zoom", "RandomZoom", ["turn"], height_factor=0.1, fill_mode="constant"),
    layer("pool", "MaxPooling2D", ["zoom"], pool_size=[4, 4]),
    layer("rows", "Reshape", ["pool"], target_shape=[7, 7]),
    layer("lstm", "LSTM", ["rows"], units=16, dropout=0.1, recurrent_dropout=0.1),
    layer("dense_1", "Dense", ["lstm"], units=25, activation="softmax"),
]


def try_random_layers(tries):
    config = {**MODEL["config"], "layers": RANDOM_LAYERS}
    (tries.folder / "random.json").write_text(json.dumps({**MODEL, "config": config, "keras_version": "2.15.0"}))
    whole = tries.train("random.json", *COMPILE, "--json", output="random", epochs=4)
    tries.expect(whole.returncode == 0, f"random layers: {whole.stderr}")
    losses = [epoch["loss"] for epoch in json.loads(whole.stdout)["epochs"]]
    tries.expect(losses == sorted(losses, reverse=True) and losses[-1] < losses[0] - 0.05, f"random layers: it does not learn: {losses}")
    tries.train("random.json", *COMPILE, output="random_half", epochs=2)
    tries.train("random_half/method2/k_complete_model.h5", output="random_rest", epochs=4)
    tries.same(f"random/{WEIGHTS}", f"random_rest/{WEIGHTS}")


# A loss that is no number: the batch and the layer are named, and the saves that are there stay as they are.
def try_no_number(tries):
    tries.train("model.json", *COMPILE, output="best", epochs=1)
    before = {path: path.read_bytes() for path in (tries.folder / "best").rglob("*.h5")}
    for more in ([], ["--callback", "TerminateOnNaN()"]):
        result = tries.train("best/method2/k_complete_model.h5", "--optimizer", "sgd", "--learning-rate", "1e36", *more, output="best", epochs=5)
        said = [line for line in result.stderr.splitlines() if line.startswith("hoarfrost: ")]
        tries.expect(result.returncode == 1 and len(said) == 1 and "epoch 2, batch 2: the loss is " in said[0] and "the first output that is no number is layer `" in said[0],
                     f"no number: {more}: {result.returncode} {result.stderr}")
        tries.expect(before == {path: path.read_bytes() for path in (tries.folder / "best").rglob("*.h5")}, f"no number: {more}: a save was written over")


def try_errors(tries):
    cases = [
        (["--loss", "sparse_categorical_crossentropy", "--learning-rate", "1e36"], 1, "nothing is saved over what there was"),
        (["--loss", "crossentropy"], 3, "`crossentropy` is not known"),
        (["--loss", "mse", "--optimizer", "adamm"], 3, "`adamm` is not known: give --optimizer, one of "),
        ([], 1, "was saved without a loss: give --loss"),
        (["--loss", "mse", "--callback", "EarlyStoping()"], 1, "EarlyStopping"),
    ]
    for more, status, text in cases:
        result = tries.train("model.json", *more, output="wrong", epochs=1)
        said = [line for line in result.stderr.splitlines() if line.startswith("hoarfrost: ")]
        tries.expect(result.returncode == status and len(said) == 1 and text in said[0], f"{more}: {result.returncode} {result.stderr}")


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve() / "hoarfrost")
    with tempfile.TemporaryDirectory() as name:
        tries = Tries(program, pathlib.Path(name))
        (tries.folder / "model.json").write_text(json.dumps(MODEL))
        subprocess.run([program, "generate-data", "sign-language", "data", "--examples", "1000"], cwd=tries.folder, check=True, capture_output=True)
        try_resuming(tries)
        try_best_weights(tries)
        try_stopping(tries)
        try_callbacks(tries)
        try_random_layers(tries)
        try_no_number(tries)
        try_errors(tries)
        print("\n".join(tries.problems) or "training resumes to the bit, and what stops it leaves whole files")
        sys.exit(bool(tries.problems))


if __name__ == "__main__":
    main()
