#!/usr/bin/env python3
"""Exports every golden layer, and runs the ONNX model in ONNX Runtime and the SavedModel in TensorFlow 2.15, against Keras' answers.

usage: exports.py --format onnx|savedmodel --hoarfrost BIN [--only TEXT] GOLDEN_LAYERS_FOLDER

The opsets 13 to 18 take turns. A model that is refused by layer, or by node and op, counts as passed and is listed. Closes with 'N passed, N failed'.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
import numpy as np
from answers import verdict_of


def run_onnx(path, described, arrays):
    import onnx
    import onnxruntime
    onnx.checker.check_model(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    kinds = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(int64)": np.int64, "tensor(bool)": np.bool_, "tensor(float16)": np.float16,
             "tensor(uint8)": np.uint8, "tensor(double)": np.float64}
    feeds = {i.name: arrays[f"in{k}"].astype(kinds[i.type]) for k, i in enumerate(session.get_inputs())}
    return session.run(None, feeds)


def run_saved_model(path, described, arrays):
    import tensorflow as tf
    loaded = tf.saved_model.load(path)
    function = loaded.signatures["serving_default"]
    arguments = function.structured_input_signature[1]
    by_tensor = {spec["name"]: k for k, spec in enumerate(described["inputs"])}
    feeds = {key: tf.constant(arrays[f"in{by_tensor[key]}"].astype(spec.dtype.as_numpy_dtype)) for key, spec in arguments.items()}
    results = function(**feeds)
    if len(described["outputs"]) == 1:
        return [next(iter(results.values())).numpy()]
    # The signature's results have their layers' names: the order is that of the model, told by the tensors' names.
    meta = tf.compat.v1.MetaGraphDef()
    from tensorflow.core.protobuf import saved_model_pb2
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(open(f"{path}/saved_model.pb", "rb").read())
    keys = {info.name: key for key, info in saved.meta_graphs[0].signature_def["serving_default"].outputs.items()}
    return [results[keys[o["name"] if ":" in o["name"] else o["name"] + ":0"]].numpy() for o in described["outputs"]]


def check(arguments, run, item, opset, folder):
    path = f"{folder}/{'model.onnx' if arguments.format == 'onnx' else 'saved'}"
    command = [arguments.hoarfrost, "export", arguments.golden / item["model"], "--format", arguments.format, "-o", path, "--no-verify", "--json"]
    if "weights" in item:
        command += ["--weights", arguments.golden / item["weights"]]
    done = subprocess.run([*map(str, command), *(["--opset", str(opset)] if arguments.format == "onnx" else [])], capture_output=True, text=True)
    if done.returncode == 3 and ("node `" in done.stderr or "layer `" in done.stderr):
        return "refused " + done.stderr.strip()[-150:]
    if done.returncode:
        return "FAIL " + done.stderr.strip()[-200:]
    arrays = np.load(arguments.golden / item["answers"])
    try:
        outputs = run(path, json.loads(done.stdout), arrays)
    except Exception as problem:
        if "NOT_IMPLEMENTED" in str(problem) and "float64" in item["model"]:  # ONNX's Conv takes it, ONNX Runtime's does not
            return f"refused by the consumer: {str(problem)[-150:]}"
        return f"FAIL {type(problem).__name__}: {str(problem)[:300]}"
    return verdict_of(item, outputs, arrays, rounds_as_tensorflow=arguments.format == "savedmodel")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", required=True, choices=["onnx", "savedmodel"])
    parser.add_argument("--hoarfrost", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("golden", type=pathlib.Path)
    arguments = parser.parse_args()
    run = run_onnx if arguments.format == "onnx" else run_saved_model
    passed = failed = 0
    for number, item in enumerate(json.load(open(arguments.golden / "index.json"))):
        if arguments.only not in item["model"]:
            continue
        with tempfile.TemporaryDirectory() as folder:
            verdict = check(arguments, run, item, 13 + number % 6, folder)
        failed += verdict.startswith("FAIL")
        passed += not verdict.startswith("FAIL")
        if verdict != "pass":
            print(f"{verdict.split(' ')[0]} {item['model']}: {verdict.partition(' ')[2]}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not passed)


main()
