#!/usr/bin/env python3
"""Frozen graphs that strangers published: our runtime and TensorFlow on the same random input, every output that nobody uses.

usage: public_graphs.py --hoarfrost BIN REAL_FOLDER      (../shared/real; its index.json names those of kind frozen_pb)

Closes with 'N passed, N failed'.
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
import tensorflow.compat.v1 as tf

BATCH = 3


def outputs_and_inputs(definition):
    used = {name.lstrip("^").split(":")[0] for node in definition.node for name in node.input}
    inputs = [node for node in definition.node if node.op == "Placeholder"]
    outputs = [node.name for node in definition.node if node.name not in used and node.op not in ("Placeholder", "Const", "NoOp")]
    return inputs, outputs


def shape_of(node, definition):
    """The placeholder's, its first open size the batch and others 64; where it says no rank, what the product that takes it wants."""
    said = node.attr["shape"].shape
    if not said.unknown_rank and said.dim:
        return [dim.size if dim.size > 0 else BATCH if axis == 0 else 64 for axis, dim in enumerate(said.dim)]
    constants = {other.name: other for other in definition.node if other.op == "Const"}
    for user in definition.node:
        if user.op == "MatMul" and user.input[0] == node.name:
            weight = user.input[1]
            while weight not in constants:
                weight = next(other.input[0] for other in definition.node if other.name == weight)
            return [BATCH, constants[weight].attr["value"].tensor.tensor_shape.dim[0].size]
    return []


def random_input(node, definition, random):
    shape = shape_of(node, definition)
    dtype = tf.as_dtype(node.attr["dtype"].type)
    return random.normal(0, 1, shape).astype(dtype.as_numpy_dtype) if dtype.is_floating else np.zeros(shape, dtype.as_numpy_dtype)


def by_tensorflow(definition, feeds, outputs):
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        with tf.Session(graph=graph) as session:
            return session.run([name + ":0" for name in outputs], {name + ":0": value for name, value in feeds.items()})


def check(hoarfrost, path, folder):
    definition = tf.GraphDef.FromString(path.read_bytes())
    inputs, outputs = outputs_and_inputs(definition)
    random = np.random.RandomState(0)
    feeds = {node.name: random_input(node, definition, random) for node in inputs}
    try:
        expected = by_tensorflow(definition, feeds, outputs)
    except Exception as problem:
        return f"FAIL TensorFlow 2.15 cannot run it: {' '.join(str(problem).split())[:300]}"
    data, answers = folder / "in.npz", folder / "out.npz"
    np.savez(data, **{f"in{i}": value for i, value in enumerate(feeds.values())})
    command = [hoarfrost, "predict", path, "--data", data, "-o", answers, "-b", BATCH]
    for name, value in feeds.items():
        command += ["--input_node", name, "--input-shape", f"{name}={','.join(map(str, value.shape))}"]
    for name in outputs:
        command += ["--output_node", name]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        return f"FAIL {done.stderr.strip()[-300:]}"
    found = np.load(answers)
    for i, y in enumerate(expected):
        if not np.allclose(found[f"out{i}"], y, rtol=1e-4, atol=1e-5 * max(1, np.abs(y).max())):
            return f"FAIL {outputs[i]}: largest difference {np.abs(found[f'out{i}'] - y).max():.3g}"
    return f"passed: {', '.join(outputs)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hoarfrost", required=True)
    parser.add_argument("real", type=pathlib.Path)
    arguments = parser.parse_args()
    failed = passed = 0
    for item in json.loads((arguments.real / "index.json").read_text()):
        if item["kind"] != "frozen_pb":
            continue
        path = arguments.real / item["repo"].replace("/", "+") / item["path"]
        with tempfile.TemporaryDirectory() as folder:
            verdict = check(arguments.hoarfrost, path, pathlib.Path(folder))
        failed += verdict.startswith("FAIL")
        passed += not verdict.startswith("FAIL")
        print(f"{'FAIL ' if verdict.startswith('FAIL') else ''}{item['repo']}: {verdict.removeprefix('FAIL ')}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not passed)


main()
