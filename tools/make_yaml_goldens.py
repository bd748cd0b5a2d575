#!/usr/bin/env python3
"""Keras' old YAML of architectures that lie here as JSON: PyYAML's dump of the same configuration, as model.to_yaml() of Keras 0.3 to 2.5
wrote it, tuples and all.

usage: make_yaml_goldens.py      (needs PyYAML; writes tests/golden/keras/*.yaml)
"""
import json
import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
TUPLES = {"batch_input_shape", "kernel_size", "strides", "pool_size", "dilation_rate", "padding", "target_shape"}  # in get_config()
CASES = {"k224_cifar10": "examples/cifar10_keras_2.2.4/method3/k_model_architecture.json",
         "k224_sign_language": "examples/sign_language_keras_2.2.4/method3/k_model_architecture.json",
         "weights_words": "tests/golden/keras/weights_words.json"}


def with_tuples(value, key=""):
    if isinstance(value, dict):
        return {name: with_tuples(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        values = [with_tuples(inner) for inner in value]
        return tuple(values) if key in TUPLES else values
    return value


for name, source in CASES.items():
    text = yaml.dump(with_tuples(json.loads((ROOT / source).read_text())))
    (ROOT / f"tests/golden/keras/{name}.yaml").write_text(text)
    print(f"{name}.yaml, {len(text)} bytes, from {source}")
