#!/usr/bin/env python3
"""Writes the names of all layer classes of the Keras that it runs under into tests/golden/keras/layer_classes.json, under its version.

Run it with Keras 1.2.2 (Python 3.6; KERAS_BACKEND=theano or tensorflow), with TensorFlow 2.15's and with Keras 3.15 once each.
A test fails for a class that `hoarfrost layers` does not speak of.
"""
import json
import os

os.environ.setdefault('KERAS_BACKEND', 'tensorflow')
try:
    import keras
    if keras.__version__.startswith('2.'):
        raise ImportError
except ImportError:
    from tensorflow import keras

FIXTURE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'tests', 'golden', 'keras', 'layer_classes.json')


def layer_class():
    if hasattr(keras.layers, 'Layer'):
        return keras.layers.Layer
    from keras.engine.topology import Layer
    return Layer


def main():
    places = [keras.layers]
    for name in ('experimental', 'experimental.preprocessing'):
        place = keras.layers
        for part in name.split('.'):
            place = getattr(place, part, None)
        if place is not None:
            places.append(place)
    version = getattr(keras, '__version__', None)
    if version is None:  # TensorFlow's own
        import tensorflow
        version = '2.15.0'
        assert tensorflow.__version__.startswith('2.15.')
        places.append(tensorflow.compat.v1.keras.layers)
    base = layer_class()
    names = set()
    for place in places:
        for name in dir(place):
            value = getattr(place, name)
            if isinstance(value, type) and issubclass(value, base) and not name.startswith('_'):
                names.add(name)
    lists = json.load(open(FIXTURE)) if os.path.exists(FIXTURE) else {}
    lists[version] = sorted(names)
    with open(FIXTURE, 'w') as file:
        json.dump({key: lists[key] for key in sorted(lists)}, file, indent=1)
        file.write('\n')


main()
