#!/usr/bin/env python3
"""Plays one case of bad input: the program must say exactly this, exit with this status, and leave nothing behind.

usage: errors_test.py BIN_FOLDER TESTS_FOLDER CASE.json

A case:
  {"why": "what this shows",
   "files": {"model.h5": {"from": "golden/keras/dense.h5", "truncate": 4000, "patch": {"100": "ff00"}},
             "data.csv": {"text": "label,pixel1\\n"}, "weights.h5": {"from": "errors/files/wrong_shape.h5"}},
   "command": ["hoarfrost", "freeze", "model.h5", "-o", "out.pb"],
   "status": 1,
   "stderr": "hoarfrost: model.h5: …"}

A file, in the folder where the command runs, is made from one of
  "from"        a file of the tests' folder; "truncate" cuts it, "patch" writes bytes at offsets, "replace" changes text in it
                ({"old": "new"}, each old once or more), "sparse" extends it to a size without using the disk
  "text", "hex" what it holds
  "folder"      a folder of the tests to copy; "" for an empty folder
  "zip"         {member: text}, a zip archive
  "npz"         {array: {"shape": [2, 5], "dtype": "float32"}}, of zeros
  "link"        a symbolic link to that path; "pipe" a named pipe
"mode" sets its permissions ("0444"); such a case is left out for root, whom they do not bind.
"stderr" is all that the program says there: a line, or a list of lines. "limits": {"file": 4096} makes the disk full for a file
of more bytes. No file may be new, changed or gone afterwards, except those named in "leaves".
"""
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import zipfile

TIMEOUT_SECONDS = 20
MEMORY_BYTES = 4 << 30  # of addresses, mapped files among them
SKIPPED = 77
SMALL_BYTES = 16 << 20  # larger files are compared by size and time


def npy(shape, dtype):
    code = {"float32": "<f4", "float64": "<f8", "int32": "<i4", "int64": "<i8", "uint8": "|u1"}[dtype]
    n_bytes = int(code[-1])
    for size in shape:
        n_bytes *= size
    text = repr({"descr": code, "fortran_order": False, "shape": tuple(shape)})
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + bytes(n_bytes)


def write_zip(target, members):
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)


def content_of(spec, tests):
    if "text" in spec:
        return spec["text"].encode()
    if "hex" in spec:
        return bytes.fromhex(spec["hex"])
    content = bytearray((tests / spec["from"]).read_bytes())
    content = content[: spec.get("truncate", len(content))]
    for offset, hexadecimal in spec.get("patch", {}).items():
        change = bytes.fromhex(hexadecimal)
        content[int(offset) : int(offset) + len(change)] = change
    for old, new in spec.get("replace", {}).items():
        if old.encode() not in content:
            sys.exit(f"{spec['from']} does not hold {old}")
        content = content.replace(old.encode(), new.encode())
    return bytes(content)


def make(target, spec, tests):
    target.parent.mkdir(parents=True, exist_ok=True)
    if "folder" in spec:
        if spec["folder"]:
            shutil.copytree(tests / spec["folder"], target)
        else:
            target.mkdir()
    elif "link" in spec:
        target.symlink_to(spec["link"])
        return
    elif "pipe" in spec:
        os.mkfifo(target)
        return
    elif "zip" in spec:
        write_zip(target, spec["zip"])
    elif "npz" in spec:
        write_zip(target, {name + ".npy": npy(array["shape"], array["dtype"]) for name, array in spec["npz"].items()})
    else:
        target.write_bytes(content_of(spec, tests))
    if "sparse" in spec:
        os.truncate(target, spec["sparse"])
    if "mode" in spec:
        target.chmod(int(spec["mode"], 8))


def fingerprint(path):
    if path.is_symlink():
        return os.readlink(path)
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        return "no file"
    if status.st_size > SMALL_BYTES or not os.access(path, os.R_OK):
        return (status.st_size, status.st_mtime_ns)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def snapshot(folder):
    return {str(p.relative_to(folder)): "" if p.is_dir() and not p.is_symlink() else fingerprint(p) for p in sorted(folder.rglob("*"))}


def run(command, folder, limits):
    def limit():
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])  # each thread takes addresses too
        if "HOARFROST_SANITIZE" not in os.environ:  # sanitizers take terabytes of addresses
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if "file" in limits:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # as a shell would start it
            resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file"], limits["file"]))

    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, stdin=subprocess.DEVNULL, preexec_fn=limit)


def play(case, binaries, tests, folder):
    problems = []
    for file, spec in case.get("files", {}).items():
        make(folder / file, spec, tests)
    before = snapshot(folder)
    program, *arguments = case["command"]
    result = run([binaries / program, *arguments], folder, case.get("limits", {}))
    said = [line for line in result.stderr.splitlines() if not re.match(r"\d+/\d+ \[", line)]  # progress
    expected = [case["stderr"]] if isinstance(case["stderr"], str) else case["stderr"]
    if result.returncode != case["status"]:
        problems.append(f"exit status: expected {case['status']}, found {result.returncode}")
    if said != expected:
        problems += [f"expected: {line}" for line in expected] + [f"   found: {line}" for line in said or ["nothing"]]
    after = snapshot(folder)
    for path in sorted(set(before) | set(after)):
        if before.get(path) != after.get(path) and path not in case.get("leaves", []):
            problems.append(f"{path}: was {'left behind' if path not in before else 'changed or removed'}")
    problems += [f"{path}: expected, and not written" for path in case.get("leaves", []) if path not in after]
    return problems, said


def main():
    binaries, tests, case_path = (pathlib.Path(p).resolve() for p in sys.argv[1:])
    case = json.loads(case_path.read_text())
    if os.geteuid() == 0 and any("mode" in spec for spec in case.get("files", {}).values()):
        print("permissions do not bind root")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        problems, said = play(case, binaries, tests, pathlib.Path(name))
    print("\n".join(problems or said))
    sys.exit(bool(problems))


main()
