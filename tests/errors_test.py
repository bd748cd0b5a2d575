#!/usr/bin/env python3
"""Plays one case of bad input: the program must say exactly this line, exit with this status, and leave nothing behind.

usage: errors_test.py BIN_FOLDER TESTS_FOLDER CASE.json

A case:
  {"why": "what this shows",
   "files": {"model.h5": {"from": "golden/keras/dense.h5", "truncate": 4000, "patch": {"100": "ff00"}},
             "data.csv": {"text": "label,pixel1\\n"}, "weights.h5": {"from": "errors/wrong_shape.h5"}},
   "command": ["hoarfrost", "freeze", "model.h5", "-o", "out.pb"],
   "status": 1,
   "stderr": "hoarfrost: model.h5: …"}
Paths are relative to the folder of the tests. "stderr" is the last line of what the program says. No file may be new, changed or
gone afterwards, except those named in "leaves".
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

TIMEOUT_SECONDS = 20


def make(target, spec, tests):
    target.parent.mkdir(parents=True, exist_ok=True)
    if "text" in spec:
        target.write_text(spec["text"])
    elif "folder" in spec:
        shutil.copytree(tests / spec["folder"], target)
        return
    else:
        data = bytearray((tests / spec["from"]).read_bytes())
        data = data[: spec.get("truncate", len(data))]
        for offset, hexadecimal in spec.get("patch", {}).items():
            change = bytes.fromhex(hexadecimal)
            data[int(offset) : int(offset) + len(change)] = change
        target.write_bytes(data)
    if "mode" in spec:
        target.chmod(int(spec["mode"], 8))


def snapshot(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def main():
    binaries, tests, case_path = (pathlib.Path(p).resolve() for p in sys.argv[1:])
    case = json.loads(case_path.read_text())
    problems = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file, spec in case.get("files", {}).items():
            make(folder / file, spec, tests)
        before = snapshot(folder)
        program, *arguments = case["command"]
        result = subprocess.run([binaries / program, *arguments], cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS)
        said = (result.stderr.strip().splitlines() or [""])[-1]
        if result.returncode != case["status"]:
            problems.append(f"exit status: expected {case['status']}, found {result.returncode}")
        if said != case["stderr"]:
            problems.append(f"expected: {case['stderr']}\n   found: {said}")
        after = snapshot(folder)
        for path in sorted(set(before) | set(after)):
            if before.get(path) != after.get(path) and path not in case.get("leaves", []):
                problems.append(f"{path}: was {'left behind' if path not in before else 'changed or removed'}")
    print("\n".join(problems) or said)
    sys.exit(bool(problems))


main()
