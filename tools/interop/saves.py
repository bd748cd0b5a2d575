#!/usr/bin/env python3
"""What Hoarfrost saves, loaded by Keras 2.15 and Keras 3: it predicts the same and trains on the same as Keras' own file.

usage: saves.py STAGE --resave BIN --work FOLDER GOLDEN_LAYERS          in the virtual environment of the stage's Keras:
    keras2   Keras 2.15's files, saved again as .h5, .json and weights, into Keras 2.15; and Keras 3's models as .h5
    keras3   Keras 2's golden models as .keras into Keras 3; Keras 3's own files saved again; and trainings of the stage
             keras2, gone on with in Keras 3
Closes with 'N passed, N failed'.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np  # noqa: E402

# Keras 3 computes the mask of a Concatenate by an operation that takes the layer's name.
# What Keras 3 on JAX does not load: lookups want TensorFlow, and JAX has no QR decomposition in float16.
REFUSED_BY_KERAS_3 = {"keras_2.15/merge_masks.h5", "keras_2.15/integer_lookup.h5", "keras_2.15/string_lookup.h5", "keras_2.15/string_lookup_invert.h5", "keras_2.15/lookups_large.h5", "keras_2.15/lookups_unknown.h5", "keras_2.15/integer_lookup_large.h5",
                      "keras_2.15/hashing.h5", "keras_2.15/hashed_crossing.h5", "keras_2.15/text_vectorization.h5", "keras_2.15/text_vectorization_ngrams.h5",
                      "keras_2.15/text_vectorization_large.h5",
                      "keras_2.15/dtype_float16_sequence.h5"}
# Loading is all that can be tried: JAX resizes otherwise than TensorFlow at the borders of bicubic pictures, and with whole numbers.
LOADED_BY_KERAS_3 = {"resizing_aspect", "resizing_open_sizes"}

passed = 0
failed = 0


def check(name, work):
    """Counts a case; None from work() is one that does not apply."""
    global passed, failed
    try:
        result = work()
    except Exception as error:  # noqa: BLE001: whatever Keras throws is a failure
        failed += 1
        print(f"FAIL {name}: {type(error).__name__}: {str(error)[:400]}")
        return
    passed += result is not None
    if result is None:
        print(f"not applicable: {name}")


def resave(source, *targets, weights=None):
    """Our copies of a file. False where a format cannot hold the model, which is said, not guessed."""
    for target in targets:
        pathlib.Path(target).unlink(missing_ok=True)
    extra = ["--weights", str(weights)] if weights else []
    done = subprocess.run([options.resave, str(source), *extra, *map(str, targets)], capture_output=True, text=True)
    if done.returncode == 3:
        return False
    if done.returncode != 0 and "is not supported" in done.stderr:
        return False
    assert done.returncode == 0, done.stderr
    return True


def images():
    generator = np.random.default_rng(7)
    return generator.random((12, 6, 4)).astype("float32"), np.eye(3, dtype="float32")[generator.integers(0, 3, 12)]


def network(keras):
    """Every kind of weight: trainable or not, nested, of a cell, frozen."""
    layers = keras.layers
    keras.utils.set_random_seed(3)
    inner = keras.Sequential([keras.Input((6, 4)), layers.Dense(5, activation="relu"), layers.BatchNormalization()], name="inner")
    x = source = keras.Input((6, 4))
    x = inner(x)
    x = layers.Conv1D(4, 3, padding="same", trainable=False)(x)
    x = layers.Bidirectional(layers.LSTM(3))(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.0)(x)
    return keras.Model(source, layers.Dense(3, activation="softmax")(x))


def optimizers(keras):
    o = keras.optimizers
    result = {
        "sgd": o.SGD(0.1),
        "sgd_momentum": o.SGD(0.1, momentum=0.9, nesterov=True),
        "rmsprop": o.RMSprop(0.01),
        "rmsprop_all": o.RMSprop(0.01, momentum=0.9, centered=True),
        "adagrad": o.Adagrad(0.1),
        "adadelta": o.Adadelta(1.0),
        "adam": o.Adam(0.01),
        "adam_amsgrad": o.Adam(0.01, amsgrad=True),
        "adam_decay": o.Adam(o.schedules.InverseTimeDecay(0.01, 1, 0.1)),
        "adam_clipped": o.Adam(0.01, clipnorm=0.1),
        "adamw": o.AdamW(0.01),
        "adamax": o.Adamax(0.01),
        "nadam": o.Nadam(0.01),
        "ftrl": o.Ftrl(0.1),
    }
    if options.stage == "keras2":
        result |= {
            "legacy_sgd": o.legacy.SGD(0.1, momentum=0.9),
            "legacy_adam": o.legacy.Adam(0.01, decay=0.1),
            "legacy_rmsprop": o.legacy.RMSprop(0.01, momentum=0.9),
            "legacy_adamax": o.legacy.Adamax(0.01),
        }
    return result


def predict(model, x):
    return np.asarray(model(x, training=False))


def fit(model, epochs):
    x, y = images()
    if options.stage == "keras2":
        model.run_eagerly = True  # a graph of this network takes longer to make than all the steps
    model.fit(x, y, batch_size=4, epochs=epochs, shuffle=False, verbose=0)
    return model


def same(found, expected, rtol=0.0, atol=0.0):
    assert len(found) == len(expected), (len(found), len(expected))
    for a, b in zip(found, expected):
        if b.dtype.kind == "U":
            assert [x.decode() for x in np.asarray(a).ravel()] == list(b.ravel())
        else:
            np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def as_list(outputs):
    """Keras 3 keeps the structure of a model's outputs: [[sequence, state], other]."""
    outputs = list(outputs.values()) if isinstance(outputs, dict) else outputs
    return [x for item in outputs for x in as_list(item)] if isinstance(outputs, (list, tuple)) else [outputs]


def variables(optimizer):
    found = optimizer.variables
    return [np.asarray(v) for v in (found() if callable(found) else found)]


def trained(keras, folder, ending, compare_optimizer):
    """Keras' file and ours of the same training, gone on with."""
    for name, optimizer in optimizers(keras).items():
        is_rounded = name == "nadam" and ending == ".keras"

        def case():
            model = network(keras)
            loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.1) if name == "adam" else "categorical_crossentropy"
            model.compile(optimizer, loss, metrics=["accuracy"])
            fit(model, 2)
            own, ours = folder / f"{name}{ending}", folder / f"{name}_ours{ending}"
            own.unlink(missing_ok=True)
            model.save(own)
            assert resave(own, ours)
            a, b = keras.models.load_model(own), keras.models.load_model(ours)
            x, _ = images()
            same([predict(b, x)], [predict(a, x)])
            if compare_optimizer and not name.startswith("legacy"):
                # Keras 3 keeps the product of Nadam's momenta, rounded at each step; ours is rounded once.
                same(variables(b.optimizer), variables(a.optimizer), 1e-6 if is_rounded else 0)
                assert b.optimizer.get_config() == a.optimizer.get_config(), (b.optimizer.get_config(), a.optimizer.get_config())
            # The legacy optimizers divide by (1 + decay * iterations) in another order.
            tolerance = 2e-5 if name.startswith("legacy") else 1e-6 if is_rounded else 0
            fit(a, 2), fit(b, 2)
            same(b.get_weights(), a.get_weights(), tolerance, tolerance)
            np.savez(folder / f"{name}_gone_on.npz", *a.get_weights(), predicted=predict(a, x))
            return True
        check(f"{ending[1:]} trained on with {name}", case)


def architecture_and_weights(keras, folder):
    def case():
        model = network(keras)
        own = folder / "plain.h5"
        own.unlink(missing_ok=True)
        model.save(own)
        x, _ = images()
        names = [folder / n for n in ("plain.json", "plain_weights.h5", "plain.weights.h5")]
        assert resave(own, *names)
        for weights in names[1:]:
            again = keras.models.model_from_json(names[0].read_text())
            again.load_weights(weights)
            same([predict(again, x)], [predict(model, x)])
            again = network(keras)
            again.load_weights(weights)
            same(again.get_weights(), model.get_weights())
        return True
    check("json and weights", case)


def unregistered(keras, ending):
    """Layers that Keras 2.15 has and its .h5 reader does not find: it loads its own such files with custom_objects only."""
    if ending != ".h5":
        return None
    from keras.src.applications.convnext import LayerScale
    return {"SpectralNormalization": keras.layers.SpectralNormalization, "LayerScale": LayerScale}


def golden(keras, folder, layers, prefixes, ending):
    """Golden models of another Keras, in this one, against the answers that were recorded."""
    for item in json.loads((layers / "index.json").read_text()):
        source = layers / item["model"]
        if source.name.startswith("cf_") or (ending == ".keras" and source.stem in LOADED_BY_KERAS_3):  # channels_first, which TensorFlow 2.15 does not run on a CPU: loading is all that can be tried
            if item["model"].startswith(tuple(prefixes)) and resave(source, folder / f"{source.stem}{ending}"):
                check(f"{item['model']} as {ending}, loaded", lambda: keras.models.load_model(folder / f"{source.stem}{ending}", compile=False) is not None)
            continue
        if not item["model"].startswith(tuple(prefixes)) or (ending == ".keras" and item["model"] in REFUSED_BY_KERAS_3):
            continue
        def case():
            target = folder / f"{source.parent.name}_{source.stem}_saved{ending}"
            if not resave(source, target):
                return None
            model = keras.models.load_model(target, compile=False, custom_objects=unregistered(keras, ending))
            data = np.load(layers / item["answers"])
            inputs = [data[f"in{i}"] for i in range(len([k for k in data.files if k.startswith("in")]))]
            outputs = as_list(model(inputs if len(inputs) > 1 else inputs[0], training=False))
            expected = [data[f"out{i}"] for i in range(len([k for k in data.files if k.startswith("out")]))]
            same(outputs, expected, item["rtol"], item["atol"])
            return True
        check(f"{item['model']} as {ending}", case)


def gone_on_elsewhere(keras, folder):
    """Keras 2.15's trainings in Keras 3: the same state goes on to the same weights."""
    for name in ("sgd", "sgd_momentum", "rmsprop_all", "adam_amsgrad", "adam_decay", "adamax", "nadam", "ftrl", "legacy_adam"):
        own, expected = folder / f"{name}.h5", folder / f"{name}_gone_on.npz"

        def case():
            target = folder / f"{own.stem}_from_keras2.keras"
            assert resave(own, target)
            model = keras.models.load_model(target)
            x, _ = images()
            fit(model, 2)
            same([predict(model, x)], [np.load(expected)["predicted"]], 2e-3, 2e-4)
            return True
        check(f"{own.stem}: Keras 2.15's training in Keras 3", case)


def main():
    if options.stage == "keras2":
        from tensorflow import keras
        folder = options.work / "keras2"
        folder.mkdir(parents=True, exist_ok=True)
        trained(keras, folder, ".h5", True)
        architecture_and_weights(keras, folder)
        golden(keras, folder, options.golden, ["keras_3.15/", "keras_2.0.8/", "keras_2.2.4/", "keras_2.3.1/"], ".h5")
    else:
        import keras
        folder = options.work / "keras3"
        folder.mkdir(parents=True, exist_ok=True)
        trained(keras, folder, ".keras", True)
        golden(keras, folder, options.golden, ["keras_2.15/", "keras_2.3.1/"], ".keras")
        gone_on_elsewhere(keras, options.work / "keras2")
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=["keras2", "keras3"])
    parser.add_argument("--resave", required=True, help="the program tests/resave.cpp")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("golden", type=pathlib.Path, help="tests/golden/layers")
    options = parser.parse_args()
    sys.exit(main())
