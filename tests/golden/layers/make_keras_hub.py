"""Golden cases of KerasHub's layers and of KerasNLP's, which it was called before, made by the packages themselves: make_keras_hub.py [CASE…]

Run it once with keras-hub 0.32.0 (Keras 3.15 over TensorFlow 2.21), once with keras-nlp 0.6.4 and once with keras-nlp 0.5.2 (TensorFlow 2.15.1); each
makes its own cases. keras-nlp 0.6 gives most layers' weights names that HDF5 cannot hold twice: its .h5 are of the others.

A case is a model with random weights, custom_layers/keras_hub_NAME.keras (keras_nlp_NAME.h5, …_archive.keras), and in the .npz of that name what Keras gives
for random inputs: in0, in1, … and out0, out1, …, in the model's order. The run is repeatable; index.json lists the cases.
"""
import json
import os

os.environ.update(CUDA_VISIBLE_DEVICES='', TF_ENABLE_ONEDNN_OPTS='0', TF_CPP_MIN_LOG_LEVEL='3', KERAS_BACKEND='tensorflow')
import numpy as np
import plain_code
from golden_cases import CASES, HERE, add_to_index, is_asked, write_answers
try:
    import keras_hub as H
    import keras
    IS_HUB = True
except ImportError:
    import keras_nlp as H
    from tensorflow import keras
    IS_HUB = False

L = keras.layers
N = H.layers
Input = keras.Input
IS_OLD = not IS_HUB and H.__version__.startswith('0.5')
PACKAGE = 'keras_hub' if IS_HUB else 'keras_nlp_old' if IS_OLD else 'keras_nlp'
FOLDER = os.path.join(HERE, 'custom_layers')


def case(**endings):
    """endings: by package, of the files that it can make."""
    def add(function):
        for ending in endings.get(PACKAGE, '').split():
            CASES.append((function, ending))
        return function
    return add


def normal(*shape):
    return lambda random: random.normal(0, 1, shape).astype('float32')


def whole(low, high, *shape):
    return lambda random: random.randint(low, high, shape).astype('int32')


def tokens(n_words, lengths, n_steps):
    """Sentences of these lengths, and zeros behind them."""
    def make(random):
        words = random.randint(1, n_words, (len(lengths), n_steps)).astype('int32')
        for row, length in enumerate(lengths):
            words[row, length:] = 0
        return words
    return make


def bits(*shape):
    """0 and 1, with a 1 in each row."""
    def make(random):
        values = (random.uniform(size=shape) < 0.6).astype('int32')
        values[..., 0] = 1
        return values
    return make


@case(keras_hub='keras', keras_nlp='keras')
def embeddings():
    words, longer, x = Input((6,), dtype='int32'), Input((4,)), Input((5, 8))
    return [words, longer, x], [
        N.TokenAndPositionEmbedding(20, 6, 8)(words), N.TokenAndPositionEmbedding(20, 9, 8, mask_zero=True)(words), N.TokenAndPositionEmbedding(20, 4, 5, tie_weights=False)(longer),
        N.PositionEmbedding(5)(x), N.PositionEmbedding(12)(x, start_index=3), N.SinePositionEncoding()(x), N.SinePositionEncoding(max_wavelength=100)(x, start_index=7),
        N.ReversibleEmbedding(20, 8)(words)], [whole(0, 20, 2, 6), lambda random: random.randint(0, 20, (2, 4)).astype('float32'), normal(2, 5, 8)]


@case(keras_nlp_old='h5 keras')
def old_embeddings():
    words, x = Input((6,), dtype='int32'), Input((5, 8))
    return [words, x], [N.TokenAndPositionEmbedding(20, 6, 8)(words), N.TokenAndPositionEmbedding(20, 9, 8, mask_zero=True)(words), N.PositionEmbedding(12)(x, start_index=3),
                        N.SinePositionEncoding(max_wavelength=100)(x)], [whole(0, 20, 2, 6), normal(2, 5, 8)]


@case(keras_hub='keras', keras_nlp='keras')
def open_lengths():
    words, x = Input((None,), dtype='int32'), Input((None, 6))
    e = N.TokenAndPositionEmbedding(20, 9, 8, mask_zero=True)(words)
    e = N.TransformerEncoder(16, 2)(e)
    e = N.TransformerDecoder(16, 2)(e)
    return [words, x], [e, N.PositionEmbedding(12)(x, start_index=2), N.SinePositionEncoding()(x, start_index=1), N.RotaryEmbedding()(x)], [tokens(20, [7, 4], 7), normal(2, 5, 6)]


@case(keras_hub='keras', keras_nlp='h5 keras')
def rotary():
    x, heads = Input((5, 8)), Input((7, 3, 6))
    second = dict(sequence_axis=2)
    return [x, heads], [N.RotaryEmbedding()(x), N.RotaryEmbedding(max_wavelength=100)(x, start_index=4), N.RotaryEmbedding()(heads), N.RotaryEmbedding(**second)(heads),
                        N.RotaryEmbedding(sequence_axis=-3)(heads)] + ([
        N.RotaryEmbedding(scaling_factor=2.5)(x), N.RotaryEmbedding(rope_type='dynamic', scaling_factor=3.0)(x), N.RotaryEmbedding(rope_type='yarn', scaling_factor=4.0)(x),
        N.RotaryEmbedding(rope_type='yarn', scaling_factor=2.0, truncate=False, beta_fast=8.0, beta_slow=2.0, original_max_position_embeddings=64, max_wavelength=500)(x),
        N.RotaryEmbedding(denominator_dim=12)(x), N.RotaryEmbedding(feature_axis=2, sequence_axis=3)(L.Permute((1, 3, 2))(heads)), N.RotaryEmbedding(rope_type='default', scaling_factor=9.0)(x)] if IS_HUB else []), [
        normal(2, 5, 8), normal(2, 7, 3, 6)]


@case(keras_hub='keras', keras_nlp='keras', keras_nlp_old='h5 keras')
def encoders():
    words, x, seen, pairs, others = Input((6,), dtype='int32'), Input((5, 8)), Input((5,), dtype='int32'), Input((5, 5), dtype='int32'), Input((6,), dtype='int32')
    E = N.TransformerEncoder

    def embedded():
        return N.TokenAndPositionEmbedding(20, 6, 8, mask_zero=True)(words)

    def first():  # Keras 3's MultiHeadAttention takes the mask off what it is given, so that nobody else must look at that
        return E(12, 2, activation='gelu')(embedded())
    return [words, x, seen, pairs, others], [
        first(), E(10, 4, normalize_first=True, layer_norm_epsilon=1e-3)(first()), E(10, 3, dropout=0.1)(embedded()), E(10, 2, normalize_first=True, dropout=0.2)(embedded()), L.LSTM(3)(first()),
        E(12, 2)(x), E(12, 2)(x, padding_mask=seen), E(12, 2, normalize_first=True)(x, attention_mask=pairs), E(12, 2)(x, padding_mask=seen, attention_mask=pairs),
        E(12, 2)(first(), padding_mask=others)], [
        tokens(20, [6, 4], 6), normal(2, 5, 8), bits(2, 5), bits(2, 5, 5), bits(2, 6)]


@case(keras_hub='keras')
def scores():
    x, four, three = Input((5, 8)), Input((4, 5, 6)), Input((3, 5, None))
    z, t = N.CachedMultiHeadAttention(2, 4)(x, x, return_attention_scores=True)
    return [x, four, three], [z, t, N.AlibiBias()(t), N.AlibiBias()(four), N.AlibiBias(alibi_bias_max=6)(three)], [normal(2, 5, 8), normal(2, 4, 5, 6), normal(2, 3, 5, 7)]


@case(keras_hub='keras', keras_nlp='keras')
def decoders():
    words, others, x, y, seen, pairs = Input((6,), dtype='int32'), Input((4,), dtype='int32'), Input((5, 8)), Input((4, 8)), Input((5,), dtype='int32'), Input((5, 5), dtype='int32')
    D = N.TransformerDecoder
    source = N.TransformerEncoder(12, 2)(N.TokenAndPositionEmbedding(20, 4, 8, mask_zero=True)(others))
    target = N.TokenAndPositionEmbedding(20, 6, 8, mask_zero=True)(words)
    return [words, others, x, y, seen, pairs], [
        L.LSTM(3)(D(12, 2)(target)), D(12, 2, normalize_first=True, activation='gelu')(target), D(12, 2)(target, source), D(12, 4, normalize_first=True, dropout=0.1)(target, source),
        D(12, 2)(x), D(12, 2)(x, y), D(12, 2)(x, use_causal_mask=False), D(12, 2)(x, decoder_padding_mask=seen, decoder_attention_mask=pairs),
        D(12, 2, layer_norm_epsilon=1e-3)(y, encoder_sequence=x, encoder_padding_mask=seen), D(12, 2)(x, encoder_sequence=x, encoder_attention_mask=pairs, use_causal_mask=False)], [
        tokens(20, [6, 4], 6), tokens(20, [4, 2], 4), normal(2, 5, 8), normal(2, 4, 8), bits(2, 5), bits(2, 5, 5)]


@case(keras_nlp_old='h5 keras')
def old_decoders():
    words, others, x, y, seen = Input((6,), dtype='int32'), Input((4,), dtype='int32'), Input((5, 8)), Input((4, 8)), Input((4,), dtype='int32')
    D = N.TransformerDecoder
    source = N.TransformerEncoder(12, 2)(N.TokenAndPositionEmbedding(20, 4, 8, mask_zero=True)(others))
    target = N.TokenAndPositionEmbedding(20, 6, 8, mask_zero=True)(words)
    return [words, others, x, y, seen], [D(12, 2)(target), D(12, 2)(target, source), D(12, 4, normalize_first=True, dropout=0.1)(target, source), D(12, 2)(x),
                                         D(12, 2)(target, source, encoder_padding_mask=seen), D(12, 2)(x, encoder_sequence=y, encoder_padding_mask=seen)], [
        tokens(20, [6, 4], 6), tokens(20, [4, 2], 4), normal(2, 5, 8), normal(2, 4, 8), bits(2, 4)]


@case(keras_hub='keras', keras_nlp='keras')
def cached_attention():
    x, y, pairs = Input((5, 6)), Input((4, 8)), Input((5, 4), dtype='int32')
    A = N.CachedMultiHeadAttention
    return [x, y, pairs], [A(2, 4)(x, x), A(3, 4, value_dim=5, use_bias=False)(x, y), A(2, 3, output_shape=7)(x, y, y), A(2, 3, dropout=0.1)(x, value=y, attention_mask=pairs)], [
        normal(2, 5, 6), normal(2, 4, 8), bits(2, 5, 4)]


@case(keras_hub='keras', keras_nlp='keras', keras_nlp_old='h5 keras')
def fourier_and_head():
    x, places = Input((5, 8)), Input((3,), dtype='int32')
    F, M = N.FNetEncoder, N.MaskedLMHead
    mixed = F(12)(x)
    return [x, places], [mixed, F(10, dropout=0.1, activation='gelu', layer_norm_epsilon=1e-3)(mixed), M(20)(mixed, mask_positions=places),
                         M(vocabulary_size=7, intermediate_activation='tanh', activation='softmax')(x, places)], [normal(2, 5, 8), whole(0, 5, 2, 3)]


@case(keras_hub='keras', keras_nlp='keras')
def shared_head():
    words, places = Input((5,), dtype='int32'), Input((3,), dtype='int32')
    embedding = N.ReversibleEmbedding(20, 8, name='tokens')
    e = N.TransformerEncoder(12, 2)(embedding(words))
    return [words, places], [N.MaskedLMHead(token_embedding=embedding)(e, places)], [whole(0, 20, 2, 5), whole(0, 5, 2, 3)]


@case(keras_hub='keras', keras_nlp='keras')
def shared_tokens():
    words, places = Input((5,), dtype='int32'), Input((3,), dtype='int32')
    both = N.TokenAndPositionEmbedding(20, 6, 8)
    e = N.TransformerEncoder(12, 2)(both(words))
    return [words, places], [N.MaskedLMHead(token_embedding=both.token_embedding)(e, places)], [whole(0, 20, 2, 5), whole(0, 5, 2, 3)]


def randomise(net, random):
    for weight in net.weights:
        if 'seed' in weight.name or 'int' in str(weight.dtype):
            continue
        value = random.normal(0, 0.5, tuple(weight.shape))
        weight.assign((value + 1 if 'gamma' in weight.name else value).astype('float32'))


def classes_of(net):
    result = set()
    for layer in json.loads(net.to_json())['config']['layers']:
        registered = layer.get('registered_name') or ''
        result.add(registered if '>' in registered and not registered.startswith(('keras', 'Custom')) or registered.startswith(('keras_hub>', 'keras_nlp>')) else layer['class_name'])
    return sorted(result)


def make(function, ending):
    name = '%s_%s%s' % (PACKAGE.replace('_old', ''), function.__name__, '_archive' if ending == 'keras' and not IS_HUB else '')
    if IS_OLD and '_old' not in name:
        name = name.replace('keras_nlp', 'keras_nlp_old')
    keras.backend.clear_session()
    if not IS_HUB:
        keras.backend.reset_uids()
    seed = sum(map(ord, name))
    random = np.random.RandomState(seed)
    inputs, outputs, makers = function()
    net = keras.Model(inputs, outputs)
    randomise(net, random)
    arrays = [maker(random) for maker in makers]
    answers = net(arrays, training=False)
    net.save(os.path.join(FOLDER, '%s.%s' % (name, ending)))
    write_answers('custom_layers', name, arrays, answers)
    add_to_index('custom_layers', name, ending, classes_of(net))


def main():
    for function, ending in CASES:
        if is_asked(function):
            make(function, ending)


main()
