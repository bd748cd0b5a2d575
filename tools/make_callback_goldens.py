#!/usr/bin/env python3
"""Writes tests/golden/training/callbacks.json: what the real callbacks of Keras 2.15 do with given logs, and how Python writes numbers.

usage: make_callback_goldens.py [FOLDER]          (needs TensorFlow 2.15; the file is committed)

decisions    [{"call", "rate", "n_batches", "logs": [of an epoch], "epochs": how many ran, "stopped", "restored": epoch or null,
               "rates": [after each epoch], "saved": [[epoch, name, weights_only]], "said": [lines]}]
csv          [{"call": with FILE for the name, "before": text or null, "logs", "text"}]
tensorboard  [{"call": with FOLDER, "iterations_per_epoch", "logs", "weights", "events": [[folder, plugin, tag, step, shape, values]]}]
formats      [[pattern, {"epoch", "batch", "loss", …}, text]]
numbers      [[number, repr(float), str(numpy.float32)]]
expressions  [[text, epoch, lr, value]]
"""
import glob
import json
import math
import os
import sys
import tempfile

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
import numpy as np
import tensorflow as tf
from keras.src.utils import io_utils
from tensorflow.core.util import event_pb2

C = tf.keras.callbacks
NAN = float("nan")
names = {name: getattr(C, name) for name in ("EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint", "LearningRateScheduler", "CSVLogger", "TensorBoard")}


def f32(value):
    return float(np.float32(value))


class FakeOptimizer:
    def __init__(self, rate):
        self.lr = self._learning_rate = tf.Variable(rate, dtype=tf.float32)
        self.iterations = tf.Variable(0, dtype=tf.int64)


class FakeModel:
    """Its only weight is the epoch that it has seen."""

    def __init__(self, rate):
        self.optimizer, self.epoch, self.stop_training, self.restored, self.saved = FakeOptimizer(rate), 0, False, None, []
        self.distribute_strategy = tf.distribute.get_strategy()
        self._train_counter = self._test_counter = tf.Variable(0, dtype=tf.int64)
        self.layers = []

    def get_weights(self):
        return self.epoch

    def set_weights(self, weights):
        self.restored = weights

    def save(self, path, **ignored):
        self.saved.append([self.epoch, path, False])

    def save_weights(self, path, **ignored):
        self.saved.append([self.epoch, path, True])


def epochs_of(**columns):
    n = max(len(values) for values in columns.values())
    return [{key: f32(values[i]) for key, values in columns.items() if values[i] is not None} for i in range(n)]


def decide(call, logs, rate=0.001, n_batches=0):
    callback, model, said = eval(call, dict(names, math=math, exp=math.exp)), FakeModel(rate), []
    io_utils.print_msg = lambda text, line_break=True: said.append(text.strip())
    callback.set_model(model)
    callback.on_train_begin()
    rates, restored = [], None
    for epoch, log in enumerate(logs):
        model.epoch = epoch
        callback.on_epoch_begin(epoch)
        for batch in range(n_batches):
            callback.on_train_batch_end(batch, {"loss": log["loss"]})
        callback.on_epoch_end(epoch, dict(log))
        rates.append(float(model.optimizer.lr.numpy()))
        if model.stop_training:
            break
    callback.on_train_end()
    return {"call": call, "rate": f32(rate), "n_batches": n_batches, "logs": logs, "epochs": len(rates), "stopped": model.stop_training,
            "restored": model.restored, "rates": rates, "saved": model.saved, "said": said}


def decisions():
    falling = epochs_of(loss=[1, .8, .7, .6, .5, .4, .3, .2, .1, .05], val_loss=[1, .9, .85, .86, .84, .845, .85, .839, .9, 1])
    rising = epochs_of(loss=[2, 1.5, 1.4, 1.3, 1.2, 1.1, 1, .9], accuracy=[.2, .3, .5, .5, .51, .52, .5, .5], val_loss=[2, 1.8, 1.9, NAN, 1.7, 1.75, 1.8, 1.9],
                       val_accuracy=[.1, .25, .24, .26, .26, .2601, .25, .3], auc=[.5, .6, .6, .55, .7, .7, .7, .7])
    sparse = epochs_of(loss=[3, 2, 1, 1, 1, 1], val_loss=[None, 2, None, 2.1, None, 2.2])
    flat = epochs_of(loss=[.5] * 12, val_loss=[.7] * 12)
    E, R, M, L = ("%s({})" % name for name in ("EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint", "LearningRateScheduler"))
    cases = [(E.format(""), falling), (E.format("patience=2"), falling), (E.format("'val_loss', 0.01, 2, restore_best_weights=True"), falling),
             (E.format("monitor='val_accuracy', patience=3, restore_best_weights=True"), rising), (E.format("monitor='auc', patience=2"), rising),
             (E.format("monitor='val_loss', patience=1, mode='max'"), falling), (E.format("baseline=0.84, patience=4, restore_best_weights=True"), falling),
             (E.format("baseline=0.5, patience=3, restore_best_weights=True"), falling), (E.format("start_from_epoch=4, patience=1, restore_best_weights=True"), falling),
             (E.format("min_delta=-0.02, patience=1"), falling), (E.format("patience=2"), rising), (E.format("patience=1"), sparse), (E.format("patience=0"), flat),
             (E.format("monitor='loss', patience=5, restore_best_weights=True"), flat),
             (R.format("patience=2, verbose=1"), flat), (R.format("factor=0.5, patience=1, cooldown=2, min_lr=0.0001, verbose=1"), flat),
             (R.format("monitor='val_loss', factor=0.2, patience=2, min_delta=0.01"), falling), (R.format("monitor='accuracy', patience=1, factor=0.3, verbose=1"), rising),
             (R.format("patience=1, min_lr=0.00099, verbose=1"), flat), (R.format("patience=1, mode='max', cooldown=1"), falling), (R.format("patience=1"), sparse),
             (M.format("'w.{epoch:02d}-{val_loss:.2f}.h5', verbose=1"), falling), (M.format("filepath='best.h5', save_best_only=True, verbose=1"), falling),
             (M.format("'best.h5', monitor='val_accuracy', save_best_only=True, mode='max', verbose=1"), rising), (M.format("'b.h5', monitor='val_acc', save_best_only=True"), falling),
             (M.format("'best.keras', save_best_only=True, initial_value_threshold=0.85"), falling), (M.format("'{epoch}_{loss}_{val_loss:g}.weights.h5', save_weights_only=True"), falling),
             (M.format("'best-{val_loss:.4e}.hdf5', save_best_only=True, mode='min'"), rising), (M.format("'p{epoch:03d}.h5', period=3"), falling),
             (M.format("'b{epoch:d}-{batch:04d}.h5', save_freq=7"), falling, .001, 5), (M.format("'b.h5', save_freq=3, save_best_only=True, monitor='loss'"), rising, .001, 4),
             (M.format("'best.h5', save_best_only=True"), sparse),
             (L.format("lambda epoch: 1e-3 * 0.9 ** epoch, verbose=1"), flat), (L.format("lambda epoch, lr: lr if epoch < 3 else lr * math.exp(-0.1)"), flat),
             (L.format("lambda e, r: r * 0.5 if e % 2 == 1 else r, 1"), flat)]
    return [decide(*case) for case in cases]


def csv():
    made = []
    both = epochs_of(loss=[2.30, 1.5, 1e-5], accuracy=[.1, .25, 1], val_loss=[2.2, 1e20, NAN], val_accuracy=[.125, .3, math.inf], lr=[.001, .0001, 1e-5])
    alone = epochs_of(loss=[1, .5], accuracy=[.5, .75])
    late = epochs_of(loss=[1, .5, .25], val_loss=[None, .5, None])
    for call, before, logs in [("CSVLogger('FILE')", None, both), ("CSVLogger('FILE', separator=';')", "old\n", both), ("CSVLogger('FILE', append=True)", None, alone),
                               ("CSVLogger('FILE', append=True)", "epoch,accuracy,loss\r\n0,0.5,1.0\r\n", alone), ("CSVLogger('FILE', '.', True)", "", alone), ("CSVLogger('FILE')", None, late)]:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log.csv")
            if before is not None:
                with open(path, "w", newline="") as file:
                    file.write(before)
            callback = eval(call.replace("FILE", path), names)
            callback.on_train_begin()
            for epoch, log in enumerate(logs):
                log = dict(log)
                if "lr" in log:
                    log["lr"] = np.float32(log["lr"])  # what tf.keras.backend.get_value gives
                callback.on_epoch_end(epoch, log)
            callback.on_train_end()
            made.append({"call": call, "before": before, "logs": logs, "text": open(path, newline="").read()})
    return made


class FakeLayer:
    def __init__(self, weights):
        self.weights = [tf.Variable(np.asarray(values, np.float32), name=name) for name, values in weights.items()]


def tensorboard():
    logs = epochs_of(loss=[2, 1.5, 1.25], accuracy=[.1, .2, .3], val_loss=[2.2, None, 1.9], val_accuracy=[.15, None, .25], lr=[.001, .0001, .0001])
    weights = {"dense/kernel": [[-1, .25, .5], [2, .75, .75]], "dense/bias": [0, 0, 0], "norm/gamma": list(np.linspace(-3, 3, 40))}
    made = []
    for call, log in [("TensorBoard('FOLDER', histogram_freq=2, write_graph=False)", logs), ("TensorBoard(log_dir='FOLDER', write_graph=False)", epochs_of(loss=[1, .5]))]:
        with tempfile.TemporaryDirectory() as folder:
            callback, model = eval(call.replace("FOLDER", folder), names), FakeModel(.001)
            model.layers = [FakeLayer(weights)]
            callback.set_model(model)
            callback.on_train_begin()
            for epoch, values in enumerate(log):
                model.optimizer.iterations.assign(10 * (epoch + 1))
                validation = {key[4:]: value for key, value in values.items() if key.startswith("val_")}
                if validation:
                    callback.on_test_begin()
                    callback.on_test_end(validation)
                callback.on_epoch_end(epoch, dict(values))
            callback.on_train_end()
            events = []
            for path in sorted(glob.glob(os.path.join(folder, "*", "*"))):
                for record in tf.data.TFRecordDataset(path):
                    event = event_pb2.Event.FromString(record.numpy())
                    for value in event.summary.value:
                        array = tf.make_ndarray(value.tensor)
                        events.append([os.path.basename(os.path.dirname(path)), value.metadata.plugin_data.plugin_name, value.tag, event.step, list(array.shape), array.ravel().tolist()])
            made.append({"call": call, "iterations_per_epoch": 10, "logs": log, "weights": weights, "events": events})
    return made


def formats():
    values = dict(epoch=7, batch=1234, loss=f32(.123456), val_loss=f32(1e-5), accuracy=1.0, lr=f32(123456.0), mse=f32(-2.5), big=1e20, zero=0.0, odd=f32(99.9996))
    fields = ["{epoch:02d}-{val_loss:.2f}", "{epoch}", "{epoch:d}", "{epoch:5}|", "{epoch:<5}|", "{epoch:^5d}|", "{epoch:>+05}", "{epoch:+d}", "{epoch: d}", "{epoch:*^9}", "{epoch:.2f}",
              "{epoch:x}", "{batch:#x}", "{batch:08b}", "{batch:e}", "{batch:g}", "{{{epoch}}}", "a{{b}}c", "{batch:<08d}", "{epoch:=+6d}", "{batch:%}"]
    for name in ("loss", "val_loss", "accuracy", "lr", "mse", "big", "zero", "odd"):
        fields += ["{%s%s}" % (name, spec) for spec in ("", ":.2f", ":.4f", ":f", ":e", ":.3e", ":g", ":.3g", ":G", ":E", ":.0f", ":#.0f", ":08.3f", ":+.2f", ": .1f", ":>12.4f", ":<9.2f", ":.3", ":.1", ":%", ":.1%", ":10", ":010", ":#g")]
    return [[pattern, values, pattern.format(**values)] for pattern in fields]


def numbers():
    all_of = [0.0, 1.0, -1.0, .1, 1 / 3, 1e-4, 9.9e-5, 1e-5, 1.5e-7, 123456789.0, 1e15, 1e16, 1.2345e16, 9.999e22, 5e-324, -0.0, 100.0, .001, 3e-4, 2.5]
    return [[value, repr(value), str(np.float32(value))] for value in all_of]


def expressions():
    texts = ["lr", "1e-3", "lr * 0.9", "lr*.95**epoch", "0.1 * (1 - epoch / 20) ** 2", "lr if epoch < 10 else lr * exp(-0.1)", "-epoch ** 2 + 3", "2 ** -1", "2 ** 3 ** 2", "-7 // 2", "-7 % 3", "7 % -3",
             "epoch // 4 % 2", "1 < epoch <= 12", "not epoch == 5 and epoch > 2 or 7", "max(1e-5, lr * math.cos(math.pi * epoch / 20))", "math.sqrt(math.pow(2, 4)) - abs(-3)", "1 if epoch < 3 else 2 if epoch < 6 else 3",
             "not not epoch", "- - 3 + +2", "math.log(epoch + 1) / math.log10(100)", "int(epoch / 3) * 1.5", "floor(epoch * 1.5) + ceil(.2)", "1 - 2 - 3", "16 / 4 / 2", "5 > 4 > 3", "min(epoch, 4)"]
    scope = {name: getattr(math, name) for name in ("exp", "floor", "ceil")}
    return [[text, epoch, lr, float(eval(text, dict(scope, math=math, epoch=epoch, lr=lr)))] for text in texts for epoch, lr in ((0, .001), (5, .01), (12, .5))]


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "tests", "golden", "training")
    made = {make.__name__: make() for make in (decisions, csv, tensorboard, formats, numbers, expressions)}
    with open(os.path.join(folder, "callbacks.json"), "w") as file:
        text = json.dumps(made, separators=(",", ":"))
        file.write(text.replace("NaN", "null").replace("-Infinity", '"-inf"').replace("Infinity", '"inf"') + "\n")


if __name__ == "__main__":
    main()
