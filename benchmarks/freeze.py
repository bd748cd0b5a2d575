#!/usr/bin/env python3
"""How long `hoarfrost freeze --no-verify` takes against copying the same file, in turn, and the memory it needs.

usage: benchmarks/freeze.py MODEL.h5 [--hoarfrost build/release/bin/hoarfrost] [--rounds 7]

Each round removes the outputs, then times `cp MODEL copy && sync copy` and the freeze (which syncs what it writes), alternating which goes
first. Prints medians, their ratio, and the freeze's peak resident memory.
"""
import argparse
import os
import pathlib
import statistics
import subprocess
import tempfile
import time


def timed(command):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--hoarfrost", default="build/release/bin/hoarfrost")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        copy, frozen = f"{folder}/copy", f"{folder}/frozen.pb"
        commands = {
            "cp && sync": ["sh", "-c", f"cp '{arguments.model}' {copy} && sync {copy}"],
            "freeze": [arguments.hoarfrost, "freeze", str(arguments.model), "-o", frozen, "--no-verify"],
        }
        times = {name: [] for name in commands}
        for name in commands:  # not counted: the file comes into memory
            timed(commands[name])
        for turn in range(arguments.rounds):
            for name in sorted(commands, reverse=turn % 2 == 1):
                for path in (copy, frozen):
                    if os.path.exists(path):
                        os.remove(path)
                os.sync()
                times[name].append(timed(commands[name]))
        median = {name: statistics.median(values) for name, values in times.items()}
        for name, values in times.items():
            print(f"{name:12} median {median[name] * 1e3:8.1f} ms   (min {min(values) * 1e3:.1f}, max {max(values) * 1e3:.1f})")
        print(f"freeze / (cp && sync): {median['freeze'] / median['cp && sync']:.2f}")
        os.remove(frozen)
        status = subprocess.run(["/usr/bin/time", "-f", "%M", *commands["freeze"]], capture_output=True, text=True)
        print(f"peak resident memory of freeze: {int(status.stderr.split()[-1]) / 1024:.0f} MiB")


main()
