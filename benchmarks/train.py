#!/usr/bin/env python3
"""Training speed on the tutorials' two networks beside Keras 2.15 and PyTorch, taken in turn: examples per second, Adam, the same data.

usage: benchmarks/train.py [--hoarfrost build/release/bin/hoarfrost] [--network cifar sign] [--batch N] [--threads 2] [--rounds 5]
                           [--examples 5000] [--epochs 4] [--torch-python PYTHON]

needs: pip install tensorflow-cpu==2.15.1; and torch, in another environment if need be (--torch-python), for PyTorch's column

Batches are the tutorials' own: 100 and 32. Every figure is of a process of its own. Those of the peers leave out their first epoch, in which they
trace and warm up; Hoarfrost's is of all epochs, its compiling among them. Medians over rounds; ratios are of these medians. The last column is the
largest resident memory of Hoarfrost's processes.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
ROOT = Path(__file__).resolve().parent.parent
# name: data's kind, model, batch, input shape, classes, filters of the first convolution, what is dropped in front of and behind the hidden layer
NETWORKS = {"cifar": ("cifar10", "examples/cifar10/model.json", 100, (32, 32, 3), 10, 32, (0, .5)),
            "sign": ("sign-language", "examples/sign_language/model.json", 32, (28, 28, 1), 25, 28, (.4, .4))}


def read(folder, shape, n):
    """The examples that `hoarfrost generate-data` wrote: inputs from 0 to 1, labels."""
    import numpy as np
    if shape == (32, 32, 3):
        rows = np.concatenate([np.fromfile(f"{folder}/data_batch_{i}.bin", "u1").reshape(-1, 3073) for i in range(1, 6)])[:n]
        return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).astype("f4") / 255, rows[:, 0].astype("i8")
    rows = np.loadtxt(f"{folder}/sign_mnist_train.csv", delimiter=",", skiprows=1, dtype="f4")[:n]
    return rows[:, 1:].reshape(-1, *shape) / 255, rows[:, 0].astype("i8")


def keras(a, x, y):
    import numpy as np
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    model = tf.keras.models.model_from_json((ROOT / NETWORKS[a.peer_network][1]).read_text())
    model.compile(tf.keras.optimizers.Adam(1e-3), "categorical_crossentropy", ["accuracy"])
    labels = np.eye(NETWORKS[a.peer_network][4], dtype="f4")[y]
    for _ in range(a.epochs):
        start = time.perf_counter()
        model.fit(x, labels, batch_size=a.batch, epochs=1, verbose=0)
        yield len(x) / (time.perf_counter() - start)


def pytorch(a, x, y):
    import torch
    from torch import nn
    torch.set_num_threads(a.threads)
    _, _, _, shape, n_classes, filters, (before, behind) = NETWORKS[a.peer_network]
    side = shape[0] // 4
    block = lambda i, o: [nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(o), nn.MaxPool2d(2)]
    model = nn.Sequential(*block(shape[2], filters), *block(filters, 64), nn.Dropout(before), nn.Flatten(), nn.Linear(64 * side * side, 512),
                          nn.ReLU(), nn.Dropout(behind), nn.Linear(512, n_classes)).to(memory_format=torch.channels_last)
    x = torch.tensor(x.transpose(0, 3, 1, 2).copy()).to(memory_format=torch.channels_last)
    y = torch.tensor(y)
    optimizer, loss = torch.optim.Adam(model.parameters(), 1e-3), nn.CrossEntropyLoss()
    for _ in range(a.epochs):
        order, start = torch.randperm(len(x)), time.perf_counter()
        for first in range(0, len(x), a.batch):
            rows = order[first:first + a.batch]
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
        yield len(x) / (time.perf_counter() - start)


def of_peer(a, peer, network, batch, folder):
    python = a.torch_python if peer == "pytorch" else sys.executable
    command = [python, __file__, "--peer", peer, "--peer-network", network, "--peer-data", folder, "--batch", str(batch), "--threads", str(a.threads),
               "--examples", str(a.examples), "--epochs", str(a.epochs)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def of_hoarfrost(a, network, batch, folder):
    """Examples per second, and the largest resident memory in MB."""
    command = [a.hoarfrost, "train", str(ROOT / NETWORKS[network][1]), "--data", folder, "--loss", "categorical_crossentropy", "--batch-size",
               str(batch), "--epochs", str(a.epochs), "--threads", str(a.threads), "--quiet", "--json", "--output", folder + "/trained"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return json.loads(output)["examples_per_second"], usage.ru_maxrss / 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hoarfrost", default="build/release/bin/hoarfrost")
    parser.add_argument("--network", nargs="+", default=list(NETWORKS), choices=NETWORKS)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=5000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--torch-python", help="the Python that has torch (default: no PyTorch)")
    for name in ("--peer", "--peer-network", "--peer-data"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.peer:
        x, y = read(a.peer_data, NETWORKS[a.peer_network][3], a.examples)
        return print(statistics.median(list((keras if a.peer == "keras" else pytorch)(a, x, y))[1:]))
    peers = ["keras"] + (["pytorch"] if a.torch_python else [])
    print(f"| network, batch | Hoarfrost | {' | '.join(peers)} | {' | '.join('ratio to ' + peer for peer in peers)} | MB |")
    print("|" + " --- |" * (3 + 2 * len(peers)))
    for network in a.network:
        batch = a.batch or NETWORKS[network][2]
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([a.hoarfrost, "generate-data", NETWORKS[network][0], folder, "--examples", str(a.examples)], check=True, capture_output=True)
            speeds, memory = {name: [] for name in ["hoarfrost"] + peers}, 0
            for _ in range(a.rounds):
                speed, megabytes = of_hoarfrost(a, network, batch, folder)
                speeds["hoarfrost"].append(speed)
                memory = max(memory, megabytes)
                for peer in peers:
                    speeds[peer].append(of_peer(a, peer, network, batch, folder))
        median = {name: statistics.median(values) for name, values in speeds.items()}
        print(f"| {network}, {batch} | " + " | ".join(f"{value:.0f}" for value in median.values()) + " | " +
              " | ".join(f"**{median['hoarfrost'] / median[peer]:.2f}**" for peer in peers) + f" | {memory:.0f} |", flush=True)


main()
