#!/usr/bin/env python3
"""Which ops and attributes releases of TensorFlow have, read out of their packages, and whether src/targets/op_history.def says so.

usage: list_tensorflow_ops.py [-o OPS.json] RELEASE=PACKAGE.whl… [2=installed]        prints what differs

A package's gen_*_ops.py files carry an OpList, as a string; `installed` is the TensorFlow that runs this. The packages:
    pip download --no-deps --only-binary=:all: --python-version 3.6 --implementation cp --abi cp36m --platform manylinux1_x86_64 tensorflow==1.4.0
    the same with tensorflow==1.12.0; with --python-version 3.7 --abi cp37m --platform manylinux2010_x86_64 tensorflow-cpu==1.15.0
"""
import argparse
import ast
import json
import os
import pathlib
import re
import sys
import zipfile

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
from tensorflow.core.framework import op_def_pb2

HISTORY = pathlib.Path(__file__).parent.parent / "src/targets/op_history.def"


def ops_of_package(path):
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            found = re.search(rb'_InitOpDefLibrary\(b("[^\n]*")\)', package.read(name)) if re.search(r"gen_\w*ops\w*\.py$", name) else None
            if found:
                yield from op_def_pb2.OpList.FromString(ast.literal_eval("b" + found[1].decode())).op


def ops_installed():
    from tensorflow.python.client import pywrap_tf_session as session
    return op_def_pb2.OpList.FromString(session.TF_GetBuffer(session.TF_GetAllOpList())).op


def history():
    """Op to its first release and its newer attributes' releases, as the project has them."""
    for op, since, newer in re.findall(r'HOARFROST_OP\((\w+), k(\w+), "(.*)"\)', HISTORY.read_text()):
        yield op, since.replace("_", "."), {word.split(":")[0]: word.split(":")[1] for word in newer.split()}


def differences(releases):
    for op, since, newer in history():
        first = next((release for release, ops in releases.items() if op in ops), None)
        if first != since:
            yield f"{op} is said to be of {since}; the packages have it since {first}"
            continue
        attributes = {a: next(release for release, ops in releases.items() if a in ops.get(op, [])) for a in list(releases.values())[-1].get(op, [])}
        true = {a: release for a, release in attributes.items() if release != first}
        if newer != true:
            yield f"{op}: newer attributes are said to be {newer}, the packages have {true}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=pathlib.Path)
    parser.add_argument("packages", nargs="+", metavar="RELEASE=PACKAGE")
    arguments = parser.parse_args()
    releases = {}
    for package in arguments.packages:
        release, path = package.split("=", 1)
        found = ops_installed() if path == "installed" else ops_of_package(path)
        releases[release] = {op.name: [a.name for a in op.attr] for op in found}
    if arguments.output:
        arguments.output.write_text(json.dumps(releases))
    wrong = list(differences(releases))
    print("\n".join(wrong) if wrong else f"{len(list(history()))} ops are as the packages have them")
    sys.exit(bool(wrong))


main()
