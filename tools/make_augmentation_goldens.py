#!/usr/bin/env python3
"""Asks real Keras (2.15, with SciPy 1.11 and Pillow 10) what ImageDataGenerator.apply_transform makes of pictures:
tests/golden/training/augmentation.json.

usage: make_augmentation_goldens.py TESTS_FOLDER/golden/training/augmentation.json
"""
import json
import sys

import numpy as np
from keras.preprocessing.image import ImageDataGenerator

NOTHING = {"theta": 0, "tx": 0, "ty": 0, "shear": 0, "zx": 1, "zy": 1, "flip_horizontal": False, "flip_vertical": False,
           "channel_shift_intensity": None, "brightness": None}
CHANGES = [
    {"theta": 20}, {"theta": -137.5}, {"theta": 90}, {"tx": 1}, {"tx": -1.5, "ty": 2.25}, {"tx": 9, "ty": -20.5}, {"shear": 15},
    {"zx": 0.7, "zy": 1.4}, {"zx": 1.9, "zy": 1.9}, {"theta": 33, "tx": 0.8, "ty": -1.7, "shear": -12, "zx": 1.3, "zy": 0.9},
    {"flip_horizontal": True}, {"flip_vertical": True}, {"channel_shift_intensity": 40.5}, {"channel_shift_intensity": -90},
    {"brightness": 0.37}, {"brightness": 1.6},
    {"theta": 10, "tx": 0.5, "flip_horizontal": True, "flip_vertical": True, "channel_shift_intensity": 12, "brightness": 1.2},
]


def main():
    random = np.random.RandomState(5)
    pictures = [random.randint(0, 256, (7, 5, 3)).astype("float32"), (random.randn(4, 6, 1) * 200).round(2).astype("float32")]
    cases = []
    for index, picture in enumerate(pictures):
        for mode in ("nearest", "constant", "reflect", "wrap"):
            generator = ImageDataGenerator(fill_mode=mode, cval=17.5)
            for change in CHANGES:
                moves = any(key in change for key in ("theta", "tx", "ty", "shear", "zx"))
                if mode != "nearest" and not moves:
                    continue
                values = generator.apply_transform(picture.copy(), {**NOTHING, **change})
                cases.append({"picture": index, "fill_mode": mode, "change": change,
                              "values": [round(float(v), 4) for v in np.asarray(values).ravel()]})
    result = {"cval": 17.5, "pictures": [{"shape": list(p.shape), "values": [round(float(v), 4) for v in p.ravel()]} for p in pictures],
              "cases": cases}
    with open(sys.argv[1], "w") as file:
        file.write(json.dumps(result) + "\n")


main()
