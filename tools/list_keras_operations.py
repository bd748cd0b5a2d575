#!/usr/bin/env python3
"""Writes the names of all Operation classes of keras.ops into tests/golden/keras/operation_classes.json. Run it with Keras 3.15.

A test fails for a class that `hoarfrost layers` does not speak of.
"""
import importlib
import inspect
import json
import os
import pkgutil

os.environ.setdefault('KERAS_BACKEND', 'jax')
import keras
import keras.src.ops
from keras.src.ops.operation import Operation

FIXTURE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'tests', 'golden', 'keras', 'operation_classes.json')

names = set()
for module in pkgutil.iter_modules(keras.src.ops.__path__):
    module = importlib.import_module('keras.src.ops.' + module.name)
    for name, value in vars(module).items():
        if inspect.isclass(value) and issubclass(value, Operation) and value is not Operation and value.__module__ == module.__name__:
            names.add(name)
with open(FIXTURE, 'w') as file:
    json.dump({keras.__version__: sorted(names)}, file, indent=1)
    file.write('\n')
