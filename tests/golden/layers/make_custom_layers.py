"""Golden cases of other packages' layers, made by the packages themselves: TensorFlow Addons, QKeras and kapre.

usage: make_custom_layers.py [CASE…]      TensorFlow 2.15.1, tensorflow-addons 0.23.0, qkeras 0.9.0 (with pyparsing below 3.2), kapre 0.3.6

A case is a model with random weights, custom_layers/NAME.h5 or NAME_archive.keras, and in NAME.npz what Keras gives for random inputs: in0, in1, … and
out0, out1, …, in the model's order. The run is repeatable; index.json lists the cases.
"""
import json
import os

os.environ.update(CUDA_VISIBLE_DEVICES='', TF_ENABLE_ONEDNN_OPTS='0', TF_CPP_MIN_LOG_LEVEL='3')
import kapre
import librosa
import numpy as np
import plain_code
import qkeras as Q
import tensorflow as tf
import tensorflow_addons as tfa
from golden_cases import HERE, add_to_index, asked_cases, case, write_answers
from kapre.augmentation import ChannelSwap
from tensorflow.python.ops import array_ops
from tensorflow.python.util import nest

# Names that QKeras 0.9 knows from older TensorFlows.
for name in ('stack', 'unstack'):
    if not hasattr(array_ops, name):
        setattr(array_ops, name, getattr(tf, name))
if not hasattr(nest, 'is_sequence'):
    nest.is_sequence = nest.is_nested
librosa.fft_frequencies = lambda sr, n_fft, of=librosa.fft_frequencies: of(sr=sr, n_fft=n_fft)  # kapre 0.3.6 calls it as older librosas took it
keras = tf.keras
L = keras.layers
Input = keras.Input
FOLDER = os.path.join(HERE, 'custom_layers')


@case('h5', 'keras')
def addons_normalizations():
    x = Input((6, 5, 4))
    return x, [tfa.layers.GroupNormalization(groups=2)(x), tfa.layers.GroupNormalization(groups=3, axis=1, epsilon=0.1, center=False)(x),
               tfa.layers.InstanceNormalization()(x), tfa.layers.InstanceNormalization(axis=2, scale=False, epsilon=1e-5)(x),
               tfa.layers.SpectralNormalization(L.Conv2D(3, 2))(x)]


@case('h5', 'keras')
def addons_weight_normalization():
    x, s = Input((6, 5, 4)), Input((7, 3))
    W = tfa.layers.WeightNormalization
    y = W(L.Conv2D(4, 3, activation='relu'))(x)
    return [x, s], [W(L.Dense(5, activation='tanh'))(L.Flatten()(y)), W(L.Conv1D(4, 3, padding='causal', use_bias=False), data_init=False)(s),
                    W(L.Conv2DTranspose(3, 3, strides=2), data_init=False)(y), W(L.Dense(4), data_init=False)(s)]


class Mish(L.Layer):
    """As its authors write it."""

    def call(self, x):
        return x * tf.math.tanh(tf.math.softplus(x))


@case('h5')
def addons_activations():
    x = Input((6, 4))
    named = {name: L.Activation(getattr(tfa.activations, name)) for name in ('mish', 'hardshrink', 'softshrink', 'tanhshrink')}
    return x, [layer(x) for layer in named.values()] + [L.Dense(3, activation=tfa.activations.tanhshrink)(x), Mish()(x)]


@case('h5')
def lambda_images():
    x = Input((6, 8, 4))
    functions = [lambda x: tf.nn.depth_to_space(x, 2), lambda x: tf.nn.space_to_depth(x, 2), lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 3], [0, 0]]), lambda x: tf.image.resize(x, (9, 5)),
                 lambda x: tf.image.resize(x, [12, 16], method='nearest'), lambda x: tf.image.resize(x, size=(3, 4), method=tf.image.ResizeMethod.BICUBIC),
                 lambda x: tf.nn.max_pool2d(x, 2, 2, 'SAME'), lambda x: tf.nn.avg_pool(x, [1, 3, 2, 1], [1, 2, 1, 1], padding='VALID'),
                 lambda x: tf.math.reduce_std(x, axis=[1, 2]), lambda x: tf.math.reduce_variance(x, axis=-1, keepdims=True), lambda x: tf.math.log(x * x + 1.0)]
    return x, [L.Lambda(f)(x) for f in functions]


QUANTIZERS = [Q.quantized_bits(4, 0, 1, alpha=1), Q.quantized_bits(6, 2, alpha=1), Q.quantized_bits(3, 1, keep_negative=False, alpha=0.75), Q.quantized_bits(1, alpha=1.5),
              Q.quantized_relu(4, 1), Q.quantized_relu(5, 2, negative_slope=0.25), Q.quantized_relu(4, 1, use_sigmoid=1), Q.quantized_relu(5, 1, use_sigmoid=1, negative_slope=0.5),
              Q.quantized_tanh(4), Q.quantized_tanh(5, symmetric=True, use_real_tanh=True), Q.quantized_sigmoid(4), Q.quantized_sigmoid(6, symmetric=True, use_real_sigmoid=True),
              Q.binary(), Q.binary(use_01=True, alpha=2.0), Q.ternary(), Q.ternary(alpha=0.5, threshold=0.7), Q.stochastic_binary(), Q.stochastic_ternary(),
              Q.quantized_po2(4), Q.quantized_po2(5, max_value=0.75, log2_rounding='floor'), Q.quantized_po2(5, quadratic_approximation=True), Q.quantized_relu_po2(4),
              Q.quantized_relu_po2(5, max_value=2, negative_slope=0.5)]
TEXTS = ['quantized_bits(4, 0, 1)', 'quantized_relu(3,1,negative_slope=0.5)', 'quantized_tanh', "quantized_bits(bits=5,integer=1,keep_negative=False)", 'hard_sigmoid', 'hard_tanh', 'smooth_sigmoid',
         'smooth_tanh', 'binary_sigmoid', 'binary_tanh', 'relu', 'tanh', 'quantized_po2(6)', 'binary(alpha=1.0)']


@case('h5')
def qkeras_activations():
    x = Input((9, 8))
    return x, [Q.QActivation(q)(x) for q in QUANTIZERS] + [Q.QActivation(text)(x) for text in TEXTS]


@case('h5', 'keras')
def qkeras_dense():
    x = Input((8,))
    quantizers = ['quantized_bits(4,0,1)', 'quantized_bits(6,1,1,alpha=1.0)', "quantized_bits(4,0,1,alpha='auto')", "quantized_bits(5,2,1,alpha='auto_po2')", 'binary()', "binary(alpha='auto')",
                  'binary(1,alpha=0.5)', 'ternary()', "ternary(alpha='auto')", 'ternary(alpha=1.0,threshold=0.2)', 'stochastic_ternary()', 'quantized_po2(4)', 'quantized_relu(4)', 'quantized_tanh(4)']
    outputs = [Q.QDense(5, kernel_quantizer=q, bias_quantizer='quantized_bits(6,1,1)')(x) for q in quantizers]
    outputs += [Q.QDense(4, kernel_quantizer=Q.quantized_bits(4, 0, alpha=1), bias_quantizer=q)(x) for q in (None, 'quantized_po2(4)', "quantized_bits(4,0,1,alpha='auto_po2')", 'ternary()', "binary(alpha='auto')")]
    outputs += [Q.QDense(4, kernel_quantizer='quantized_bits(4,0,1)', bias_quantizer='quantized_bits(4)', activation=a)(x) for a in ('relu', 'quantized_relu(6,2)', 'quantized_tanh(6)', 'hard_sigmoid')]
    return x, outputs + [Q.QDense(3)(x)]


@case('h5')
def qkeras_convolutions():
    a, b = Input((9, 3)), Input((8, 7, 3))
    two = dict(kernel_quantizer='quantized_bits(5,0,1)', bias_quantizer='quantized_bits(5,1)')
    y = Q.QConv2D(4, 3, activation='quantized_relu(4,2)', **two)(b)
    return [a, b], [Q.QConv1D(4, 3, strides=2, padding='same', **two)(a), Q.QConv1D(4, 3, padding='causal', dilation_rate=2, kernel_quantizer='ternary()')(a),
                    y, Q.QConv2D(3, (3, 2), strides=2, padding='same', kernel_quantizer="binary(alpha='auto_po2')", use_bias=False, activation='relu')(y),
                    Q.QDepthwiseConv2D(3, depth_multiplier=2, depthwise_quantizer='quantized_bits(4,0,1)', bias_quantizer='quantized_bits(4)', activation='quantized_tanh(5)')(b)]


@case('h5')
def qkeras_batch_normalization():
    x, y = Input((6, 5, 4)), Input((7, 3))
    return [x, y], [Q.QBatchNormalization()(x), Q.QBatchNormalization(center=False, gamma_quantizer='quantized_bits(6,2,alpha=1)', variance_quantizer=None)(x),
                    Q.QBatchNormalization(beta_quantizer='quantized_bits(6,1)', mean_quantizer='quantized_bits(8,2)', gamma_quantizer=None, variance_quantizer='quantized_relu(8,3)')(y)]


@case('h5', 'keras')
def qkeras_separable():
    a, b = Input((9, 3)), Input((8, 7, 3))
    two = dict(depthwise_quantizer='quantized_bits(5,0,1)', pointwise_quantizer="quantized_bits(4,0,1,alpha='auto')", bias_quantizer='quantized_bits(5,1)')
    return [a, b], [Q.QSeparableConv1D(4, 3, activation='quantized_relu(4,2)', **two)(a), Q.QSeparableConv1D(4, 2, strides=2, padding='same', depth_multiplier=2, depthwise_quantizer='ternary()')(a),
                    Q.QSeparableConv2D(4, 3, strides=2, padding='same', **two)(b), Q.QSeparableConv2D(3, (2, 3), depth_multiplier=2, use_bias=False, activation='relu', pointwise_quantizer='binary()')(b),
                    Q.QConv2DTranspose(4, 3, strides=2, kernel_quantizer='quantized_bits(5,0,1)', bias_quantizer='quantized_bits(5,1)', activation='quantized_relu(5,2)')(b),
                    Q.QConv2DTranspose(2, (2, 3), strides=(2, 1), padding='same', kernel_quantizer="quantized_bits(4,0,1,alpha='auto_po2')", use_bias=False)(b)]


@case('h5', 'keras')
def qkeras_folded():
    x = Input((8, 7, 3))
    two = dict(kernel_quantizer='quantized_bits(5,1,1)', bias_quantizer='quantized_bits(6,2,1)')
    depthwise = dict(depthwise_quantizer='quantized_bits(5,1,1)', bias_quantizer='quantized_bits(6,2,1)')
    C, D = Q.QConv2DBatchnorm, Q.QDepthwiseConv2DBatchnorm
    return x, [C(4, 3, activation='quantized_relu(5,2)', **two)(x), C(3, 2, strides=2, padding='same', use_bias=False, folding_mode='batch_stats_folding', kernel_quantizer="quantized_bits(4,0,1,alpha='auto')")(x),
               C(3, 1, scale=False, epsilon=0.1, ema_freeze_delay=10, **two)(x), D(3, activation='relu', **depthwise)(x), D((2, 3), depth_multiplier=2, use_bias=False, padding='same', **depthwise)(x)]


@case('h5', 'keras')
def qkeras_pooling():
    x = Input((9, 7, 3))
    P, G = Q.QAveragePooling2D, Q.QGlobalAveragePooling2D
    return x, [P((3, 2), average_quantizer='quantized_bits(6,0,1,alpha=1)', activation='quantized_bits(8,2,alpha=1)')(x), P(3, strides=2, padding='same', average_quantizer='quantized_bits(4,0,1,alpha=1)')(x),
               P(2)(x), P(2, activation='quantized_relu(4,2)')(x), G(average_quantizer='quantized_bits(8,0,1,alpha=1)', activation='quantized_tanh(6)')(x), G()(x),
               G(average_quantizer='quantized_po2(4)')(x)]


@case('h5', 'keras')
def qkeras_recurrent():
    x = Input((5, 4))
    q = dict(kernel_quantizer='quantized_bits(5,0,1)', recurrent_quantizer="quantized_bits(4,0,1,alpha='auto')", bias_quantizer='quantized_bits(6,1,1)')
    state = dict(q, state_quantizer='quantized_bits(6,1,1,alpha=1)')
    named = dict(activation='quantized_tanh(6)', recurrent_activation='quantized_sigmoid(6)')
    return x, [Q.QSimpleRNN(6, **state)(x), Q.QSimpleRNN(5, return_sequences=True, activation='quantized_tanh(5)', use_bias=False, kernel_quantizer='ternary()')(x),
               Q.QLSTM(6, return_sequences=True, **state, **named)(x), Q.QLSTM(5, activation='tanh', recurrent_activation='hard_sigmoid', implementation=2, go_backwards=True, **q)(x),
               Q.QGRU(6, return_sequences=True, **state, **named)(x), Q.QGRU(5, reset_after=True, implementation=2, activation='tanh', recurrent_activation='sigmoid', **q)(x),
               Q.QGRU(4, use_bias=False, activation='tanh', **state)(x), Q.QBidirectional(Q.QLSTM(4, return_sequences=True, **state, **named))(x),
               Q.QBidirectional(Q.QGRU(4, activation='tanh', recurrent_activation='sigmoid', **q), merge_mode='sum')(x)]


@case('h5', 'keras')
def qkeras_adaptive():
    x = Input((6, 5))
    A = Q.QAdaptiveActivation
    return x, [A('quantized_relu', 6)(x), A('quantized_bits', 6, per_channel=True)(x), A('quantized_bits', 4, symmetric=False, per_channel=True, po2_rounding=True)(x),
               A('quantized_relu', 5, per_channel=True, relu_neg_slope=0.25)(x), A('quantized_relu', 3, po2_rounding=True)(x), A('quantized_bits', 8, symmetric=False)(x)]


@case('h5')
def kapre_spectrograms():
    a, b, c = Input((200, 1)), Input((150, 2)), Input((2, 150))
    last, first = 'channels_last', 'channels_first'
    mel = kapre.composed.get_melspectrogram_layer(input_shape=(200, 1), n_fft=64, hop_length=16, sample_rate=8000, n_mels=10, return_decibel=True)
    two = kapre.STFT(n_fft=32, win_length=20, hop_length=8, window_name='hamming_window', pad_begin=True, pad_end=True, input_data_format=last, output_data_format=last)(b)
    three = kapre.STFT(n_fft=32, win_length=25, hop_length=30, pad_end=True, input_data_format=first, output_data_format=first)(c)
    bank = dict(sample_rate=16000, n_freq=17, n_mels=6, f_min=50.0, f_max=7000.0)
    return [a, b, c], [mel(a), kapre.ApplyFilterbank('mel', dict(bank, htk=True, norm=None))(kapre.Magnitude()(two)),
                       kapre.ApplyFilterbank('mel', bank, data_format=first)(kapre.Magnitude()(three)),
                       kapre.MagnitudeToDecibel(ref_value=2.0, amin=0.1, dynamic_range=3.0)(kapre.Magnitude()(kapre.STFT(n_fft=32, hop_length=10)(b)))]


@case('h5', 'keras')
def kapre_signals():
    a, b, c = Input((50, 2)), Input((1, 40)), Input((9, 8, 2))
    last, first = 'channels_last', 'channels_first'
    spectrum = Input((9, 8, 1))
    return [a, b, c, spectrum], [
        kapre.Frame(8, 5)(a), kapre.Frame(8, 3, pad_end=True, pad_value=0.5)(a), kapre.Frame(7, 9, data_format=first)(b), kapre.Energy(frame_length=10, hop_length=4)(a),
        kapre.Energy(frame_length=6, hop_length=6, pad_end=True, data_format=first)(b), kapre.MuLawEncoding(256)(a), kapre.MuLawDecoding(32)(kapre.MuLawEncoding(32)(b)),
        kapre.LogmelToMFCC(5)(c), kapre.LogmelToMFCC(20, data_format=first)(c), kapre.ConcatenateFrequencyMap()(c), kapre.ConcatenateFrequencyMap(data_format=last)(c),
        kapre.ConcatenateFrequencyMap(data_format=first)(c), kapre.Delta(data_format=last)(spectrum), kapre.Delta(win_length=3, mode='reflect', data_format=last)(spectrum),
        kapre.Delta(win_length=7, mode='constant', data_format=first)(L.Permute((3, 1, 2))(spectrum)), ChannelSwap()(c)]


@case('h5')
def kapre_windows():
    a, b = Input((150, 1), batch_size=2), Input((150, 1), batch_size=1)
    bank = dict(sample_rate=16000, n_freq=33, n_bins=20, bins_per_octave=5, f_min=200.0, spread=0.5)
    magnitude = kapre.Magnitude()(kapre.STFT(n_fft=64, window_name='vorbis_window')(a))
    return [a, b], [magnitude, kapre.Magnitude()(kapre.STFT(n_fft=32, window_name='kaiser_window', win_length=25)(a)), kapre.Magnitude()(kapre.STFT(n_fft=32, win_length=24, window_name='kaiser_bessel_derived_window')(a)),
                    kapre.Phase()(kapre.STFT(n_fft=32, hop_length=16)(a)), kapre.ApplyFilterbank('log', bank)(magnitude),
                    kapre.STFTTflite(n_fft=32, hop_length=10)(b), kapre.MagnitudeTflite()(kapre.STFTTflite(n_fft=32, win_length=20, hop_length=8, pad_begin=True, pad_end=True)(b)),
                    kapre.MagnitudeTflite()(kapre.STFTTflite(n_fft=16, output_data_format='channels_first')(b))]


@case('h5')
def kapre_inverse():
    a, b = Input((120, 1)), Input((90, 2))
    last, first = 'channels_last', 'channels_first'
    return [a, b], [kapre.InverseSTFT(n_fft=32, hop_length=8, input_data_format=last, output_data_format=last)(kapre.STFT(n_fft=32, hop_length=8, input_data_format=last, output_data_format=last)(a)),
                    kapre.InverseSTFT(n_fft=32, win_length=20, hop_length=8, forward_window_name='hamming_window', input_data_format=first, output_data_format=first)(
                        kapre.STFT(n_fft=32, win_length=20, hop_length=8, window_name='hamming_window', pad_begin=True, pad_end=True, input_data_format=last, output_data_format=first)(b)),
                    kapre.InverseSTFT(n_fft=16, hop_length=8, input_data_format=last, output_data_format=last)(kapre.STFT(n_fft=16, hop_length=5, input_data_format=last, output_data_format=last)(b))]


def randomize(net, random):
    """Every weight moves off its start, and what is a variance stays positive."""
    for weight in net.weights:
        value = weight.numpy()
        if value.dtype in (bool, 'int64') or 'data_dep_init' in weight.name:
            continue
        if 'moving_variance' in weight.name:
            weight.assign(random.uniform(0.2, 3, value.shape).astype('float32'))
        elif 'ema_' in weight.name:
            weight.assign(random.uniform(0.5, 9, value.shape).astype('float32') * (-1 if 'min' in weight.name else 1))
        elif 'gamma' in weight.name or weight.name.endswith('/g:0'):
            weight.assign(random.uniform(0.3, 2, value.shape).astype('float32'))
        else:
            weight.assign(random.normal(0, 0.5, value.shape).astype('float32'))


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for function, ending, name in asked_cases():
        keras.backend.clear_session()
        keras.backend.reset_uids()
        seed = sum(map(ord, name))
        random = np.random.RandomState(seed)
        tf.random.set_seed(seed)
        inputs, outputs = function()
        inputs = inputs if isinstance(inputs, list) else [inputs]
        net = keras.Model(inputs, outputs)
        arrays = [random.normal(0, 1, (x.shape[0] or 2,) + tuple(x.shape[1:])).astype('float32') for x in inputs]
        net(arrays, training=False)  # WeightNormalization initializes itself at the first call
        randomize(net, random)
        net(arrays, training=False)  # QAdaptiveActivation takes up its range behind a call
        answers = net(arrays, training=False)
        net.save(os.path.join(FOLDER, '%s.%s' % (name, ending)))
        write_answers('custom_layers', name, arrays, answers)
        classes = set()
        nested = [l for layer in net.layers if hasattr(layer, 'layers') for l in json.loads(layer.to_json())['config']['layers']]
        for layer in nested + [l for l in json.loads(net.to_json())['config']['layers'] if l['class_name'] != 'Sequential']:
            for serialized in (layer, layer['config'].get('layer')):
                if serialized:
                    registered = serialized.get('registered_name') or ''
                    classes.add(registered if '>' in registered else serialized['class_name'])
        add_to_index('custom_layers', name, ending, sorted(classes))


main()
