#!/usr/bin/env python3
"""Runs the checker of models that strangers published: none may be wrong, crash or hang; refusals are counted, not failed.

usage: real.py PYTHON CHECKER BIN      Closes with 'N passed, N failed', where passed are the models proven equal.
"""
import re
import subprocess
import sys


def main():
    python, checker, binary = sys.argv[1:]
    result = subprocess.run([python, checker, "--hoarfrost", binary], capture_output=True, text=True)
    lines = result.stdout.splitlines()
    counts = re.match(r"(\d+) of (\d+) frozen, (\d+) proven equal, (\d+) wrong", lines[-1] if lines else "")
    if not counts:
        sys.exit(f"{result.stdout}{result.stderr}\n0 passed, 1 failed")
    bad = [line for line in lines if line.startswith(("DIFFERENT", "CRASH", "TIMEOUT", "TF REJECTS"))]
    print("\n".join(bad))
    print(lines[-1])
    print(f"{counts.group(3)} passed, {len(bad)} failed")
    sys.exit(bool(bad))


main()
