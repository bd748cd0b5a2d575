#!/usr/bin/env python3
"""Throughput of Hoarfrost beside ONNX Runtime and OpenVINO on the same network, taken in turn, as a ratio to the better of the two.

usage: benchmarks/peers.py MODEL.h5 [--hoarfrost build/release/bin/hoarfrost] [--batch 1 32] [--threads 2] [--rounds 5] [--seconds 1]

needs: pip install onnxruntime openvino tf2onnx==1.16.1 onnx==1.15.0 tensorflow-cpu==2.15.1

The model is frozen by Hoarfrost; tf2onnx makes ONNX Runtime's graph of it, OpenVINO reads it as it is, in float32 (left alone it would take bfloat16
where the processor has it). Each program keeps its inputs and outputs in place. Medians over rounds; all take part in every round.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np


def rate(run, batch, seconds):
    run()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        run()
        count += 1
    return count * batch / (time.perf_counter() - start)


def onnxruntime_runner(onnx, x, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    source, target = session.get_inputs()[0].name, session.get_outputs()[0].name
    binding = session.io_binding()
    binding.bind_ortvalue_input(source, onnxruntime.OrtValue.ortvalue_from_numpy(x))
    binding.bind_ortvalue_output(target, onnxruntime.OrtValue.ortvalue_from_numpy(session.run(None, {source: x})[0]))
    return lambda: session.run_with_iobinding(binding)


def openvino_runner(pb, x, threads):
    import openvino
    core = openvino.Core()
    model = core.read_model(pb)
    model.reshape({model.inputs[0]: list(x.shape)})
    options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(model, "CPU", options).create_infer_request()
    return lambda: request.infer({0: x}, share_inputs=True, share_outputs=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--hoarfrost", default="build/release/bin/hoarfrost")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1)
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pb, onnx = f"{folder}/frozen.pb", f"{folder}/model.onnx"
        io = json.loads(subprocess.run([a.hoarfrost, "freeze", a.model, "-o", pb, "--no-verify", "--json"], check=True, capture_output=True).stdout)
        source, target = io["inputs"][0], io["outputs"][0]
        subprocess.run([sys.executable, "-m", "tf2onnx.convert", "--graphdef", pb, "--output", onnx, "--opset", "15", "--inputs",
                        source["name"] + ":0", "--outputs", target["name"] + ":0"], check=True, capture_output=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""})
        print(f"| {os.path.basename(a.model)} batch | Hoarfrost | ONNX Runtime | OpenVINO | ratio |\n| --- | --- | --- | --- | --- |")
        for batch in a.batch:
            x = np.random.RandomState(0).rand(batch, *source["shape"][1:]).astype("float32")
            peers = {"ONNX Runtime": onnxruntime_runner(onnx, x, a.threads), "OpenVINO": openvino_runner(pb, x, a.threads)}
            rates = {name: [] for name in ("Hoarfrost", *peers)}
            for _ in range(a.rounds):
                ours = subprocess.run([a.hoarfrost, "benchmark", pb, "--batch-size", str(batch), "--threads", str(a.threads), "--seconds", str(a.seconds), "--json"],
                                      check=True, capture_output=True)
                rates["Hoarfrost"].append(json.loads(ours.stdout)["throughput"])
                for name, run in peers.items():
                    rates[name].append(rate(run, batch, a.seconds))
            median = {name: statistics.median(values) for name, values in rates.items()}
            ratio = median["Hoarfrost"] / max(median[name] for name in peers)
            print(f"| {batch} | {median['Hoarfrost']:.0f} | {median['ONNX Runtime']:.0f} | {median['OpenVINO']:.0f} | **{ratio:.2f}** |", flush=True)


main()
