#!/usr/bin/env python3
"""Loads frozen graphs in the programs that people freeze for, and compares their answers with Keras' own.

usage: consumers.py --consumer opencv|openvino|onnxruntime --hoarfrost BIN GOLDEN_FOLDER

Each of the tutorials' models (seedflow, seedflow_k224; complete .h5 and JSON + weights) is frozen, loaded and run on the recorded
images; every output must agree with Keras' recorded probabilities within 1e-4. Closes with 'N passed, N failed'.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np


def run_opencv(pb, io, x):
    import cv2
    net = cv2.dnn.readNetFromTensorflow(pb)
    net.setInput(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    return net.forward()


def run_openvino(pb, io, x):
    import openvino
    core = openvino.Core()  # left alone it computes in bfloat16 where the processor has it
    return list(core.compile_model(core.read_model(pb), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x]).values())[0]


def run_onnxruntime(pb, io, x):
    import onnxruntime
    onnx = pb.replace(".pb", ".onnx")
    subprocess.run([sys.executable, "-m", "tf2onnx.convert", "--graphdef", pb, "--inputs", io["inputs"][0]["name"] + ":0",
                    "--outputs", io["outputs"][0]["name"] + ":0", "--output", onnx], check=True, capture_output=True)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--consumer", required=True, choices=["opencv", "openvino", "onnxruntime"])
    parser.add_argument("--hoarfrost", required=True)
    parser.add_argument("golden", type=pathlib.Path)
    arguments = parser.parse_args()
    run = {"opencv": run_opencv, "openvino": run_openvino, "onnxruntime": run_onnxruntime}[arguments.consumer]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for flow in ("seedflow/cifar", "seedflow/sign", "seedflow_k224/cifar", "seedflow_k224/sign"):
            source = arguments.golden / flow
            data = np.load(source / "test.npz")
            for name, model in (("h5", [source / "complete_model.h5"]), ("json", [source / "model.json", "--weights", source / "model_weights.h5"])):
                pb = f"{folder}/{flow.replace('/', '_')}_{name}.pb"
                frozen = subprocess.run([arguments.hoarfrost, "freeze", *map(str, model), "-o", pb, "--json"], capture_output=True, text=True)
                try:
                    got = run(pb, json.loads(frozen.stdout), data["images"].astype("float32") / 255)
                    error = float(np.abs(got - data["probs"]).max())
                    verdict = "pass" if error < 1e-4 else "FAIL"
                except Exception as problem:  # whatever the consumer says is the verdict
                    verdict, error = "FAIL", f"{type(problem).__name__}: {str(problem).splitlines()[0][:200] if str(problem) else frozen.stderr}"
                passed += verdict == "pass"
                failed += verdict != "pass"
                print(f"{verdict} {arguments.consumer} {flow} {name}: {error}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not passed)


main()
