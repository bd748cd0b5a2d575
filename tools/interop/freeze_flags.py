#!/usr/bin/env python3
"""Every flag of freeze_graph, one by one, given to TensorFlow 2.15's own tool and to ours: same exit, same nodes, devices and constants.

usage: freeze_flags.py --hoarfrost BIN --work FOLDER        Closes with 'N passed, N failed'.

Where the real tool fails and ours need not (files recognised by what they hold, the older names of the lists), the case says so.
"""
import argparse
import os
import pathlib
import subprocess
import sys

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
BASE = {"input_graph": "g.pb", "input_checkpoint": "ck/m.ckpt", "input_binary": "true", "output_node_names": "y"}
META = {"input_graph": None, "input_meta_graph": "ck/m.ckpt.meta"}
SAVED = {"input_graph": None, "input_checkpoint": None, "input_binary": None}
SAME, OURS = "as the real tool", "ours does more"
CASES = [  # what is changed in BASE, and whether ours may succeed where the real tool fails
    ({}, SAME), ({"input_graph": "g.pbtxt", "input_binary": "false"}, SAME), ({"input_graph": "g.pbtxt", "input_binary": None}, SAME),
    ({"input_binary": "false"}, OURS), ({"input_graph": "g.pbtxt"}, OURS), ({"input_graph": "none.pb"}, SAME), ({"input_graph": None}, SAME),
    ({"input_saver": "saver.bin"}, SAME), ({"input_saver": "saver.txt", "input_graph": "g.pbtxt", "input_binary": "false"}, SAME),
    ({"input_checkpoint": "ck1/m.ckpt", "checkpoint_version": "1"}, SAME), ({"input_checkpoint": "ck1/m.ckpt"}, SAME), ({"checkpoint_version": "2"}, SAME),
    ({"checkpoint_version": "3"}, SAME), ({"input_checkpoint": None}, SAME), ({"input_checkpoint": "ck/none"}, SAME), ({"input_checkpoint": "ck/m.ckpt.index"}, OURS),
    ({"output_node_names": "y,z"}, SAME), ({"output_node_names": "y, z"}, SAME), ({"output_node_names": "nope"}, SAME), ({"output_node_names": None}, SAME),
    ({"restore_op_name": "save/restore_all"}, SAME), ({"restore_op_name": "other"}, SAME), ({"filename_tensor_name": "other:0"}, SAME),
    ({"clear_devices": "false"}, SAME), ({"clear_devices": "true"}, SAME), ({"clear_devices": "false", **META}, SAME), ({"clear_devices": "false", "input_saved_model_dir": "sm", **SAVED}, SAME),
    ({"initializer_nodes": "set"}, SAME), ({"initializer_nodes": "nope"}, SAME),
    ({"variable_names_whitelist": "a/w,a/b"}, SAME), ({"variable_names_whitelist": "nope"}, SAME), ({"variable_names_denylist": "a/w"}, SAME),
    ({"variable_names_blacklist": "a/w"}, OURS), (META, SAME), ({**META, "input_meta_graph": "text.meta", "input_binary": "false"}, SAME),
    ({"input_saved_model_dir": "sm", **SAVED}, SAME), ({"input_saved_model_dir": "sm2", "saved_model_tags": "train,gpu", **SAVED}, SAME),
    ({"input_saved_model_dir": "sm2", **SAVED}, SAME), ({"input_saved_model_dir": "none", **SAVED}, SAME)]


def make_files(folder):
    os.chdir(folder)
    for name in ("ck", "ck1"):
        os.makedirs(name, exist_ok=True)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 4], name="x")
        with tf.device("/device:CPU:0"):
            w = tf.get_variable("a/w", [4, 3], use_resource=False)
            b = tf.get_variable("a/b", [3], use_resource=False)
        extra = tf.get_variable("extra", [3], use_resource=False, initializer=tf.ones_initializer())
        h = tf.nn.bias_add(tf.matmul(x, w), b, name="h")
        tf.add(h * 2.0, extra, name="y")
        tf.nn.softmax(h, name="z")
        tf.assign(b, [7., 8., 9.], name="set")
        saver, saver_v1 = tf.train.Saver(), tf.train.Saver(write_version=tf.train.SaverDef.V1, name="save_1")
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            saver.save(session, "./ck/m.ckpt")
            saver_v1.save(session, "./ck1/m.ckpt")
            for folder, tags in (("sm", ["serve"]), ("sm2", ["train", "gpu"])):
                if not os.path.exists(folder):
                    builder = tf.saved_model.builder.SavedModelBuilder(folder)
                    builder.add_meta_graph_and_variables(session, tags)
                    builder.save()
        tf.train.write_graph(graph, ".", "g.pb", as_text=False)
        tf.train.write_graph(graph, ".", "g.pbtxt")
        pathlib.Path("saver.bin").write_bytes(saver.as_saver_def().SerializeToString())
        pathlib.Path("saver.txt").write_text(str(saver.as_saver_def()))
        tf.train.export_meta_graph("text.meta", as_text=True, saver_def=saver.as_saver_def())


def frozen_by(command, output):
    pathlib.Path(output).unlink(missing_ok=True)
    subprocess.run([*command, f"--output_graph={output}"], capture_output=True)
    return tf.GraphDef.FromString(pathlib.Path(output).read_bytes()) if os.path.exists(output) else None


def verdict(hoarfrost, changes, kind):
    flags = [f"--{key}={value}" for key, value in {**BASE, **changes}.items() if value is not None]
    real = frozen_by([sys.executable, "-m", "tensorflow.python.tools.freeze_graph", *flags], "real.pb")
    ours = frozen_by([hoarfrost, "freeze-graph", *flags], "ours.pb")
    if (real is None) != (ours is None):
        return None if kind == OURS and ours is not None else f"the real tool {'fails' if real is None else 'succeeds'}, ours does not"
    if real is None:
        return None
    nodes = [{(node.name, node.op, node.device) for node in graph.node} for graph in (real, ours)]
    if nodes[0] != nodes[1]:
        return f"only the real tool's: {sorted(nodes[0] - nodes[1])[:3]}, only ours: {sorted(nodes[1] - nodes[0])[:3]}"
    values = [{node.name: tf.make_ndarray(node.attr["value"].tensor) for node in graph.node if node.op == "Const"} for graph in (real, ours)]
    wrong = [name for name, value in values[0].items() if not np.array_equal(value, values[1][name])]
    return f"other values: {wrong[:3]}" if wrong else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hoarfrost", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    hoarfrost = arguments.hoarfrost.resolve()
    arguments.work.mkdir(parents=True, exist_ok=True)
    make_files(arguments.work)
    passed = failed = 0
    for changes, kind in CASES:
        problem = verdict(hoarfrost, changes, kind)
        passed, failed = passed + (problem is None), failed + (problem is not None)
        if problem:
            print(f"FAIL {changes}: {problem}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not passed)


main()
