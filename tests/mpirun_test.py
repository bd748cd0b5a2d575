#!/usr/bin/env python3
"""Starts `hoarfrost evaluate` under mpirun: counts must be the single process' own, whatever the number of processes, and failures must end all.

usage: mpirun_test.py BIN_FOLDER REPOSITORY
"""
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
TIMEOUT_SECONDS = 120


def run(n, program, *arguments, cwd=None):
    start = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(n)] if n else []
    return subprocess.run([*start, program, *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT_SECONDS, cwd=cwd)


def said(result):
    """What the program itself says on stderr, without mpirun's words and the progress."""
    return [line for line in result.stderr.splitlines() if line.startswith("hoarfrost:")]


def report_of(n, program, folder, model, data, *more):
    path = folder / f"report{n}.json"
    result = run(n, program, "evaluate", model, "--data", data, "--report", path, *more)
    if result.returncode:
        sys.exit(f"-n {n}: exit status {result.returncode}\n{result.stderr}")
    return json.loads(path.read_text()), result.stdout


def differences(alone, shared, n):
    """Counts and what follows from them must be equal; sums of doubles are added in another order."""
    for key in ("examples", "right", "accuracy", "top_k_right", "confusion", "classes", "macro", "weighted", "nan_outputs", "pooled_roc", "coverage"):
        if alone[key] != shared[key]:
            yield f"-n {n}: {key} is {str(shared[key])[:80]}, alone {str(alone[key])[:80]}"
    if not math.isclose(alone["loss"], shared["loss"], rel_tol=1e-12):
        yield f"-n {n}: loss is {shared['loss']}, alone {alone['loss']}"
    names = [[mistake["name"] for mistake in report["worst"]] for report in (alone, shared)]
    if names[0] != names[1]:
        yield f"-n {n}: other mistakes: {names[1]}, alone {names[0]}"


def problems(program, repository, folder):
    model = repository / "examples/cifar10_keras_2.2.4/method2/k_complete_model.h5"
    data = repository / "examples/cifar10_keras_2.2.4/data/test_batch.bin"
    for more in (["-b", "7"], ["-b", "7", "--drop-remainder"], ["-b", "40"], ["-b", "1", "--worst", "3"]):  # 40 examples
        alone, _ = report_of(0, program, folder, model, data, *more)
        for n in (2, 3, 4):
            shared, stdout = report_of(n, program, folder, model, data, *more)
            yield from (f"{more} {difference}" for difference in differences(alone, shared, n))
            if stdout.count("Graph accuracy with validation dataset") != 1:
                yield f"{more} -n {n}: the closing line stands there {stdout.count('Graph accuracy')} times"

    result = run(2, program, "evaluate", model, "--data", folder / "missing.bin")
    if result.returncode != 1 or len(said(result)) != 1 or "missing.bin" not in said(result)[0]:
        yield f"a missing file: status {result.returncode}, {said(result)}"
    result = run(2, program, "inspect", model)
    if result.returncode != 2 or said(result) != ["hoarfrost: `hoarfrost inspect` works in one process; mpirun can share out `hoarfrost evaluate` and `hoarfrost train`"]:
        yield f"another command: status {result.returncode}, {said(result)}"

    # Only the last process comes to the bad row.
    sign = repository / "examples/sign_language"
    lines = (sign / "data/sign_mnist_test.csv").read_text().splitlines()
    lines[-1] = lines[-1].replace(",", ",x", 1)
    (folder / "bad.csv").write_text("\n".join(lines) + "\n")
    result = run(2, program, "evaluate", sign / "method2/k_complete_model.h5", "--data", folder / "bad.csv", "-b", "4")
    if result.returncode != 1 or len(said(result)) != 1 or "rank 1: " not in said(result)[0] or f"bad.csv:{len(lines)}" not in said(result)[0]:
        yield f"a rank that fails: status {result.returncode}, {said(result)}"
    if "Graph accuracy" in result.stdout:
        yield "a rank that fails: an accuracy is printed all the same"
    # One process dies: mpirun ends the other, and says so.
    kill = f'[ "$OMPI_COMM_WORLD_RANK" = 1 ] && exec sh -c "kill -9 \\$\\$"; exec "{program}" evaluate "{model}" --data "{data}"'
    result = run(2, "sh", "-c", kill)
    if result.returncode == 0 or "Graph accuracy" in result.stdout:
        yield f"a process that dies: status {result.returncode}"
    maps = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    if "libmpi" in maps:
        yield "the program itself is linked with Open MPI"


def main():
    binaries, repository = (pathlib.Path(p).resolve() for p in sys.argv[1:])
    if shutil.which("mpirun") is None:
        print("mpirun is not installed")
        sys.exit(SKIPPED)
    os.environ["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
    with tempfile.TemporaryDirectory() as name:
        found = list(problems(str(binaries / "hoarfrost"), repository, pathlib.Path(name)))
    print("\n".join(found) or "shared counts are the single process' own")
    sys.exit(bool(found))


main()
