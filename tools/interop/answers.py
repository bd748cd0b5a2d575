"""What a program answers to a golden case, held against Keras' answers: what the stages dialects.py and exports.py share."""
import numpy as np


def is_rounded_otherwise(item, y, expected):
    """Pictures of whole numbers, resized: halves are frequent, and whether a sum comes out as one is the order of the arithmetic's."""
    differences = np.abs(np.float64(y) - np.float64(expected))
    return "resizing_whole" in item["model"] and differences.max() == 1 and (differences > 0).mean() < 0.05


def verdict_of(item, outputs, arrays, rounds_as_tensorflow):
    """"pass", or "FAIL" and "refused" with what is wrong. rounds_as_tensorflow: whether the program is TensorFlow, which has no excuse."""
    for k, y in enumerate(outputs):
        expected = arrays[f"out{k}"]
        if y.shape != expected.shape:
            return f"FAIL out{k} has shape {y.shape}, expected {expected.shape}"
        if expected.dtype.kind == "U":
            if [x.decode() for x in y.ravel()] != list(expected.ravel()):
                return f"FAIL out{k}: other texts"
            continue
        if not rounds_as_tensorflow and is_rounded_otherwise(item, y, expected):
            return f"refused by the program's rounding of {(y != expected).sum()} of {y.size} numbers by one"
        if not np.allclose(y, expected, rtol=item.get("rtol", 1e-4), atol=item.get("atol", 1e-5), equal_nan=True):
            return f"FAIL out{k}: largest error {np.abs(np.float64(y) - np.float64(expected)).max():.3g}"
    return "pass"
