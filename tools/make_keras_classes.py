#!/usr/bin/env python3
"""Writes src/keras/builder/classes.inc: what Keras 2.15's layers, initializers, regularizers and constraints are like when
nobody says otherwise, so that the builder (include/hoarfrost/builder.h) writes the configurations that Keras itself writes.

usage: make_keras_classes.py [CLASSES]          (needs TensorFlow 2.15; the file is committed)

One line per class: {"class_name", "kind", "aliases", "arguments" (those of the constructor, in order), "required" (how many of
them have no default), "float32" (which of them Keras rounds to float32), "config"}. Required arguments have an example's
value in "config", which shows their form: [3, 3] stands for a number or a pair.
"""
import inspect
import json
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
import tensorflow as tf
from keras.src.saving import serialization_lib

L = tf.keras.layers
V1 = tf.compat.v1.keras.layers

# Values for arguments that have no default.
EXAMPLES = {"units": 2, "filters": 2, "input_dim": 3, "output_dim": 2, "rate": 0.5, "stddev": 0.5, "activation": "relu", "axes": 1, "num_heads": 2, "key_dim": 2, "n": 2,
            "dims": [2, 1], "target_shape": [2, 1], "scale": 2.0, "equation": "ab,bc->ac", "output_shape": 2, "factor": 0.2, "height_factor": 0.2, "width_factor": 0.2,
            "height": 2, "width": 2}
AXES = {"1D": 1, "2D": 2, "3D": 3}
# Composite arguments, whose forms the builder knows itself.
MADE = {"Bidirectional": lambda: L.Bidirectional(L.LSTM(2)), "TimeDistributed": lambda: L.TimeDistributed(L.Dense(2)), "RNN": lambda: L.RNN(L.LSTMCell(2)),
        "StackedRNNCells": lambda: L.StackedRNNCells([L.LSTMCell(2)]), "SpectralNormalization": lambda: L.SpectralNormalization(L.Dense(2)),
        "Normalization": lambda: L.Normalization(), "Discretization": lambda: L.Discretization(bin_boundaries=[1.0]), "CategoryEncoding": lambda: L.CategoryEncoding(num_tokens=4),
        "IntegerLookup": lambda: L.IntegerLookup(), "StringLookup": lambda: L.StringLookup(),
        "Hashing": lambda: L.Hashing(num_bins=4), "HashedCrossing": lambda: L.HashedCrossing(num_bins=4), "TextVectorization": lambda: L.TextVectorization()}
ABSTRACT = {"AbstractRNNCell", "Layer", "Wrapper", "Lambda", "DenseFeatures", "InputLayer"}


def arguments_of(cls):
    names, required = [], 0
    for name, parameter in list(inspect.signature(cls.__init__).parameters.items())[1:]:
        if parameter.kind == inspect.Parameter.POSITIONAL_OR_KEYWORD:
            names.append(name)
            required += parameter.default is inspect.Parameter.empty
    return names, required


def make(cls):
    if cls.__name__ in MADE:
        return MADE[cls.__name__]()
    names, required = arguments_of(cls)
    values = []
    for name in names[:required]:
        n = next((n for ending, n in AXES.items() if ending in cls.__name__), None)
        values.append(EXAMPLES[name] if name != "kernel_size" else [3] * n)
    return cls(*values)


def float32_arguments(cls, names, required, config):
    """Those that come back from 0.1 as float32 has it."""
    result = []
    for name in names:
        if not isinstance(config.get(name), (int, float)) or isinstance(config[name], bool):
            continue
        try:
            value = cls(*[config[n] for n in names[:required] if n != name], **{name: 0.1}).get_config()[name]
        except Exception:
            continue  # it takes no such number
        if value != 0.1 and abs(value - 0.1) < 1e-6:
            result.append(name)
    return result


def row(obj, kind, aliases=()):
    cls = type(obj)
    serialized = serialization_lib.serialize_keras_object(obj)
    assert serialized["module"] in (f"keras.{kind}s", "keras.layers.experimental") and serialized["registered_name"] is None, serialized
    names, required = arguments_of(cls)
    config = json.loads(json.dumps(serialized["config"]))  # before it is built: some layers then say what they found
    if kind == "layer":
        config.pop("name")
    result = {"class_name": serialized["class_name"], "kind": kind}
    for key, value in (("aliases", list(aliases)), ("arguments", names), ("required", required), ("float32", float32_arguments(cls, names, required, config))):
        if value:
            result[key] = value
    return {**result, "config": config}


def layers():
    seen = {}
    for module in (L, L.experimental, V1):
        for name in dir(module):
            cls = getattr(module, name)
            if not inspect.isclass(cls) or not issubclass(cls, L.Layer) or cls.__name__ in ABSTRACT or name in ABSTRACT:
                continue
            if module is V1 and not name.startswith("CuDNN") or module is L.experimental and name != "SyncBatchNormalization":
                continue
            seen.setdefault(cls.__name__ if module is not V1 else name, (cls, []))[1].append(name)
    for name, (cls, names) in seen.items():
        yield row(make(cls), "layer", [alias for alias in names if alias != name])


def objects(kind, module):
    """The classes of keras.initializers and the like, with the names by which get() finds them."""
    seen = {}
    for name in dir(module):
        found = getattr(module, name)
        if name.startswith("_") or name in ("get", "serialize", "deserialize", "Initializer", "Regularizer", "Constraint", "experimental") or inspect.ismodule(found):
            continue
        obj = module.get(name)
        seen.setdefault(type(obj).__name__, (obj, []))[1].append(name)
    for name in ("uniform", "normal", "one", "zero") if kind == "initializer" else ():  # known to get() alone
        seen[type(module.get(name)).__name__][1].append(name)
    for name, (obj, names) in seen.items():
        yield row(obj, kind, sorted(n for n in names if n != name))


def main():
    default = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src", "keras", "builder", "classes.inc")
    rows = [*layers(), *objects("initializer", tf.keras.initializers), *objects("regularizer", tf.keras.regularizers), *objects("constraint", tf.keras.constraints)]
    with open(sys.argv[1] if len(sys.argv) > 1 else default, "w") as file:
        file.write('R"json([\n' + ",\n".join(json.dumps(row) for row in rows) + '\n])json"\n')


if __name__ == "__main__":
    main()
