#!/usr/bin/env python3
"""Freezes the golden layers' models and the tutorials' networks for OpenCV, and holds OpenCV's answers against Keras' own.

usage: opencv_test.py BIN_FOLDER OPENCV_FORWARD REPOSITORY [REGEX]

Every model is either refused, by name of layer and op, or OpenCV computes what Keras did, each example within 1e-3 of the largest answer;
a golden of 16-bit numbers within what its own entry in the index says of them.
"""
import array
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

AT_LEAST = 414  # golden models that OpenCV must run


def read_npz(path):
    arrays = {}
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            data = file.read(name)
            start = 10 if data[6] == 1 else 12
            header = eval(data[start:start + int.from_bytes(data[8:start], "little")].decode(), {})  # a literal dict, of our own files
            arrays[name[:-4]] = (header, data[start + int.from_bytes(data[8:start], "little"):])
    return arrays


def numbers(entry):
    header, data = entry
    kinds = {"<f4": "f", "<f8": "d", "<i4": "i", "<i8": "q", "|u1": "B", "|b1": "B", "|i1": "b", "<u2": "H", "<i2": "h"}
    if header["descr"] not in kinds or header["fortran_order"]:
        return None
    return list(header["shape"]), array.array(kinds[header["descr"]], data)


def moved(values, shape, back=False):
    """Channels before space, as OpenCV keeps four and five axes, or back after it."""
    if len(shape) not in (4, 5):
        return values
    channels = shape[1] if back else shape[-1]
    places = len(values) // channels // shape[0]
    result = array.array("f", bytes(4 * len(values)))
    for first in range(0, len(values), places * channels):  # of each example
        for place in range(places):
            for channel in range(channels):
                inner, outer = first + place * channels + channel, first + channel * places + place
                if back:
                    result[inner] = values[outer]
                else:
                    result[outer] = values[inner]
    return result


def judge(forward, pb, names, arrays, folder, tolerance):
    """None, or what is wrong."""
    inputs = [numbers(arrays[f"in{i}"]) for i in range(len(names["inputs"]))]
    outputs = [numbers(arrays[f"out{i}"]) for i in range(len(names["outputs"]))]
    if None in inputs or None in outputs:
        return None
    batch = names["inputs"][0]["shape"][0] or 1
    command = [forward, pb, folder]
    for i, (shape, values) in enumerate(inputs):
        sizes = shape if len(shape) < 4 else [shape[0], shape[-1], *shape[1:-1]]
        pathlib.Path(folder, f"in{i}").write_bytes(moved(array.array("f", values), shape).tobytes())
        command += [names["inputs"][i]["name"], "x".join(map(str, [batch, *sizes[1:]])), f"{folder}/in{i}"]
    run = subprocess.run([*command, "--", *[output["name"] for output in names["outputs"]]], capture_output=True, text=True)
    if run.returncode:
        return " ".join(run.stderr.split())[:300] or f"exit status {run.returncode}"
    for o, (shape, values) in enumerate(outputs):
        found = array.array("f", pathlib.Path(folder, str(o)).read_bytes())
        sizes = [int(size) for size in run.stdout.splitlines()[o].split("x")]
        if len(found) != len(values):
            return f"output {o} has {len(found)} numbers of sizes {sizes}, expected {shape}"
        scale = max(max(map(abs, values), default=0), 1e-3)
        n = len(values) // inputs[0][0][0] * batch
        for first in range(0, len(values), n or 1):
            part, expected = found[first:first + n], values[first:first + n]
            worst = min(max((abs(a - b) for a, b in zip(candidate, expected)), default=0) for candidate in (part, moved(part, sizes, back=True)))
            if not worst <= tolerance * scale:
                return f"output {o} of example {first // n * batch} differs by {worst / scale:.2g} of the largest"
    return None


def cases(root):
    layers = root / "tests/golden/layers"
    for case in json.loads((layers / "index.json").read_text()):
        weights = ["--weights", str(layers / case["weights"])] if case.get("weights") else []
        yield case["model"], [str(layers / case["model"]), *weights], layers / case["answers"], max(1e-3, case.get("rtol", 0))


def check(binary, forward, name, source, answers, tolerance):
    """"passed", "refused" and why, or "failed" and what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        pb = f"{folder}/model.pb"
        # Without the proof, for which OpenCV's answers stand here.
        frozen = subprocess.run([binary, "freeze", *source, "-o", pb, "--target", "opencv", "--no-verify", "--json"], capture_output=True, text=True)
        if frozen.returncode == 3:
            return "refused", f"{name}: {frozen.stderr.strip()}"
        trouble = frozen.stderr.strip() if frozen.returncode else judge(forward, pb, json.loads(frozen.stdout), read_npz(answers), folder, tolerance)
        return ("passed", "") if trouble is None else ("failed", f"{name}: {trouble}")


def main():
    binary, forward, root = pathlib.Path(sys.argv[1]) / "hoarfrost", sys.argv[2], pathlib.Path(sys.argv[3])
    only = sys.argv[4] if len(sys.argv) > 4 else ""
    chosen = [case for case in cases(root) if re.search(only, case[0])]
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        verdicts = list(pool.map(lambda case: check(binary, forward, *case), chosen))
    counts = collections.Counter(verdict for verdict, _ in verdicts)
    for verdict, text in verdicts:
        if verdict == "failed" or (verdict == "refused" and only):
            print(verdict, text)
    print(f"{counts['passed']} passed, {counts['refused']} refused, {counts['failed']} failed")
    sys.exit(bool(counts["failed"]) or (not only and counts["passed"] < AT_LEAST))


main()
