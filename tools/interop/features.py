#!/usr/bin/env python3
"""Freezes one-feature models and keras.applications for OpenCV, and holds the newest OpenCV's answers against Keras'.

usage: features.py --hoarfrost BIN FOLDER        FOLDER/pb holds NAME.h5 and NAME.npz (x, y), as the checkers' make_feature_models.py makes them

TensorFlow's own frozen graphs of them run in OpenCV 5 in 30 of 52 cases. Closes with 'N passed, N failed'; a refused model has failed.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

LIMIT = 1e-3  # of the largest answer


def error(pb, names, x, y):
    import cv2
    cv2.setNumThreads(1)
    net = cv2.dnn.readNetFromTensorflow(pb)
    net.setInput(np.ascontiguousarray(np.moveaxis(x, -1, 1)) if x.ndim in (4, 5) else x)
    found = net.forward(names["outputs"][0]["name"])
    candidates = [found] + ([np.moveaxis(found, 1, -1)] if found.ndim in (4, 5) else [])
    return min((float(np.abs(c.ravel() - y.ravel()).max() / np.abs(y).max()) for c in candidates if c.size == y.size), default=np.inf)


def check(hoarfrost, model, folder):
    data = np.load(model.with_suffix(".npz"))
    x, y = data["x"].astype("float32"), data["y"]
    pb = f"{folder}/model.pb"
    frozen = subprocess.run([hoarfrost, "freeze", model, "-o", pb, "--target", "opencv", "--input-shape", ",".join(map(str, x.shape)), "--json"], capture_output=True, text=True)
    if frozen.returncode:
        return frozen.stderr.strip().splitlines()[-1][-240:]
    # OpenCV may crash: in a process of its own.
    run = subprocess.run([sys.executable, __file__, "--hoarfrost", "-", "--answer", pb, frozen.stdout, model.with_suffix(".npz"), folder], capture_output=True, text=True)
    line = [text for text in run.stdout.splitlines() if text.startswith("ERROR")]
    if not line:
        return f"exit {run.returncode}: {' '.join(run.stderr[-260:].split())}"
    return None if float(line[0].split()[1]) < LIMIT else line[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hoarfrost", required=True)
    parser.add_argument("--answer", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.answer:
        data = np.load(arguments.answer[2])
        print("ERROR", error(arguments.answer[0], json.loads(arguments.answer[1]), data["x"].astype("float32"), data["y"]))
        return
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for model in sorted((arguments.folder / "pb").glob("*.h5")):
            if not model.with_suffix(".npz").exists():
                continue
            problem = check(arguments.hoarfrost, model, folder)
            passed, failed = passed + (problem is None), failed + (problem is not None)
            if problem:
                print(f"FAIL {model.stem}: {problem}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or not passed)


main()
