#!/usr/bin/env python3
"""Writes tests/golden/training/*.json: what real Keras 2.15 computes for optimizers, losses, metrics and a whole training.

usage: make_training_goldens.py [FOLDER]          (needs TensorFlow 2.15; the files are committed)

optimizers.json  {"weights": [numbers], "gradients": [20 × numbers], "cases": [{"config", "steps": [20 × weights]}]}
losses.json      [{"class_name", "config", "y_true", "y_pred", "shape", "value"}], value being the mean over the batch
metrics.json     [{"name", "y_true", "y_pred", "shape", "value"}]
curve_start.h5   a small compiled network before training
curve.json       {"batch_size", "x_shape", "x", "labels", "losses": [of each of the first 200 steps, 40 epochs in order]}
"""
import json
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
import numpy as np
import tensorflow as tf

keras = tf.keras
RANDOM = np.random.RandomState(3)


def listed(array):
    return [float("%.9g" % x) for x in np.asarray(array, np.float32).ravel()]


def optimizers():
    o = keras.optimizers
    schedules = o.schedules
    cases = [o.SGD(0.05), o.SGD(0.05, momentum=0.9), o.SGD(0.05, momentum=0.9, nesterov=True), o.RMSprop(0.01), o.RMSprop(0.01, momentum=0.5, centered=True),
             o.Adagrad(0.05), o.Adadelta(0.5), o.Adam(0.01), o.Adam(0.01, amsgrad=True, epsilon=1e-4), o.AdamW(0.01, weight_decay=0.01), o.Adamax(0.01),
             o.Nadam(0.01), o.Ftrl(0.05, l1_regularization_strength=0.01, l2_regularization_strength=0.02), o.SGD(0.05, clipnorm=0.5),
             o.SGD(0.05, clipvalue=0.3), o.SGD(0.05, global_clipnorm=0.5), o.SGD(schedules.InverseTimeDecay(0.05, 1, 0.1)),
             o.SGD(schedules.ExponentialDecay(0.05, 5, 0.8, staircase=True)), o.SGD(schedules.PiecewiseConstantDecay([4, 9], [0.1, 0.05, 0.01])),
             o.SGD(schedules.PolynomialDecay(0.1, 12, 0.01, power=2.0)), o.SGD(schedules.CosineDecay(0.1, 15, alpha=0.1)),
             o.SGD(schedules.CosineDecay(0.01, 10, alpha=0.1, warmup_target=0.1, warmup_steps=5))]
    weights = RANDOM.uniform(-1, 1, 6).astype(np.float32)
    gradients = RANDOM.normal(0, 0.7, (20, 6)).astype(np.float32)
    made = []
    for optimizer in cases:
        a, b = tf.Variable(weights[:4].reshape(2, 2)), tf.Variable(weights[4:])
        optimizer.build([a, b])
        steps = []
        for g in gradients:
            optimizer.apply_gradients([(tf.constant(g[:4].reshape(2, 2)), a), (tf.constant(g[4:]), b)])
            steps.append(listed(np.concatenate([a.numpy().ravel(), b.numpy()])))
        made.append({"config": json.loads(json.dumps(keras.optimizers.serialize(optimizer), default=float)), "steps": steps})
    return {"weights": listed(weights), "gradients": [listed(g) for g in gradients], "cases": made}


def losses():
    n, c = 5, 4
    logits = RANDOM.normal(0, 1.5, (n, c)).astype(np.float32)
    probabilities = tf.nn.softmax(logits).numpy()
    unnormalized = RANDOM.uniform(0.1, 1, (n, c)).astype(np.float32)
    onehot = np.eye(c, dtype=np.float32)[RANDOM.randint(0, c, n)]
    binary = RANDOM.randint(0, 2, (n, c)).astype(np.float32)
    real = RANDOM.normal(0, 1.5, (n, c)).astype(np.float32)
    sparse = RANDOM.randint(0, c, (n,)).astype(np.float32)
    k = keras.losses
    cases = [(k.CategoricalCrossentropy(), onehot, probabilities), (k.CategoricalCrossentropy(), onehot, unnormalized),
             (k.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), onehot, logits), (k.SparseCategoricalCrossentropy(), sparse, probabilities),
             (k.SparseCategoricalCrossentropy(from_logits=True), sparse, logits), (k.BinaryCrossentropy(), binary, unnormalized * 0.9),
             (k.BinaryCrossentropy(from_logits=True, label_smoothing=0.2), binary, logits), (k.MeanSquaredError(), real, logits),
             (k.MeanAbsoluteError(), real, logits), (k.MeanAbsolutePercentageError(), real, logits),
             (k.MeanSquaredLogarithmicError(), unnormalized, probabilities), (k.Huber(), real, logits), (k.Huber(delta=0.3), real, logits),
             (k.Hinge(), binary, logits), (k.SquaredHinge(), binary, logits), (k.CategoricalHinge(), onehot, logits), (k.KLDivergence(), probabilities, unnormalized),
             (k.Poisson(), unnormalized, probabilities), (k.CosineSimilarity(), real, logits), (k.LogCosh(), real, logits)]
    return [{"class_name": type(loss).__name__, "config": json.loads(json.dumps(loss.get_config())), "y_true": listed(t), "y_pred": listed(p),
             "true_shape": list(t.shape), "shape": list(p.shape), "value": float(loss(t, p))} for loss, t, p in cases]


def metrics():
    n, c = 12, 4
    p = tf.nn.softmax(RANDOM.normal(0, 1.5, (n, c)).astype(np.float32)).numpy()
    sparse = RANDOM.randint(0, c, (n, 1)).astype(np.float32)
    onehot = np.eye(c, dtype=np.float32)[sparse[:, 0].astype(int)]
    one = RANDOM.uniform(0, 1, (n, 1)).astype(np.float32)
    binary = RANDOM.randint(0, 2, (n, 1)).astype(np.float32)
    m = keras.metrics
    cases = [("categorical_accuracy", m.CategoricalAccuracy(), onehot, p), ("sparse_categorical_accuracy", m.SparseCategoricalAccuracy(), sparse, p),
             ("binary_accuracy", m.BinaryAccuracy(), binary, one), ("top_k_categorical_accuracy", m.TopKCategoricalAccuracy(k=5), onehot, p),
             ("sparse_top_k_categorical_accuracy", m.SparseTopKCategoricalAccuracy(k=2), sparse, p), ("AUC", m.AUC(), binary, one),
             ("Precision", m.Precision(), binary, one), ("Recall", m.Recall(), binary, one), ("mae", m.MeanAbsoluteError(), onehot, p),
             ("mse", m.MeanSquaredError(), onehot, p)]
    made = []
    for name, metric, t, y in cases:
        metric.update_state(t, y)
        made.append({"name": name, "y_true": listed(t), "y_pred": listed(y), "true_shape": list(t.shape), "shape": list(y.shape), "value": float(metric.result())})
    return made


def curve(folder):
    keras.utils.set_random_seed(5)
    random = np.random.RandomState(5)
    l = keras.layers
    image = l.Input((8, 8, 2))
    y = l.Conv2D(6, 3, padding="same", activation="relu")(image)
    y = l.BatchNormalization()(y)
    y = l.MaxPooling2D(2)(y)
    y = l.Conv2D(8, 3, activation="relu", kernel_regularizer=keras.regularizers.l2(0.01))(y)
    y = l.BatchNormalization()(y)
    model = keras.Model(image, l.Dense(5, activation="softmax")(l.Flatten()(y)))
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
    model.save(os.path.join(folder, "curve_start.h5"))
    batch_size, n = 8, 40
    labels = random.randint(0, 5, n)
    x = np.array(listed(random.normal(0, 1, (n, 8, 8, 2))), np.float32).reshape(n, 8, 8, 2)
    losses = []
    for _ in range(40):
        for first in range(0, n, batch_size):
            rows = slice(first, first + batch_size)
            losses.append(float(model.train_on_batch(x[rows], labels[rows], reset_metrics=True)))
    return {"batch_size": batch_size, "x_shape": list(x.shape), "x": listed(x), "labels": labels.tolist(), "losses": losses}


def write(folder, name, made):
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(made, file, separators=(",", ":"))
        file.write("\n")


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "tests", "golden", "training")
    os.makedirs(folder, exist_ok=True)
    for make in (optimizers, losses, metrics):
        write(folder, make.__name__, make())
    write(folder, "curve", curve(folder))


if __name__ == "__main__":
    main()
