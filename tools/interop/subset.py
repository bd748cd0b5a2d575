#!/usr/bin/env python3
"""Writes an index of the golden cases whose layers Hoarfrost supports, beside links to their files.

usage: subset.py --hoarfrost BIN GOLDEN_FOLDER OUTPUT_FOLDER

The supported layers are what `hoarfrost layers --json` says. Prints how many cases are in and which layers keep others out.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import zipfile

IMPLICIT = {"Functional", "Sequential", "Model"}  # models, which are no layers


def operations(config):
    """Keras 3's operations called like layers (x * 2, ops.mean): the index names layers alone."""
    if isinstance(config, dict):
        if str(config.get("module", "")).startswith("keras.src.ops"):
            yield f"ops.{config['class_name']}"
        for value in config.values():
            yield from operations(value)
    elif isinstance(config, list):
        for value in config:
            yield from operations(value)


def operations_of(item, golden):
    archives = [golden / file for file in item["files"] if file.endswith(".keras")]
    if item["group"] != "keras3" or not archives:
        return set()
    with zipfile.ZipFile(archives[0]) as archive:
        return set(operations(json.loads(archive.read("config.json"))))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hoarfrost", required=True)
    parser.add_argument("golden", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    arguments = parser.parse_args()
    listing = json.loads(subprocess.run([arguments.hoarfrost, "layers", "--json"], capture_output=True, text=True, check=True).stdout)
    supported = set(IMPLICIT)
    for layer in listing["layers"]:
        supported |= {layer["name"], *layer["aliases"]}
    supported |= {f"ops.{operation.split(' ')[0]}" for operation in listing["operations"]}
    items = json.loads((arguments.golden / "index.json").read_text())
    items = items["items"] if isinstance(items, dict) else items
    inside, outside = [], collections.Counter()
    for item in items:
        if item["group"] in ("ckpt", "graphs"):
            continue
        missing = (set(item["layers"]) - supported) | (operations_of(item, arguments.golden) - supported)
        if missing:
            outside.update(missing)
        else:
            inside.append(item)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for folder in arguments.golden.iterdir():
        link = arguments.output / folder.name
        if folder.is_dir() and not link.is_symlink():
            link.symlink_to(folder.resolve())
    (arguments.output / "index.json").write_text(json.dumps(inside))
    print(f"{len(inside)} of {len(items)} golden cases have only supported layers; the others need", dict(outside.most_common()))


main()
