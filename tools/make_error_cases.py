#!/usr/bin/env python3
"""Makes tests/errors/files: HDF5 files that are broken on purpose, each from a small model that Keras wrote.

usage: make_error_cases.py          (needs h5py and numpy; the files are in git, so that the tests need neither)

Broken text and broken bytes need no file of their own: the cases themselves hold the text, the cut or the patch
(tests/errors_test.py).
"""
import json
import pathlib
import shutil
import sys

import h5py
import numpy as np

TESTS = pathlib.Path(__file__).resolve().parent.parent / "tests"
GOLDEN = TESTS / "golden"
FILES = TESTS / "errors/files"
MODEL = GOLDEN / "layers/keras_2.15/compiled_adam.h5"  # input [?, 5], dense (6, relu), dense_1 (3, softmax)
KERNEL = "model_weights/dense_1/dense_1/kernel:0"


def edited(name, edit):
    """A copy of MODEL without its optimizer, changed by edit(file)."""
    source = FILES / "source.tmp"
    with h5py.File(MODEL) as old, h5py.File(source, "w", track_order=False) as new:
        for key in ("backend", "keras_version", "model_config"):
            new.attrs[key] = old.attrs[key]
        old.copy("model_weights", new)
        edit(new)
    with h5py.File(source) as old, h5py.File(FILES / name, "w") as new:  # a second copy leaves no unused space behind
        for key, value in old.attrs.items():
            new.attrs[key] = value
        for key in old:
            old.copy(key, new)
    source.unlink()


def replace(file, path, values):
    del file[path]
    if values is not None:
        file[path] = values


def change_config(file, change):
    config = json.loads(file.attrs["model_config"])
    change(config)
    file.attrs["model_config"] = json.dumps(config)


def rename_class(file, class_name, registered_name=None):
    def change(config):
        layer = config["config"]["layers"][1]
        layer["class_name"] = class_name
        if registered_name:
            layer["registered_name"] = registered_name

    change_config(file, change)


def with_nan(values, value):
    values = np.array(values)
    values[2, 1] = value
    return values


def make_over_2_gib():
    """The head of a file with one contiguous kernel of 2.3 GB: the player of the cases extends it, without using the disk."""
    n = 24000
    whole = FILES / "whole.tmp"
    dense = {"class_name": "Dense", "config": {"name": "dense", "units": n, "activation": "linear", "use_bias": False, "batch_input_shape": [None, n]}}
    with h5py.File(whole, "w", meta_block_size=1 << 14) as file:  # all that describes the values stands before them
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"name": "sequential", "layers": [dense]}})
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = ["dense"]
        group = weights.create_group("dense")
        group.attrs["weight_names"] = ["dense/kernel:0"]
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        creation.set_obj_track_times(False)  # the same bytes at every run
        creation.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        space = h5py.h5s.create_simple((n, n))
        inner = group.create_group("dense")
        dataset = h5py.h5d.create(inner.id, b"kernel:0", h5py.h5t.IEEE_F32LE, space, creation)
        offset = dataset.get_offset()
    size = whole.stat().st_size
    assert offset + 4 * n * n <= size, (offset, size)
    with open(whole, "rb") as file:
        head = file.read(offset)
        file.seek(offset + 4 * n * n)
        assert not file.read().strip(b"\0"), "something stands behind the values"
    (FILES / "over_2_gib_head.h5").write_bytes(head)
    whole.unlink()
    return size


def main():
    FILES.mkdir(parents=True, exist_ok=True)
    edited("missing_weight.h5", lambda f: replace(f, KERNEL, None))
    edited("wrong_shape.h5", lambda f: replace(f, KERNEL, np.zeros((6, 4), np.float32)))
    edited("integer_kernel.h5", lambda f: replace(f, KERNEL, np.ones((6, 3), np.int32)))
    edited("text_kernel.h5", lambda f: replace(f, KERNEL, np.full((6, 3), b"0.5", "S3")))
    edited("nan_kernel.h5", lambda f: replace(f, KERNEL, with_nan(f[KERNEL], np.nan)))
    edited("infinite_kernel.h5", lambda f: replace(f, KERNEL, with_nan(f[KERNEL], np.inf)))
    edited("unknown_layer.h5", lambda f: rename_class(f, "CapsuleLength"))
    edited("custom_object.h5", lambda f: rename_class(f, "my_package>Squash", "my_package>Squash"))
    edited("no_config.h5", lambda f: f.attrs.pop("model_config"))
    edited("config_cut_short.h5", lambda f: f.attrs.__setitem__("model_config", f.attrs["model_config"][:700]))
    edited("group_missing.h5", lambda f: replace(f, "model_weights/dense_1", None))
    print("over_2_gib_head.h5 stands for a file of", make_over_2_gib(), "bytes")


main()
