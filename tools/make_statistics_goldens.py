#!/usr/bin/env python3
"""Writes tests/golden/statistics: what scikit-learn says of a few classifiers' outputs.

usage: make_statistics_goldens.py      Needs scikit-learn and numpy.

Probabilities are sixteenths (binary: thirty-seconds), which the program's fixed thresholds tell apart exactly; so its curves are
scikit-learn's, without a tolerance for bins.
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn import metrics

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests/golden/statistics"
SIXTEENTHS = [(1, 2, 4, 9), (1, 2, 3, 10), (1, 2, 5, 8), (2, 3, 4, 7), (1, 3, 4, 8), (1, 2, 6, 7), (1, 4, 5, 6)]


def numbers(values):
    return [None if v is None or np.isnan(v) else float(v) for v in values]


def by_class(function, labels, scores):
    out = []
    for c in range(scores.shape[1]):
        is_it = labels == c
        out.append(function(is_it, scores[:, c]) if is_it.any() and (function is metrics.average_precision_score or not is_it.all()) else None)
    return numbers(out)


def golden(labels, scores, predictions, k, outputs):
    n = scores.shape[1]
    every = metrics.precision_recall_fscore_support(labels, predictions, labels=range(n), zero_division=0)
    curve = metrics.roc_curve(np.eye(n)[labels].ravel(), scores.ravel(), drop_intermediate=False)
    return {"sklearn": sklearn.__version__,
            "outputs": outputs.tolist(), "labels": labels.tolist(), "top_k": k,
            "accuracy": metrics.accuracy_score(labels, predictions),
            "top_k_accuracy": metrics.top_k_accuracy_score(labels, scores, k=k, labels=range(n)) if n > 2 else 1.0,
            "loss": metrics.log_loss(labels, scores, labels=range(n)),
            "confusion": metrics.confusion_matrix(labels, predictions, labels=range(n)).tolist(),
            "precision": numbers(every[0]), "recall": numbers(every[1]), "f1": numbers(every[2]), "examples": every[3].tolist(),
            # Labels left to scikit-learn: those that are there or are predicted.
            "macro": numbers(metrics.precision_recall_fscore_support(labels, predictions, average="macro", zero_division=0)[:3]),
            "weighted": numbers(metrics.precision_recall_fscore_support(labels, predictions, average="weighted", zero_division=0)[:3]),
            "roc_area": by_class(metrics.roc_auc_score, labels, scores),
            "average_precision": by_class(metrics.average_precision_score, labels, scores),
            "pooled_roc": [[float(x), float(y)] for x, y in zip(curve[0], curve[1])],
            "pooled_roc_area": float(metrics.auc(curve[0], curve[1]))}


def categorical(n_examples, n_classes, seed):
    """Four classes have the probabilities of a row of SIXTEENTHS; any beyond have none, and no example."""
    random = np.random.default_rng(seed)
    rows = np.zeros((n_examples, n_classes))
    labels = random.integers(0, 3 if n_classes > 4 else 4, n_examples)
    for row, label in zip(rows, labels):
        values = sorted(SIXTEENTHS[random.integers(len(SIXTEENTHS))])
        order = list(random.permutation(4))
        if random.random() < 0.5:
            order.remove(label)
            order.append(label)
        row[order] = np.array(values) / 16
    return labels, rows


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    labels, rows = categorical(60, 4, 1)
    cases = {"four_classes": golden(labels, rows, rows.argmax(1), 2, rows)}
    labels, rows = categorical(40, 6, 2)  # class 3 has no example, but is predicted; 4 and 5 neither
    cases["unseen_classes"] = golden(labels, rows, rows.argmax(1), 3, rows)
    random = np.random.default_rng(3)
    labels = random.integers(0, 2, 50)
    p = np.clip(random.integers(1, 32, 50) + np.where(labels == 1, 6, -6), 1, 31) / 32
    cases["one_unit"] = golden(labels, np.stack([1 - p, p], 1), (p > 0.5).astype(int), 2, p[:, None])
    for name, case in cases.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(case, indent=None) + "\n")


main()
