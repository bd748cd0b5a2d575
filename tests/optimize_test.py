#!/usr/bin/env python3
"""`hoarfrost optimize`, pass by pass, on a graph whose answers are worked out by hand; and `freeze-graph --target`.

usage: optimize_test.py BIN_FOLDER TESTS_FOLDER
"""
import array
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zipfile


def node(name, op, inputs=(), **attributes):
    kinds = {"T": "type: DT_FLOAT"} if op not in ("Placeholder", "Const") else {}
    kinds.update(attributes)
    attrs = "".join(f' attr {{ key: "{key}" value {{ {value} }} }}' for key, value in kinds.items())
    return f'node {{ name: "{name}" op: "{op}"' + "".join(f' input: "{i}"' for i in inputs) + attrs + " }\n"


def const(name, sizes, values):
    shape = " ".join(f"dim {{ size: {size} }}" for size in sizes)
    numbers = " ".join(f"float_val: {value}" for value in values)
    return node(name, "Const", dtype="type: DT_FLOAT", value=f"tensor {{ dtype: DT_FLOAT tensor_shape {{ {shape} }} {numbers} }}")


# x, 2x and -x by the convolution, x and 1 - x by the normalization (epsilon 1), x + 2 and 1 - x by the bias, twice the relu of that.
N = 1200  # channels, so that the filter is worth halving: the two above in turn
PAIRS = N // 2
GRAPH = (
    node("y", "Identity", ["twice"]) + node("twice", "Add", ["relu", "relu_1"]) + node("relu", "Relu", ["bias"]) + node("relu_1", "Relu", ["bias"])
    + node("bias", "BiasAdd", ["norm", "sum"], data_format='s: "NHWC"') + node("sum", "Add", ["ones", "ones_1"]) + const("ones", [N], [1, 0] * PAIRS)
    + const("ones_1", [N], [1, 0] * PAIRS)
    + node("norm", "FusedBatchNorm", ["conv", "scale", "offset", "mean", "variance"], epsilon="f: 1", is_training="b: false", data_format='s: "NHWC"')
    + const("scale", [N], [1, 1] * PAIRS) + const("offset", [N], [0, 1] * PAIRS) + const("mean", [N], [0, 0] * PAIRS) + const("variance", [N], [3, 0] * PAIRS)
    + node("conv", "Conv2D", ["x", "filter"], padding='s: "VALID"', strides="list { i: 1 i: 1 i: 1 i: 1 }", data_format='s: "NHWC"')
    + const("filter", [1, 1, 1, N], [2, -1] * PAIRS) + const("dead", [1], [5])
    + node("x", "Placeholder", dtype="type: DT_FLOAT", shape="shape { dim { size: -1 } dim { size: 2 } dim { size: 2 } dim { size: 1 } }")
    + "versions { producer: 24 }\n")
X = [0.0, 1.0, 2.0, 3.0]
Y = [value for x in X for value in [2 * (x + 2), 2 * max(1 - x, 0)] * PAIRS]


def npy(shape, values):
    text = repr({"descr": "<f4", "fortran_order": False, "shape": shape})
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + struct.pack(f"<{len(values)}f", *values)


def read_npy(data):
    length = struct.unpack("<H", data[8:10])[0]
    return array.array("f", data[10 + length:])


class Tests:
    def __init__(self, binary, tests, folder):
        self.binary, self.tests, self.folder, self.failures = binary, tests, folder, 0

    def run(self, *arguments):
        return subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True, cwd=self.folder)

    def expect(self, holds, what):
        if not holds:
            self.failures += 1
            print("FAILED", what)

    # The optimized graph's text, after its answers were held against those by hand.
    def optimized(self, *arguments, sizes=(1, 2, 2, 1), is_proven=True):
        done = self.run("optimize", "graph.pbtxt", "out.pbtxt", *arguments, "--json")
        self.expect(done.returncode == 0, f"{arguments}: {done.stderr}")
        proof = json.loads(done.stdout)["proof"]
        self.expect(is_proven == ("gives what it gave before" in proof), f"{arguments}: {proof}")
        with zipfile.ZipFile(self.folder / "x.npz", "w") as archive:
            n = sizes[0]
            archive.writestr("x.npy", npy(sizes, X * n))
        predicted = self.run("predict", "out.pbtxt", "--data", "x.npz", "-o", "y.npz")
        self.expect(predicted.returncode == 0, f"{arguments}: {predicted.stderr}")
        with zipfile.ZipFile(self.folder / "y.npz") as archive:
            found = read_npy(archive.read(archive.namelist()[0]))
        self.expect(max(abs(a - b) for a, b in zip(found, Y * sizes[0])) < 1e-5 and len(found) == len(Y) * sizes[0], f"{arguments}: other answers")
        return (self.folder / "out.pbtxt").read_text()

    def passes(self):
        ops = lambda text, op: len(re.findall(f'op: "{op}"', text))
        names = lambda text: re.findall(r'^  name: "([^"]*)"', text, re.M)
        text = self.optimized("--passes", "strip_unused")
        self.expect("dead" not in names(text) and "sum" in names(text), "strip_unused takes away what nothing uses")
        text = self.optimized("--passes", "remove_training")
        self.expect(ops(text, "Identity") == 1, "remove_training keeps an Identity that is an output")
        text = self.optimized("--passes", "fold_constants")
        self.expect(ops(text, "Add") == 1, "fold_constants adds two constants")
        text = self.optimized("--passes", "fold_constants,fold_batch_norms")
        self.expect(ops(text, "FusedBatchNorm") == 0, "fold_batch_norms makes the normalization part of the convolution")
        text = self.optimized("--passes", "merge_duplicates")
        self.expect(ops(text, "Relu") == 1, "merge_duplicates leaves one of two equal nodes")
        text = self.optimized("--passes", "sort")
        seen = set()
        for block in text.split("node {")[1:]:
            self.expect(set(re.findall(r'^  input: "([^"]*)"', block, re.M)) <= seen, "sort puts inputs first")
            seen |= set(names("node {" + block))
        text = self.optimized("--batch", "3", sizes=(3, 2, 2, 1))
        self.expect(re.search(r'name: "x".*?size: 3', text, re.S), "--batch fixes the batch")
        text = self.optimized("--input-shape", "1,2,2,1")
        self.expect("size: -1" not in text, "--input-shape fixes all sizes")
        text = self.optimized("--passes", "nchw_inputs", sizes=(1, 1, 2, 2))
        self.expect(ops(text, "Transpose") == 1, "nchw_inputs turns the input round")
        text = self.optimized("--passes", "half_weights")
        self.expect("DT_HALF" in text and ops(text, "Cast") > 0, "half_weights writes float16")
        text = self.optimized("--rename", "y=answer", "--rename", "x=picture")
        self.expect({"answer", "picture"} <= set(names(text)) and "y" not in names(text), "--rename gives other names")
        text = self.optimized()
        self.expect(ops(text, "FusedBatchNorm") == 0 and ops(text, "Relu") == 1 and "dead" not in names(text), "the usual passes run without being asked")

    def targets(self):
        text = self.optimized("--target", "tf1.4")
        self.expect("dilations" not in text, "tf1.4")
        text = self.optimized("--target", "opencv")
        self.expect(re.search(r'name: "y"\s+op: "Mul"', text), "opencv: the output's name is a node's that OpenCV keeps")

    def freeze_graph(self):
        case = self.tests / "golden/tensorflow/graphs/ref_vars"
        flags = [f"--input_graph={case / 'graph.pb'}", f"--input_checkpoint={case / 'model.ckpt'}", "--input_binary=true"]
        outputs = ["--output_node_names=out"]
        for target, is_there in (("tf1.4", True), ("openvino", True), ("vitis", False)):
            path = self.folder / f"{target}.pb"
            done = self.run("freeze-graph", *flags, *outputs, f"--output_graph={path}", "--target", target)
            self.expect(path.exists() == is_there and done.returncode == (0 if is_there else 3), f"freeze-graph --target {target}: {done.stderr}")
            if is_there:
                shown = self.run("inspect", path, "--json")
                self.expect("VariableV2" not in shown.stdout and shown.returncode == 0, f"freeze-graph --target {target} leaves variables")
            else:
                self.expect("target vitis: node `" in done.stderr, done.stderr)
        done = self.run("freeze-graph", *flags, *outputs, "--output_graph=x.pb", "--target", "caffe")
        self.expect(done.returncode == 2 and "caffe" in done.stderr, done.stderr)


def main():
    binary, tests = pathlib.Path(sys.argv[1]).resolve() / "hoarfrost", pathlib.Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        suite = Tests(binary, tests, pathlib.Path(folder))
        (suite.folder / "graph.pbtxt").write_text(GRAPH)
        suite.passes()
        suite.targets()
        suite.freeze_graph()
    print("all passes and targets" if not suite.failures else f"{suite.failures} failed")
    sys.exit(suite.failures > 0)


main()
