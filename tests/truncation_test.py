#!/usr/bin/env python3
"""Cuts each kind of file short at many places, and flips bits in it: the program says what is wrong, or reads what still is valid.

usage: truncation_test.py BIN_FOLDER TESTS_FOLDER [KIND…]

Each run ends within 20 s and 4 GiB of addresses, with status 0, 1 or 3 (a signal, 2 and anything else fail the test). One that
fails says so in one line that names the file, and leaves no output. A cut file may be read only where a shorter one is valid too.
"""
import concurrent.futures
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile

TIMEOUT_SECONDS = 20
MEMORY_BYTES = 4 << 30
N_CUTS = 40
N_FLIPS = 30
SEED = 1

MODELS = "golden/keras/"
GRAPH = "golden/tensorflow/graphs/metagraph/"
TEXT_GRAPH = "golden/tensorflow/graphs/resource_vars_text/"
REF = "golden/tensorflow/graphs/ref_vars/"
CSV = "label,pixel1,pixel2,pixel3,pixel4,pixel5\n" + "".join(f"{i % 4},{i},17,203.5,0,255\n" for i in range(40))


def freeze(model, *more):
    return ["hoarfrost", "freeze", model, *more, "-o", "out"]


def freeze_graph(flag, file):
    return ["freeze_graph", f"--{flag}={file}", "--input_checkpoint=model.ckpt", "--input_binary=true", "--output_graph=out", "--output_node_names=out"]


def checkpoint(folder):
    return {f"model.ckpt{end}": folder + f"model.ckpt{end}" for end in (".index", ".data-00000-of-00001")}


# kind: the file that is broken, all files and where they come from, the command, whether a cut file may be valid.
KINDS = {
    "h5": ("model.h5", {"model.h5": "golden/layers/keras_2.15/compiled_adam.h5"}, freeze("model.h5"), False),
    "keras": ("model.keras", {"model.keras": MODELS + "dense_basic.keras"}, freeze("model.keras"), False),
    "deflated": ("model.keras", {"model.keras": MODELS + "dense_basic_deflated.keras"}, freeze("model.keras"), False),
    "json": ("model.json", {"model.json": MODELS + "dense_basic.json", "weights.h5": MODELS + "dense_basic_weights.h5"},
             freeze("model.json", "--weights", "weights.h5"), False),
    "weights": ("weights.h5", {"model.json": MODELS + "dense_basic.json", "weights.h5": MODELS + "dense_basic_weights.h5"},
                freeze("model.json", "--weights", "weights.h5"), False),
    "pb": ("graph.pb", {"graph.pb": REF + "graph.pb", **checkpoint(REF)}, freeze_graph("input_graph", "graph.pb"), True),
    "pbtxt": ("graph.pbtxt", {"graph.pbtxt": TEXT_GRAPH + "graph.pbtxt", **checkpoint(TEXT_GRAPH)}, freeze_graph("input_graph", "graph.pbtxt"), True),
    "meta": ("model.ckpt.meta", {"model.ckpt.meta": GRAPH + "model.ckpt.meta", **checkpoint(GRAPH)},
             freeze_graph("input_meta_graph", "model.ckpt.meta"), True),
    "index": ("model.ckpt.index", {"graph.pb": REF + "graph.pb", **checkpoint(REF)}, freeze_graph("input_graph", "graph.pb"), False),
    "data": ("model.ckpt.data-00000-of-00001", {"graph.pb": REF + "graph.pb", **checkpoint(REF)}, freeze_graph("input_graph", "graph.pb"), False),
    "npz": ("in.npz", {"model.keras": MODELS + "dense_basic.keras", "in.npz": "golden/layers/keras_2.15/dense_basic.npz"},
            ["hoarfrost", "predict", "model.keras", "--data", "in.npz", "-o", "out"], False),
    "csv": ("data.csv", {"model.keras": MODELS + "dense_basic.keras", "data.csv": CSV}, ["hoarfrost", "evaluate", "model.keras", "--data", "data.csv"], True),
}


def limit():
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])  # each thread takes addresses too
    if "HOARFROST_SANITIZE" not in os.environ:  # sanitizers take terabytes of addresses
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def is_remark(line):
    return line.startswith("hoarfrost: note: ") or re.match(r"\d+/\d+ \[", line) is not None


def problems_of(result, folder, files, is_cut, may_be_valid, writes):
    said = [line for line in result.stderr.splitlines() if not is_remark(line)]
    left = sorted(p.name for p in folder.iterdir() if p.name not in files)
    if result.returncode == 0:
        if is_cut and not may_be_valid:
            yield "expected an error, found status 0"
        if left != (["out"] if writes else []):
            yield f"status 0 and the files {left}"
        return
    if result.returncode not in (1, 3):
        yield f"exit status {result.returncode}"
    if left:
        yield f"left behind: {left}"
    if len(said) != 1 or not said[0].startswith("hoarfrost: "):
        yield f"expected one line, found {said}"
    elif not any(file in said[0] for file in files):
        yield f"names no file: {said[0]}"


def play(binaries, tests, kind, what, content):
    broken, files, command, may_be_valid = KINDS[kind]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file, source in files.items():
            if file != broken:
                shutil.copyfile(tests / source, folder / file)
        (folder / broken).write_bytes(content)
        try:
            result = subprocess.run([binaries / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, errors="replace",
                                    timeout=TIMEOUT_SECONDS, stdin=subprocess.DEVNULL, preexec_fn=limit)
        except subprocess.TimeoutExpired:
            return [f"{kind}, {what}: more than {TIMEOUT_SECONDS} s"]
        found = problems_of(result, folder, files, what.startswith("cut"), may_be_valid, "out" in command or "--output_graph=out" in command)
        return [f"{kind}, {what}: {problem}" for problem in found]


def variants(content, generator):
    """The content whole, cut at places from its start to its last byte, and with bits flipped."""
    yield "whole", content
    last = len(content) - 2 if content.endswith(b"\n") else len(content) - 1  # a missing last newline hurts nobody
    for i in range(N_CUTS):
        n = last * i // (N_CUTS - 1)
        yield f"cut to {n} of {len(content)} bytes", content[:n]
    for _ in range(N_FLIPS):
        at = generator.randrange(len(content))
        bit = 1 << generator.randrange(8)
        yield f"byte {at} with {bit:#04x} flipped", content[:at] + bytes([content[at] ^ bit]) + content[at + 1 :]


def main():
    binaries, tests = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
    problems = []
    runs = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(8, len(os.sched_getaffinity(0)) + 1)) as pool:
        for kind in sys.argv[3:] or KINDS:
            broken, files, _, _ = KINDS[kind]
            source = files[broken]
            content = source.encode() if "\n" in source else (tests / source).read_bytes()
            for what, variant in variants(content, random.Random(SEED)):
                runs.append(pool.submit(play, binaries, tests, kind, what, variant))
        for run in runs:
            problems += run.result()
    print("\n".join(problems) or f"{len(runs)} broken files: each was refused in one line, or still valid")
    sys.exit(bool(problems))


main()
