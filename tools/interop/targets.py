#!/usr/bin/env python3
"""Freezes the golden layers' models for OpenCV, loads them there and compares its answers with Keras' own.

usage: targets.py --hoarfrost BIN [--only REGEX] [--show-refused] LAYERS_FOLDER        (tests/golden/layers)

Every model is either refused, by name of layer and op, or OpenCV gives Keras' answers for each example within 1e-3 of the
largest, or for 16-bit numbers within what the golden's entry says. Closes with 'N passed, N failed', and before it how many were refused.
"""
import argparse
import json
import multiprocessing
import pathlib
import re
import subprocess
import sys
import tempfile

import cv2
import numpy as np

cv2.setNumThreads(1)  # before the processes part
PROCESSES = multiprocessing.get_context("fork")


def answers(pb, inputs, outputs, npz, batch):
    """The largest error beside the largest answer, or what is wrong."""
    data = np.load(npz)
    net = cv2.dnn.readNetFromTensorflow(pb)
    worst = 0.0
    for example in range(0, len(data["in0"]), batch):
        for place, name in enumerate(inputs):
            x = data[f"in{place}"][example:example + batch].astype("float32")
            if x.ndim in (4, 5):  # OpenCV's own order: channels before space
                x = np.ascontiguousarray(np.moveaxis(x, -1, 1))
            net.setInput(x, name) if len(inputs) > 1 else net.setInput(x)
        for place, name in enumerate(outputs):
            whole = data[f"out{place}"].astype("float32").ravel()
            every = whole.size // len(data["in0"])  # a layer may have put time first
            expected = whole[example * every:(example + batch) * every]
            found = net.forward(name)
            candidates = [found] + ([np.moveaxis(found, 1, -1)] if found.ndim in (4, 5) else [])
            same = [c.ravel() for c in candidates if c.size == expected.size]
            if not same:
                return f"shape {found.shape}, expected {expected.shape}"
            scale = max(float(np.abs(data[f"out{place}"].astype("float32")).max()), 1e-3)
            worst = max(worst, min(float(np.abs(c - expected).max()) for c in same) / scale)
    return worst


def in_a_process(function, *arguments):
    """Its result, or how it ended, for OpenCV may crash."""
    reader, writer = PROCESSES.Pipe(duplex=False)

    def work():
        try:
            writer.send(function(*arguments))
        except Exception as problem:
            writer.send(f"{type(problem).__name__}: {' '.join(str(problem).split())[-260:]}")

    process = PROCESSES.Process(target=work)
    process.start()
    writer.close()
    try:
        result = reader.recv()
    except EOFError:
        result = None
    process.join()
    return f"exit {process.exitcode}" if result is None else result


def models(folder):
    for case in json.loads((folder / "index.json").read_text()):
        yield case


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hoarfrost", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--show-refused", action="store_true")
    parser.add_argument("layers", type=pathlib.Path)
    arguments = parser.parse_args()
    passed = failed = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in models(arguments.layers):
            if not re.search(arguments.only, case["model"]):
                continue
            source = [str(arguments.layers / case["model"])] + (["--weights", str(arguments.layers / case["weights"])] if case.get("weights") else [])
            pb = f"{folder}/model.pb"
            frozen = subprocess.run([arguments.hoarfrost, "freeze", *source, "-o", pb, "--target", "opencv", "--json"], capture_output=True, text=True)
            if frozen.returncode == 3:
                refused += 1
                if arguments.show_refused:
                    print(f"refused {case['model']}: {frozen.stderr.strip().splitlines()[-1][:240]}")
                continue
            if frozen.returncode:
                failed += 1
                print(f"FAIL {case['model']}: {frozen.stderr.strip()[:300]}", flush=True)
                continue
            names = json.loads(frozen.stdout)
            worst = in_a_process(answers, pb, [i["name"] for i in names["inputs"]], [o["name"] for o in names["outputs"]],
                                 str(arguments.layers / case["answers"]), names["inputs"][0]["shape"][0] or 1)
            is_right = isinstance(worst, float) and worst < max(1e-3, case.get("rtol", 0))
            passed += is_right
            failed += not is_right
            if not is_right:
                print(f"FAIL {case['model']}: {worst}", flush=True)
    print(f"{refused} refused")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not passed)


main()
