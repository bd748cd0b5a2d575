#!/usr/bin/env python3
"""`hoarfrost export`, `draw` and `diff` on the example model: what is written, and the exit statuses.

usage: exports_test.py BIN_FOLDER PROJECT
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

BIN, PROJECT = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
failures = []


def run(*arguments, status=0):
    done = subprocess.run([BIN / "hoarfrost", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != status:
        failures.append(f"{' '.join(map(str, arguments))}: exited {done.returncode}, expected {status}: {done.stderr}")
    return done


def expect(condition, text):
    if not condition:
        failures.append(text)


def saved_model(model, folder):
    done = json.loads(run("export", model, "--format", "savedmodel", "-o", folder / "saved", "--json").stdout)
    names = sorted(str(path.relative_to(folder / "saved")) for path in (folder / "saved").rglob("*") if path.is_file())
    expect(names == ["saved_model.pb", "variables/variables.data-00000-of-00001", "variables/variables.index"], f"a SavedModel of {names}")
    expect(sorted(done["files"]) == sorted(str(folder / "saved" / name) for name in names), "--json names other files")
    message = (folder / "saved/saved_model.pb").read_bytes()
    for text in (b"serving_default", b"tensorflow/serving/predict", b"input_1", b"dense_1", b"serve", b"save/restore_all", b"VarHandleOp"):
        expect(text in message, f"saved_model.pb without {text}")
    expect(b"VariableV2" not in message, "a variable that TensorFlow 2 cannot restore")
    # It freezes to what the model itself freezes to.
    run("freeze-graph", f"--input_saved_model_dir={folder / 'saved'}", f"--output_graph={folder / 'again.pb'}", "--output_node_names=dense_1/Softmax")
    run("freeze", model, "-o", folder / "frozen.pb")
    run("diff", folder / "frozen.pb", folder / "again.pb")
    run("export", folder / "frozen.pb", "--format", "savedmodel", "-o", folder / "none", status=3)


def onnx(model, folder):
    for opset in range(13, 19):
        run("export", model, "--format", "onnx", "-o", folder / f"{opset}.onnx", "--opset", opset, "--no-verify")
        expect((folder / f"{opset}.onnx").read_bytes()[:13] == b"\x08\x08\x12\x09hoarfrost", "no ModelProto")
    plain, weights = folder / "17.onnx", folder / "outside.onnx.data"
    run("export", folder / "frozen.pb", "--format", "onnx", "-o", folder / "graph.onnx", "--opset", 17)
    expect((folder / "graph.onnx").read_bytes() == plain.read_bytes(), "a frozen graph and its model give different ONNX models")
    run("export", model, "--format", "onnx", "-o", folder / "outside.onnx", "--external-data", "--no-verify")
    expect(weights.exists() and (folder / "outside.onnx").stat().st_size < plain.stat().st_size / 4, "--external-data left the weights in the model")
    run("export", model, "--format", "onnx", "-o", folder / "12.onnx", "--opset", 12, status=2)
    expect(not (folder / "12.onnx").exists(), "a file of a refused opset")


def differences(folder):
    text = folder / "frozen.pbtxt"
    run("freeze", folder / "model.h5", "-o", text, "--no-verify")
    same = json.loads(run("diff", folder / "frozen.pb", text, "--json").stdout)
    expect(same["equal"] and same["outputs"]["agree"] and not same["differences"], f"equal graphs: {same}")
    changed = text.read_text().replace('op: "Relu"', 'op: "Tanh"', 1)
    (folder / "changed.pbtxt").write_text(changed)
    other = json.loads(run("diff", folder / "frozen.pb", folder / "changed.pbtxt", "--json", status=1).stdout)
    expect([(d["kind"], d["a"], d["b"]) for d in other["differences"]] == [("op", "Relu", "Tanh")], f"one op: {other['differences']}")
    expect(not other["equal"] and not other["outputs"]["agree"], "other outputs go unnoticed")
    run("diff", folder / "frozen.pb", folder / "changed.pbtxt", "--no-run", status=1)
    # The input is of the batch that B takes; and the words for a person.
    run("optimize", folder / "frozen.pb", folder / "one.pb", "--passes", "fix_shapes", "--batch", 1)
    fixed = json.loads(run("diff", folder / "frozen.pb", folder / "one.pb", "--json", status=1).stdout)
    expect(fixed["outputs"]["agree"] and not fixed["outputs"]["note"], f"a batch that is fixed: {fixed['outputs']}")
    expect("The graphs are the same: 51 nodes.\n" in run("diff", folder / "frozen.pb", text).stdout, "the same graphs, in words")


def drawings(folder):
    run("draw", folder / "frozen.pb", "-o", folder / "graph.dot")
    source = (folder / "graph.dot").read_text()
    for text in ('subgraph "cluster_conv2d"', '"input_1" -> "conv2d/Conv2D" [label="[?, 32, 32, 3]"]', "FusedBatchNorm\\nbatch_normalization\\n"):
        expect(text in source, f"graph.dot without {text}")
    expect('"conv2d/kernel"' not in source, "a constant is drawn")
    run("draw", folder / "frozen.pb", "-o", folder / "all.dot", "--constants")
    expect('"conv2d/kernel"' in (folder / "all.dot").read_text(), "--constants draws none")
    run("draw", folder / "frozen.pb", "-o", folder / "graph.bmp", status=1)
    run("draw", folder / "frozen.pb", "-o", folder / "layers.dot", "--layers")
    layers = (folder / "layers.dot").read_text()
    for text in ('"conv2d" [label="conv2d\\n3 nodes", fillcolor="#4878a8"]', '"conv2d" -> "batch_normalization" [label="[?, 32, 32, 8]"]', '"flatten" [label="Reshape\\nflatten"'):
        expect(text in layers, f"layers.dot without {text}")
    rnn = {"class_name": "Sequential", "keras_version": "2.15.0", "config": {"name": "s", "layers": [
        {"class_name": "LSTM", "config": {"name": "lstm", "units": 2, "batch_input_shape": [None, 200, 3]}}]}}
    (folder / "lstm.json").write_text(json.dumps(rnn))
    said = run("draw", folder / "lstm.json", "-o", folder / "lstm.dot").stdout
    expect("as 2 boxes, one for a layer, for they are many; --nodes draws each." in said, f"2,000 nodes: {said}")
    run("draw", folder / "lstm.json", "-o", folder / "lstm.dot", "--nodes")
    expect((folder / "lstm.dot").read_text().count("->") > 1000, "--nodes draws layers")
    if shutil.which("dot"):
        run("draw", folder / "model.h5", "-o", folder / "graph.svg")
        expect("</svg>" in (folder / "graph.svg").read_text(), "no SVG")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        model = folder / "model.h5"
        model.write_bytes((PROJECT / "examples/cifar10/method2/k_complete_model.h5").read_bytes())
        for check in (saved_model, onnx):
            check(model, folder)
        for check in (differences, drawings):
            check(folder)
    print("\n".join(failures) or "passed")
    sys.exit(bool(failures))


main()
