#!/usr/bin/env python3
"""Runs the examples' train_save programs on a few generated examples: the network that they build is the one that Keras wrote into
model.json, and their saves are one model.

usage: train_save_test.py BIN_FOLDER PROJECT_FOLDER
"""
import json
import pathlib
import subprocess
import sys
import tempfile

BIN, PROJECT = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
TIMEOUT_SECONDS = 200
COMPLETE, CHECKPOINT = "method2/k_complete_model.h5", "method1/keras_chkpt.h5"
PARTS = ["method3/k_model_architecture.json", "--weights", "method3/k_model_weights.h5"]
problems = []


def expect(is_it, text):
    if not is_it:
        problems.append(text)


def run(folder, program, *arguments, status=0):
    result = subprocess.run([BIN / program, *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
    expect(result.returncode == status, f"{program} {arguments}: status {result.returncode}\n{result.stdout}{result.stderr}")
    return result


def evaluated(folder, *model):
    report = json.loads(run(folder, "hoarfrost", "evaluate", *model, "--data", "data", "--json").stdout)
    return report["accuracy"], report["loss"]


def try_example(name, kind, n_examples, top):
    folder = top / name
    folder.mkdir()
    run(folder, "hoarfrost", "generate-data", kind, "data", "--examples", n_examples)
    said = run(folder, f"train_save_{name}", "--data", "data", "--epochs", 1, "--batchsize", 50)
    expect("val_accuracy: " in said.stderr, f"{name}: no line of an epoch: {said.stderr}")

    expected = json.loads((PROJECT / "examples" / name / "model.json").read_text())
    built = json.loads((folder / PARTS[0]).read_text())
    expect(built == expected, f"{name}: the builder's network is not that of model.json")

    # After one epoch the best is the last one: the three saves are the same model.
    results = {"complete": evaluated(folder, COMPLETE), "checkpoint": evaluated(folder, CHECKPOINT), "parts": evaluated(folder, *PARTS)}
    expect(len(set(results.values())) == 1, f"{name}: the saves differ: {results}")
    shown = run(folder, "hoarfrost", "inspect", COMPLETE).stdout
    expect("Conv2D" in shown and "Total parameters" in shown, f"{name}: inspect: {shown}")
    run(folder, "hoarfrost", "freeze", COMPLETE, "-o", "frozen.pb")
    verified = run(folder, "hoarfrost", "verify", *PARTS, "frozen.pb").stdout
    expect("Verified: " in verified, f"{name}: verify: {verified}")

    # `hoarfrost train` goes on from where the program stopped.
    resumed = run(folder, "hoarfrost", "train", COMPLETE, "--data", "data", "--epochs", 2, "-o", "resumed", "--json")
    expect(len(json.loads(resumed.stdout)["epochs"]) == 1, f"{name}: train does not go on: {resumed.stdout}")
    wrong = run(folder, f"train_save_{name}", "--epoch", 1, status=1)
    expect("--epoch: expected --data FOLDER" in wrong.stderr, f"{name}: {wrong.stderr}")


with tempfile.TemporaryDirectory() as name:
    try_example("cifar10", "cifar10", 200, pathlib.Path(name))
    try_example("sign_language", "sign-language", 300, pathlib.Path(name))
print("\n".join(problems) or "both programs train, and their saves are one model")
sys.exit(bool(problems))
