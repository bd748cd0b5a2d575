#!/usr/bin/env python3
"""Installs a build into a folder, and builds and runs tests/consumer on it as a stranger would: find_package(hoarfrost), the public
headers alone, the README's C++ examples, examples/*.cpp. The installed program runs too.

usage: consumer_test.py BUILD_FOLDER PROJECT_FOLDER CXX_COMPILER
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

BUILD, PROJECT = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
CASES = ["keras_2.15/bn_conv.h5", "keras_3.15/merge2.h5"]


def run(*command, cwd=None):
    result = subprocess.run([str(part) for part in command], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}exit status {result.returncode}")
    return result.stdout


def expect(condition, what, found):
    if not condition:
        sys.exit(f"expected {what}, found:\n{found}")


def check_program(prefix):
    version = run(prefix / "bin/hoarfrost", "--version")
    for name in ("keras_2_tf", "freeze_graph", "evaluate_accuracy"):
        expect(os.path.realpath(prefix / "bin" / name) == str(prefix / "bin/hoarfrost"), f"{name} to be the installed program", "another file")
    expect(version.strip(), "a version", version)
    graph = prefix / "frozen.pb"
    run(prefix / "bin/hoarfrost", "freeze", prefix / "share/hoarfrost/examples/cifar10/method2/k_complete_model.h5", "-o", graph)
    said = run(prefix / "bin/evaluate_accuracy", "--graph", graph, "--input_node", "input_1", "--output_node", "dense_1/Softmax")
    expect(str(prefix / "share/hoarfrost/examples") in said, "the installed examples to be evaluated", said)


def check_package(prefix):
    files = list(prefix.rglob("cmake/hoarfrost/*.cmake"))
    text = "".join(file.read_text() for file in files)
    exported = [line for line in text.splitlines() if line.startswith("add_library(hoarfrost::")]
    expect(len(exported) == 1 and exported[0].startswith("add_library(hoarfrost::hoarfrost "), "hoarfrost::hoarfrost alone to be exported", exported)
    for folder in (BUILD, PROJECT):
        expect(str(folder) not in text, "no path of the build in the package", [f.name for f in files if str(folder) in f.read_text()])


def golden(model):
    folder = PROJECT / "tests/golden/layers"
    for case in json.loads((folder / "index.json").read_text()):
        if case["model"] == model:
            return case
    sys.exit(f"no golden case of {model}")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name).resolve()
        prefix, built = folder / "prefix", folder / "consumer"
        run("cmake", "--install", BUILD, "--prefix", prefix)
        check_program(prefix)
        check_package(prefix)
        run("cmake", "-S", PROJECT / "tests/consumer", "-B", built, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={sys.argv[3]}",
            f"-DREADME={PROJECT / 'README.md'}", f"-DEXAMPLES={prefix / 'share/hoarfrost/examples'}", "-DCMAKE_BUILD_TYPE=Release")
        run("cmake", "--build", built)
        for model in CASES:
            path = PROJECT / "tests/golden/layers" / model
            case = golden(model)
            print(model, run(built / "answers", path, path.with_suffix(".npz"), folder / "frozen.pb", case["rtol"], case["atol"]).strip())
        shutil.copy(prefix / "share/hoarfrost/examples/cifar10/method2/k_complete_model.h5", folder / "model.h5")
        said = run(built / "readme_example", cwd=folder)
        expect(abs(sum(map(float, said.split())) - 1) < 1e-5 and len(said.split()) == 10, "ten probabilities", said)
        expect((folder / "frozen.pb").exists(), "README's example to write frozen.pb", sorted(folder.iterdir()))
        run(prefix / "bin/hoarfrost", "generate-data", "sign-language", folder, "--examples", 100)
        run(built / "readme_training", cwd=folder)
        said = run(prefix / "bin/hoarfrost", "inspect", folder / "signs.h5")
        expect("Dropout" in said, "README's network in signs.h5", said)


main()
