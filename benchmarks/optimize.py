#!/usr/bin/env python3
"""How long each pass of `hoarfrost optimize` takes over a large graph, and exporting its model, against copying the same file, and the memory.

usage: benchmarks/optimize.py GRAPH.pb [--model MODEL.h5] [--hoarfrost build/release/bin/hoarfrost] [--rounds 5] [--passes strip_unused,fold_constants]

Every pass runs alone, with --no-verify; with --model also `freeze` and `export` of it, as a SavedModel and as ONNX; the proof, which runs the network twice, is timed by itself at the end. Each round times
`cp GRAPH copy && sync copy` and the passes (which sync what they write) in turn. Prints medians, their ratio to cp, and peak resident memory.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time


def timed(command):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def memory(command):
    status = subprocess.run(["/usr/bin/time", "-f", "%M", *command], capture_output=True, text=True)
    return int(status.stderr.split()[-1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph", type=pathlib.Path)
    parser.add_argument("--model", type=pathlib.Path)
    parser.add_argument("--hoarfrost", default="build/release/bin/hoarfrost")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passes", default="strip_unused,remove_training,fold_constants,fold_batch_norms,merge_duplicates,sort")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        copy, out = f"{folder}/copy", f"{folder}/out.pb"
        commands = {"cp && sync": ["sh", "-c", f"cp '{arguments.graph}' {copy} && sync {copy}"]}
        for name in arguments.passes.split(","):
            commands[name] = [arguments.hoarfrost, "optimize", str(arguments.graph), out, "--passes", name, "--no-verify"]
        if arguments.model:
            model, plain = str(arguments.model), "--no-verify"
            commands["freeze"] = [arguments.hoarfrost, "freeze", model, "-o", out, plain]
            commands["freeze --target opencv"] = [arguments.hoarfrost, "freeze", model, "-o", out, plain, "--target", "opencv"]
            commands["export savedmodel"] = [arguments.hoarfrost, "export", model, "--format", "savedmodel", "-o", f"{folder}/saved", plain]
            commands["export onnx"] = [arguments.hoarfrost, "export", model, "--format", "onnx", "-o", f"{folder}/model.onnx", plain]
        times = {name: [] for name in commands}
        for command in commands.values():  # not counted: the file comes into memory
            timed(command)
        for turn in range(arguments.rounds):
            for name in sorted(commands, reverse=turn % 2 == 1):
                for path in (copy, out, f"{folder}/model.onnx"):
                    if os.path.exists(path):
                        os.remove(path)
                shutil.rmtree(f"{folder}/saved", ignore_errors=True)
                os.sync()
                times[name].append(timed(commands[name]))
        cp = statistics.median(times["cp && sync"])
        for name, values in times.items():
            extra = "" if name == "cp && sync" else f"   {statistics.median(values) / cp:.2f} x cp, {memory(commands[name]):.0f} MiB"
            print(f"{name:22} median {statistics.median(values) * 1e3:8.1f} ms{extra}")
        whole = [arguments.hoarfrost, "optimize", str(arguments.graph), out]
        unproven, proven = timed([*whole, "--no-verify"]), timed(whole)
        print(f"all usual passes   {unproven * 1e3:8.1f} ms; their proof {(proven - unproven) * 1e3:.1f} ms more")


main()
