#!/usr/bin/env python3
"""Freezes the golden layers for the TensorFlow releases and OpenVINO, and holds the graphs against what those programs know.

usage: dialects.py --target tf1.4|tf1.12|tf1.15|tf2|openvino … --hoarfrost BIN --ops OPS.json [--only TEXT] GOLDEN_LAYERS_FOLDER

OPS.json is what tools/list_tensorflow_ops.py -o read out of the packages. Of a TensorFlow release every op and attribute must be among its own, and
TensorFlow 2.15 must give Keras' answers, where targets have the same bytes once; for openvino OpenVINO must. A model that is refused by node and op
counts as passed and is counted apart. Closes with 'N passed, N failed', of all targets together.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
import numpy as np
from answers import verdict_of


def unknown(definition, ops):
    """The first node whose op or attribute the release has not."""
    for node in definition.node:
        if node.op not in ops:
            return f"{node.name}: no op {node.op}"
        more = [key for key in node.attr if key not in ops[node.op] and not key.startswith("_")]
        if more:
            return f"{node.name}: {node.op} has no attribute {more[0]}"
    return None


def run_tensorflow(definition, names, feeds):
    import tensorflow.compat.v1 as tf
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        with tf.Session(graph=graph) as session:
            tensors = {key if ":" in key else key + ":0": value for key, value in feeds.items()}
            return session.run([o["name"] if ":" in o["name"] else o["name"] + ":0" for o in names["outputs"]],
                               {key: value.astype(graph.get_tensor_by_name(key).dtype.as_numpy_dtype) for key, value in tensors.items()})


def run_openvino(path, names, feeds):
    import openvino
    core = openvino.Core()
    # Left alone it computes what FakeQuant stands in with whole numbers, and some lie on another level.
    model = core.compile_model(core.read_model(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32", "LP_TRANSFORMS_MODE": "NO"})
    by_name = {name: port for port in model.inputs for name in port.get_names()}
    given = {}
    for key, value in feeds.items():
        port = by_name.get(key, by_name.get(key + ":0"))
        given[port] = value.astype(port.get_element_type().to_dtype()) if port.get_element_type().get_type_name() != "string" else value
    results = model(given)
    outputs = {name: port for port in model.outputs for name in port.get_names()}
    return [results[outputs.get(o["name"], outputs.get(o["name"] + ":0"))] for o in names["outputs"]]


def freeze(arguments, target, item, path):
    """What `hoarfrost freeze --json` says, or None and why there is no graph."""
    source = [arguments.golden / item["model"]] + (["--weights", arguments.golden / item["weights"]] if item.get("weights") else [])
    done = subprocess.run([*map(str, [arguments.hoarfrost, "freeze", *source, "-o", path, "--target", target]), "--no-verify", "--json"], capture_output=True, text=True)
    if done.returncode == 3 and "node `" in done.stderr:
        return None, "refused " + re.sub(r".*\): ", "", done.stderr.strip())
    if done.returncode:
        return None, "FAIL " + done.stderr.strip()[-200:]
    return json.loads(done.stdout), None


def answer(target, item, path, definition, names, arrays):
    feeds = {entry["name"]: arrays[f"in{k}"] for k, entry in enumerate(names["inputs"])}
    try:
        outputs = run_openvino(path, names, feeds) if target == "openvino" else run_tensorflow(definition, names, feeds)
    except Exception as problem:
        return f"FAIL {type(problem).__name__}: {' '.join(str(problem).split())[:200]}"
    return verdict_of(item, outputs, arrays, rounds_as_tensorflow=target != "openvino")


def check(arguments, item, folder):
    """The verdict of every target."""
    import tensorflow.compat.v1 as tf
    arrays, answered = np.load(arguments.golden / item["answers"]), {}
    for target in arguments.target:
        path = f"{folder}/model.pb"
        names, why = freeze(arguments, target, item, path)
        if names is None:
            yield target, why
            continue
        graph = pathlib.Path(path).read_bytes()
        definition = tf.GraphDef.FromString(graph)
        if problem := unknown(definition, arguments.ops[target.removeprefix("tf") if target != "openvino" else "2"]):
            yield target, "FAIL " + problem
            continue
        program = "OpenVINO" if target == "openvino" else "TensorFlow"
        if (program, graph) not in answered:
            answered[program, graph] = answer(target, item, path, definition, names, arrays)
        yield target, answered[program, graph]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True, nargs="+", choices=["tf1.4", "tf1.12", "tf1.15", "tf2", "openvino"])
    parser.add_argument("--hoarfrost", required=True)
    parser.add_argument("--ops", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("golden", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.ops = json.loads(arguments.ops.read_text())
    counts, refusals = collections.Counter(), collections.Counter()
    for item in json.loads((arguments.golden / "index.json").read_text()):
        if arguments.only not in item["model"]:
            continue
        with tempfile.TemporaryDirectory() as folder:
            for target, said in check(arguments, item, folder):
                verdict, _, reason = said.partition(" ")
                counts[verdict] += 1
                if verdict == "refused":
                    refusals[target, reason] += 1
                if verdict == "FAIL":
                    print(f"FAIL {item['model']} for {target}: {reason}", flush=True)
    for (target, reason), n in refusals.most_common():
        print(f"{n} refused for {target}: {reason}")
    print(f"{counts['pass'] + counts['refused']} passed, {counts['FAIL']} failed")
    sys.exit(counts["FAIL"] > 0 or not counts["pass"])


main()
