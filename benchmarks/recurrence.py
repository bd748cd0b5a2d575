#!/usr/bin/env python3
"""Recurrent layers' times beside ONNX Runtime's on the same 200 steps of 64 features, 128 units, taken in turn.

usage: benchmarks/recurrence.py [--hoarfrost build/release/bin/hoarfrost] [--batch 1 32] [--threads 2] [--rounds 5] [--seconds 1]

needs: pip install onnxruntime tf2onnx==1.16.1 onnx==1.15.0 tensorflow-cpu==2.15.1

tf2onnx makes ONNX's own LSTM, GRU and RNN of the Keras layers. Hoarfrost runs the graph with the steps written out, and as a while loop. Milliseconds
a run, medians over rounds; the ratio is ONNX Runtime's time to ours.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
import numpy as np


def peer(onnx, batch, threads, seconds):
    """In a process of its own, where TensorFlow's threads are not: the median of the runs' milliseconds."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: np.random.RandomState(0).rand(batch, 200, 64).astype("float32")}
    for _ in range(10):
        session.run(None, feed)
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        session.run(None, feed)
        times.append(1e3 * (time.perf_counter() - start))
    print(statistics.median(times))


def ours(a, pb, batch):
    command = [a.hoarfrost, "benchmark", pb, "--batch-size", str(batch), "--threads", str(a.threads), "--seconds", str(a.seconds), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["latency_ms"]["median"]


def theirs(a, onnx, batch):
    command = [sys.executable, __file__, "--peer", onnx, str(batch), str(a.threads), str(a.seconds)]
    return float(subprocess.run(command, check=True, capture_output=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hoarfrost", default="build/release/bin/hoarfrost")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    a = parser.parse_args()
    import tensorflow as tf
    import tf2onnx
    print("| layer, batch | unrolled | while loop | ONNX Runtime | ratio |\n| --- | --- | --- | --- | --- |")
    layers = tf.keras.layers
    kinds = {"LSTM": (layers.LSTM, {}), "LSTM of relu": (layers.LSTM, {"activation": "relu"}), "GRU": (layers.GRU, {}),
             "GRU that resets before": (layers.GRU, {"reset_after": False}), "SimpleRNN": (layers.SimpleRNN, {})}
    for name, (layer, options) in kinds.items():
        x = tf.keras.Input((200, 64))
        model = tf.keras.Model(x, layer(128, return_sequences=True, **options)(x))
        with tempfile.TemporaryDirectory() as folder:
            model.save(folder + "/model.h5")
            graphs = {}
            for form in ("unroll", "loop"):
                graphs[form] = f"{folder}/{form}.pb"
                subprocess.run([a.hoarfrost, "freeze", folder + "/model.h5", "--rnn", form, "-o", graphs[form]], check=True, capture_output=True)
            tf2onnx.convert.from_keras(model, opset=15, output_path=folder + "/model.onnx")
            for batch in a.batch:
                times = {"unroll": [], "loop": [], "peer": []}
                for _ in range(a.rounds):
                    for form, pb in graphs.items():
                        times[form].append(ours(a, pb, batch))
                    times["peer"].append(theirs(a, folder + "/model.onnx", batch))
                median = {name: statistics.median(values) for name, values in times.items()}
                print(f"| {name}, {batch} | {median['unroll']:.2f} | {median['loop']:.2f} | {median['peer']:.2f} | "
                      f"**{median['peer'] / median['unroll']:.2f}** |", flush=True)


if sys.argv[1:2] == ["--peer"]:
    peer(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5]))
else:
    main()
