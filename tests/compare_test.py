#!/usr/bin/env python3
"""`hoarfrost compare` and NaN outputs, on graphs whose outputs are written by hand.

usage: compare_test.py BIN_FOLDER
"""
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

PLACEHOLDER = """node {{ name: "input" op: "Placeholder" attr {{ key: "dtype" value {{ type: {dtype} }} }}
  attr {{ key: "shape" value {{ shape {{ dim {{ size: -1 }} dim {{ size: {n} }} }} }} }} }}
"""
IDENTITY = 'node { name: "output" op: "Identity" input: "input" attr { key: "T" value { type: DT_FLOAT } } }\n'
SHIFTED = """node {{ name: "shift" op: "Const" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }}
  attr {{ key: "value" value {{ tensor {{ dtype: DT_FLOAT tensor_shape {{ dim {{ size: 3 }} }} {values} }} }} }} }}
node {{ name: "output" op: "Add" input: "{source}" input: "shift" attr {{ key: "T" value {{ type: DT_FLOAT }} }} }}
"""
CAST = """node { name: "cast" op: "Cast" input: "input" attr { key: "SrcT" value { type: DT_UINT8 } } attr { key: "DstT" value { type: DT_FLOAT } } }
"""
VERSIONS = "versions { producer: 24 }\n"
# Rows of outputs, and labels. B adds a quarter to the second output: rows 1 and 3 become class 1, row 0 comes near.
ROWS = [(0.75, 0.25, 0.0), (0.5, 0.375, 0.125), (0.0, 1.0, 0.0), (0.25, 0.3125, 0.4375)]
LABELS = [0, 0, 1, 1]


def write_npz(path, rows, labels):
    def npy(code, shape, data):
        text = repr({"descr": code, "fortran_order": False, "shape": shape})
        text += " " * (-(len(text) + 11) % 64) + "\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data

    values = [value for row in rows for value in row]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy("<f4", (len(rows), len(rows[0])), struct.pack(f"<{len(values)}f", *values)))
        archive.writestr("y.npy", npy("<i8", (len(labels),), struct.pack(f"<{len(labels)}q", *labels)))


def write_graphs(folder):
    quarter = SHIFTED.format(values="float_val: 0 float_val: 0.25 float_val: 0", source="input")
    floats = PLACEHOLDER.format(dtype="DT_FLOAT", n=3)
    (folder / "a.pbtxt").write_text(floats + IDENTITY + VERSIONS)
    (folder / "b.pbtxt").write_text(floats + quarter + VERSIONS)
    (folder / "four.pbtxt").write_text(PLACEHOLDER.format(dtype="DT_FLOAT", n=4) + IDENTITY + VERSIONS)
    zero = SHIFTED.format(values="float_val: 0 float_val: 0 float_val: 0", source="cast")
    (folder / "bytes.pbtxt").write_text(PLACEHOLDER.format(dtype="DT_UINT8", n=3) + CAST + zero + VERSIONS)
    write_npz(folder / "data.npz", ROWS, LABELS)
    write_npz(folder / "nan.npz", [ROWS[0], (math.nan, 0.5, 0.5), (0.0, 1.0, math.nan), ROWS[3]], LABELS)
    write_npz(folder / "whole.npz", [(1, 0, 0), (0, 2, 0)], [0, 1])


def differences(found, expected, path=""):
    for key, value in expected.items():
        if isinstance(value, dict):
            yield from differences(found[key], value, f"{path}{key}.")
        elif found[key] != value:
            yield f"{path}{key}: expected {value}, found {found[key]}"


def problems(program, folder):
    def run(*arguments):
        return subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)

    def said(result):
        return [line for line in result.stderr.splitlines() if line.startswith("hoarfrost:")]

    compared = run("compare", "a.pbtxt", "b.pbtxt", "--data", "data.npz", "--json", "-b", "3", "--top-k", "2")
    yield from differences(json.loads(compared.stdout), {
        "examples": 4, "changed": 2, "only_a_right": 1, "only_b_right": 1, "max_abs": 0.25, "max_rel": 0.25,
        "a": {"accuracy": 0.75, "right": 3, "top_k": 2, "top_k_accuracy": 1.0, "nan_outputs": 0},
        "b": {"accuracy": 0.75, "right": 3, "top_k_accuracy": 1.0},
        "changed_examples": [
            {"example": 1, "name": "data.npz: example 1", "label": 0, "class_a": 0, "class_b": 1},
            {"example": 3, "name": "data.npz: example 3", "label": 1, "class_a": 2, "class_b": 1}],
        "where": {"name": "data.npz: example 0", "output": 1, "a": 0.25, "b": 0.5}}, "compare: ")
    for limits, status in ((["--max-changes", "2"], 0), (["--max-changes", "1"], 1), (["--strict"], 1), (["--tolerance", "0.25"], 0), (["--tolerance", "0.2"], 1)):
        result = run("compare", "a.pbtxt", "b.pbtxt", "--data", "data.npz", *limits)
        if result.returncode != status or len(said(result)) != status:
            yield f"{limits}: expected status {status}, found {result.returncode}, {said(result)}"
    same = run("compare", "a.pbtxt", "a.pbtxt", "--data", "data.npz", "--strict", "--tolerance", "0")
    if same.returncode or "Every output is the same." not in same.stdout:
        yield f"a model and itself: {same.returncode}, {same.stdout}"
    # B takes bytes: the same examples, as integers.
    result = run("compare", "a.pbtxt", "bytes.pbtxt", "--data", "whole.npz", "--json")
    if result.returncode or json.loads(result.stdout)["max_abs"] != 0:
        yield f"another input type: {result.returncode}, {result.stdout}{result.stderr}"
    result = run("compare", "a.pbtxt", "four.pbtxt", "--data", "data.npz")
    if result.returncode != 1 or len(said(result)) != 1:
        yield f"other shapes: {result.returncode}, {result.stderr}"

    # NaN: the run ends, everything is printed, and a line says how many and where.
    result = run("evaluate", "a.pbtxt", "--data", "nan.npz", "--json", "--report", "nan.html", "--report", "nan.json")
    line = "hoarfrost: a.pbtxt: expected numbers for every example, found NaN among the outputs of 2 of 4, nan.npz: example 1 the first; they count as wrong"
    if result.returncode != 1 or said(result) != [line]:
        yield f"NaN: status {result.returncode}, {said(result)}"
    yield from differences(json.loads(result.stdout), {"examples": 4, "right": 1, "nan_outputs": 2}, "NaN: ")
    yield from differences(json.loads((folder / "nan.json").read_text()), {"first_nan": "nan.npz: example 1", "confusion": [[1, 0, 0], [0, 0, 1], [0, 0, 0]]}, "NaN: ")
    if 'id="nan_outputs" value="2"' not in (folder / "nan.html").read_text():
        yield "NaN: the page does not say it"
    result = run("compare", "a.pbtxt", "b.pbtxt", "--data", "nan.npz", "--json")
    yield from differences(json.loads(result.stdout), {"max_abs": 0.25, "changed": 1, "a": {"nan_outputs": 2}}, "NaN on both sides: ")


def main():
    program = pathlib.Path(sys.argv[1]).resolve() / "hoarfrost"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_graphs(folder)
        found = list(problems(program, folder))
    print("\n".join(found) or "compare and NaN: as written by hand")
    sys.exit(bool(found))


main()
