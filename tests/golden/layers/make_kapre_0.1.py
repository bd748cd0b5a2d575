"""Golden cases of kapre 0.1's layers, made by kapre 0.1.7 over TensorFlow 2.15.1, whose Keras it takes: make_kapre_0.1.py

A case is a model, custom_layers/NAME.h5 or NAME_archive.keras, whose weights are its cosines, sines and filterbanks, a little moved, and in NAME.npz what
Keras gives for random inputs. The run is repeatable; index.json lists the cases.
"""
import json
import os

os.environ.update(CUDA_VISIBLE_DEVICES='', TF_ENABLE_ONEDNN_OPTS='0', TF_CPP_MIN_LOG_LEVEL='3')
import numpy as np
import tensorflow as tf
from kapre.augmentation import AdditiveNoise
from kapre.filterbank import Filterbank
from kapre.time_frequency import Melspectrogram, Spectrogram
from kapre.utils import AmplitudeToDB, Normalization2D

keras = tf.keras
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'custom_layers')


def kapre_old():
    a, b = keras.Input((1, 200)), keras.Input((2, 90))
    spectrum = Spectrogram(n_dft=32, n_hop=10)(a)
    outputs = [spectrum, Spectrogram(n_dft=16, padding='valid', power_spectrogram=1.0, image_data_format='channels_first')(b), Spectrogram(n_dft=16, n_hop=7, return_decibel_spectrogram=True)(b),
               Melspectrogram(n_dft=64, n_hop=20, sr=8000, n_mels=12)(a), Melspectrogram(n_dft=32, sr=16000, n_mels=6, fmin=100.0, fmax=6000.0, power_melgram=2.0, return_decibel_melgram=True, trainable_fb=True)(b),
               Melspectrogram(n_dft=32, sr=16000, n_mels=5, padding='valid', image_data_format='channels_first', trainable_kernel=True, return_decibel_melgram=True)(b)]
    outputs += [AmplitudeToDB()(spectrum), AmplitudeToDB(amin=1e-3, top_db=20.0)(spectrum), Filterbank(6, False, sr=16000)(spectrum)]
    outputs += [Normalization2D(str_axis=axis)(outputs[2]) for axis in ('batch', 'data_sample', 'freq', 'time', 'channel')] + [Normalization2D(int_axis=2)(outputs[2])]
    return [a, b], outputs + [AdditiveNoise(0.5)(spectrum)]


def main():
    index = os.path.join(os.path.dirname(FOLDER), 'index.json')
    entries = [json.loads(line.rstrip(',')) for line in open(index).read().strip().splitlines()[1:-1]]
    for ending in ('h5', 'keras'):
        name = 'kapre_old' + ('_archive' if ending == 'keras' else '')
        keras.backend.clear_session()
        random = np.random.RandomState(17 if ending == 'keras' else 16)
        inputs, outputs = kapre_old()
        net = keras.Model(inputs, outputs)
        for weight in net.weights:
            weight.assign(weight.numpy() * random.uniform(0.9, 1.1, weight.shape))
        arrays = [random.normal(0, 1, (2,) + tuple(x.shape[1:])).astype('float32') for x in inputs]
        answers = net(arrays, training=False)
        net.save(os.path.join(FOLDER, '%s.%s' % (name, ending)))
        saved = {'in%d' % i: x for i, x in enumerate(arrays)}
        saved.update({'out%d' % i: np.asarray(y) for i, y in enumerate(answers)})
        np.savez_compressed(os.path.join(FOLDER, name + '.npz'), **saved)
        classes = sorted({layer.__class__.__name__ for layer in net.layers})
        entry = {'model': 'custom_layers/%s.%s' % (name, ending), 'answers': 'custom_layers/%s.npz' % name, 'layers': classes, 'operations': [], 'rtol': 1e-4, 'atol': 1e-5}
        entries = [e for e in entries if e['model'] != entry['model']] + [entry]
        print(entry['model'], classes)
    with open(index, 'w') as file:
        file.write('[\n' + ',\n'.join(json.dumps(entry) for entry in entries) + '\n]\n')


main()
