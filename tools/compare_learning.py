#!/usr/bin/env python3
"""Trains the CIFAR-10 tutorial's network, dropout on, by Keras 2.15 and by Hoarfrost on the same pictures, some seeds each, and
prints what accuracies the two reach: seeds differ, and the two ranges should overlap.

usage: compare_learning.py HOARFROST [--examples N] [--epochs N] [--seeds N] [--batch-size N] [--rate R]
(needs TensorFlow 2.15 and numpy)

The pictures are those of `hoarfrost generate-data cifar10`: N to train on, a fifth of them to measure on; few, so that
neither comes near 100 %. Same architecture, initialisers, Adam, batch size and number of epochs.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
MODEL = pathlib.Path(__file__).resolve().parent.parent / "examples/cifar10/model.json"


def pictures(folder, pattern):
    import numpy as np

    rows = np.concatenate([np.fromfile(path, np.uint8).reshape(-1, 3073) for path in sorted(folder.rglob(pattern))])
    x = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).astype(np.float32) / 255
    return x, np.eye(10, dtype=np.float32)[rows[:, 0]]


def by_keras(arguments, folder, seed, data):
    from tensorflow import keras

    (x, y), (x_test, y_test) = data
    keras.utils.set_random_seed(seed)
    model = keras.models.model_from_json(MODEL.read_text())
    model.compile(keras.optimizers.Adam(arguments.rate), "categorical_crossentropy", ["accuracy"])
    model.fit(x, y, batch_size=arguments.batch_size, epochs=arguments.epochs, verbose=0)
    return model.evaluate(x_test, y_test, verbose=0)[1]


def by_hoarfrost(arguments, folder, seed, _):
    command = [arguments.hoarfrost, "train", MODEL, "--data", folder, "--validation", folder, "--loss", "categorical_crossentropy", "--learning-rate", arguments.rate,
               "--batch-size", arguments.batch_size, "--epochs", arguments.epochs, "--seed", seed, "-o", folder / "trained", "--quiet", "--json"]
    report = json.loads(subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout)
    return report["epochs"][-1]["val_accuracy"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("hoarfrost")
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--rate", type=float, default=1e-3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([arguments.hoarfrost, "generate-data", "cifar10", name, "--examples", str(arguments.examples)], check=True, capture_output=True)
        data = pictures(folder, "data_batch_*.bin"), pictures(folder, "test_batch.bin")
        print(f"{len(data[0][0])} pictures, {arguments.epochs} epochs in batches of {arguments.batch_size}; measured on {len(data[1][0])}")
        ranges = []
        for who, train in (("Keras 2.15", by_keras), ("Hoarfrost", by_hoarfrost)):
            start = time.time()
            found = [train(arguments, folder, seed, data) for seed in range(1, arguments.seeds + 1)]
            ranges.append((min(found), max(found)))
            each = ", ".join(f"{accuracy:.4f}" for accuracy in found)
            print(f"{who:10}  {min(found):.4f} to {max(found):.4f}, mean {statistics.mean(found):.4f} ({each}) in {time.time() - start:.0f} s")
        overlaps = max(low for low, _ in ranges) <= min(high for _, high in ranges)
        print("The ranges overlap." if overlaps else "The ranges do not overlap.")
        sys.exit(not overlaps)


if __name__ == "__main__":
    main()
