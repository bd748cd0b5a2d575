#!/usr/bin/env python3
"""TensorFlow.js' layers models, made of Keras 2.15's by tensorflowjs' own converter, with Keras' answers: tests/golden/layers/tensorflow_js,
and their lines in its index.json.

usage: make_tensorflow_js_goldens.py TENSORFLOWJS_FOLDER      (needs tensorflow-cpu==2.15.1; the folder of `pip install --no-deps
                                                               tensorflowjs`, whose other parts want more packages)

Files are cut into shards of 1000 bytes. `quantized` has weights of uint8, uint16 and float16, and Keras' answers with the weights that these
stand for. `saved_in_javascript` has its weights in the order of tf.LayersModel.save(), trainable ones of all layers before the others.
"""
import importlib
import json
import os
import pathlib
import shutil
import sys
import tempfile
import types

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
import numpy as np
from tensorflow import keras

ROOT = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/layers/tensorflow_js"
L = keras.layers


def converter(folder):
    """tensorflowjs.converters.keras_h5_conversion without what its package imports besides."""
    for name, path in (("tensorflowjs", folder), ("tensorflowjs.converters", folder / "converters")):
        package = types.ModuleType(name)
        package.__path__ = [str(path)]
        sys.modules[name] = package
    return importlib.import_module("tensorflowjs.converters.keras_h5_conversion")


def nested():
    features = keras.Sequential([L.Conv2D(4, 3, padding="same", use_bias=False, input_shape=(8, 8, 3)), L.BatchNormalization(), L.ReLU(), L.GlobalAveragePooling2D()])
    return keras.Sequential([keras.Sequential([features]), keras.Sequential([L.Dense(5, activation="relu", input_shape=(4,)), L.Dense(3, activation="softmax", use_bias=False)])]), (8, 8, 3)


def recurrent():
    x = keras.Input((6, 5))
    y = L.Bidirectional(L.LSTM(4, return_sequences=True))(x)
    y = L.LayerNormalization()(L.GRU(3)(y))
    return keras.Model(x, L.Dense(2)(y)), (6, 5)


def picture():
    x = keras.Input((8, 8, 3))
    y = L.SeparableConv2D(6, 3, activation="relu")(x)
    y = L.BatchNormalization()(y)
    y = L.Conv2DTranspose(4, 3, strides=2)(y)
    return keras.Model(x, L.Dense(3, activation="softmax")(L.Flatten()(y))), (8, 8, 3)


def javascript_order(model, folder):
    """The same weights, in the order that TensorFlow.js saves them."""
    path = folder / "model.json"
    text = json.loads(path.read_text())
    weights = {weight.name.removesuffix(":0"): weight.numpy() for weight in model.weights}
    entries = {entry["name"]: entry for group in text["weightsManifest"] for entry in group["weights"]}
    order = [weight.name.removesuffix(":0") for weight in model.trainable_weights + model.non_trainable_weights]
    for old in folder.glob("group*"):
        old.unlink()
    (folder / "weights.bin").write_bytes(b"".join(weights[name].tobytes() for name in order))
    text["weightsManifest"] = [{"paths": ["weights.bin"], "weights": [entries[name] for name in order]}]
    path.write_text(json.dumps(text))


def dequantize(model, folder):
    """Gives the Keras model the weights that the file's numbers stand for: q · scale + min."""
    text = json.loads((folder / "model.json").read_text())
    named = {weight.name.removesuffix(":0"): weight for weight in model.weights}
    for group in text["weightsManifest"]:
        data, at = b"".join((folder / path).read_bytes() for path in group["paths"]), 0
        for entry in group["weights"]:
            how = entry.get("quantization", {"dtype": entry["dtype"]})
            numbers = np.frombuffer(data, how["dtype"], int(np.prod(entry["shape"])), at).reshape(entry["shape"])
            at += numbers.nbytes
            value = numbers * how["scale"] + how["min"] if "scale" in how else numbers
            named[entry["name"]].assign(value.astype("float32"))


def make(name, build, number, module, quantization=None):
    keras.backend.clear_session()
    random = np.random.RandomState(2100 + number)
    model, shape = build()
    for weight in model.weights:
        weight.assign(random.uniform(0.5, 1.5, weight.shape) if "variance" in weight.name else random.normal(0, 0.4, weight.shape))
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        model.save(temporary + "/model.h5")
        topology, groups = module.h5_merged_saved_model_to_tfjs_format(temporary + "/model.h5")
        module.write_artifacts(topology, groups, str(folder), quantization, weight_shard_size_bytes=1000)
    if name == "saved_in_javascript":
        javascript_order(model, folder)
    if quantization:
        dequantize(model, folder)
    x = random.normal(0, 1, (3, *shape)).astype("float32")
    np.savez_compressed(ROOT / f"{name}.npz", in0=x, out0=model(x, training=False).numpy())
    print(name, sum(1 for _ in folder.iterdir()), "files")
    classes = sorted({layer.__class__.__name__ for layer in model._flatten_layers(include_self=False)} - {"Sequential", "LSTMCell", "GRUCell"})
    return {"model": f"tensorflow_js/{name}/model.json", "answers": f"tensorflow_js/{name}.npz", "layers": classes, "rtol": 1e-4, "atol": 1e-5}


def main():
    module = converter(pathlib.Path(sys.argv[1]))
    module.common.get_converted_by = lambda: "TensorFlow.js Converter"
    made = [make("nested", nested, 0, module), make("recurrent", recurrent, 1, module), make("saved_in_javascript", picture, 2, module),
            make("quantized", picture, 3, module, {"uint8": "separable*", "uint16": "conv2d_transpose/kernel", "float16": "dense*"})]
    index = ROOT.parent / "index.json"
    entries = [entry for entry in json.loads(index.read_text()) if not entry["model"].startswith("tensorflow_js/")] + made
    index.write_text("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n")


main()
