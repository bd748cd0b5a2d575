#!/usr/bin/env python3
"""`hoarfrost verify MODEL GRAPH` on every golden model that one file holds: the graph that freeze wrote computes what the model's
layers say, and not what another model's do.

usage: verify_test.py BIN_FOLDER TESTS_FOLDER
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

bin_folder, tests = map(pathlib.Path, sys.argv[1:3])
hoarfrost = bin_folder / "hoarfrost"


def run(*arguments):
    return subprocess.run([hoarfrost, *arguments], capture_output=True, text=True)


def verdict(model, folder):
    """None, or what is wrong."""
    graph = folder / (model.parent.name + "_" + model.name + ".pb")
    frozen = run("freeze", model, "-o", graph, "--no-verify")
    if frozen.returncode:
        return frozen.stderr.strip()
    proof = run("verify", model, graph, "--threads", "1")
    if proof.returncode:
        return (proof.stderr + proof.stdout).strip().splitlines()[-1]
    return None


def main():
    folder = tests / "golden" / "layers"
    models = [folder / entry["model"] for entry in json.loads((folder / "index.json").read_text()) if "weights" not in entry]
    with tempfile.TemporaryDirectory() as work, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        work = pathlib.Path(work)
        wrong = [(model, text) for model, text in zip(models, pool.map(lambda model: verdict(model, work), models)) if text]
        for model, text in wrong:
            print(f"{model.relative_to(folder)}: {text}")
        # The proof can fail: a graph of other weights is not the model.
        graph = work / "keras_2.15_custom_scale_layer.h5.pb"
        other = run("verify", folder / "keras_2.15" / "residual.h5", graph)
        if other.returncode == 0:
            wrong.append(graph)
            print("another model's graph was called equal")
        # Nor is one that gives another word.
        model, graph = folder / "keras_2.15" / "string_lookup_invert.h5", work / "keras_2.15_string_lookup_invert.h5.pb"
        graph.write_bytes(graph.read_bytes().replace(b"green", b"greed"))
        other = run("verify", model, graph)
        if other.returncode != 1 or "expected `green`, found `greed`" not in other.stdout + other.stderr:
            wrong.append(graph)
            print("a graph that gives other words: " + other.stdout + other.stderr)
    print(f"{len(models)} models, {len(wrong)} not proven")
    sys.exit(bool(wrong))


main()
