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

IMPLICIT = {"Functional", "Sequential", "Model"}  # models, which are no layers


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
    items = json.loads((arguments.golden / "index.json").read_text())
    items = items["items"] if isinstance(items, dict) else items
    inside, outside = [], collections.Counter()
    for item in items:
        missing = set(item["layers"]) - supported
        is_old = str(item.get("keras_version", "")).startswith("1.")
        if item["group"] in ("ckpt", "graphs"):
            continue
        if missing or is_old:
            outside.update(missing or {"Keras 1"})
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
