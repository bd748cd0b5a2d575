#!/usr/bin/env python3
"""Writes tests/golden/keras/builder/*.json: to_json() of Keras 2.15 for the networks that src/keras/builder_test.cpp says again.

usage: make_builder_goldens.py [FOLDER]          (needs TensorFlow 2.15; the files are committed)
"""
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
import tensorflow as tf

L = tf.keras.layers
Input, Model, Sequential = tf.keras.Input, tf.keras.Model, tf.keras.Sequential


def residual():
    inputs = Input((32, 32, 3))
    x = L.Conv2D(16, 3, padding="same", kernel_initializer="he_normal", kernel_regularizer=tf.keras.regularizers.L2(1e-4))(inputs)
    x = L.BatchNormalization()(x)
    x = L.ReLU(6.0)(x)
    for filters in (16, 32):
        y = L.ZeroPadding2D(1)(x)
        y = L.Conv2D(filters, (3, 3), use_bias=False)(y)
        y = L.BatchNormalization(momentum=0.9, epsilon=1e-5)(y)
        y = L.LeakyReLU(0.1)(y)
        shortcut = L.Conv2D(filters, 1)(x)
        x = L.Add()([y, shortcut])
    a = L.AveragePooling2D(2, strides=1, padding="same")(x)
    b = L.DepthwiseConv2D((5, 5), padding="same", depthwise_constraint="max_norm")(x)
    x = L.Concatenate()([a, b, x])
    x = L.SeparableConv2D(8, 3, activation="swish", name="mix")(x)
    x = L.UpSampling2D(2, interpolation="bilinear")(x)
    x = L.GlobalAveragePooling2D()(x)
    return Model(inputs, L.Dense(10, "softmax", kernel_initializer=tf.keras.initializers.TruncatedNormal(stddev=0.02, seed=7))(x), name="residual")


def text():
    return Sequential([L.Embedding(1000, 16, mask_zero=True, input_length=20), L.SpatialDropout1D(0.2), L.Bidirectional(L.LSTM(8, return_sequences=True)),
                       L.Bidirectional(L.GRU(4, dropout=0.1), merge_mode="sum"), L.Dense(1, activation="sigmoid")])


def sequential():
    return Sequential([L.Conv2D(4, (3, 3), input_shape=(28, 28, 1)), L.Activation("relu"), L.MaxPooling2D(), L.Flatten(), L.Dense(5)], name="digits")


def shared():
    a, b = Input((8,), name="left"), Input((8,), name="right")
    tower = Sequential([Input((8,)), L.Dense(4, activation="relu"), L.Dense(3)])
    head = L.Dense(2)
    x, y = head(tower(a)), head(tower(b))
    distance = L.Dot(axes=1, normalize=True)([x, y])
    twice = head(L.Dense(3)(head(L.Subtract()([tower(a), tower(b)]))))
    return Model([a, b], [distance, twice, x])


def nested():
    inner_in = Input((6,))
    inner = Model(inner_in, [L.Dense(3)(inner_in), L.Dense(2, name="second")(inner_in)], name="inner")
    a, b, unused = Input((6,)), Input((6,), dtype="float64"), Input((2,))
    p, q = inner(a)
    r, _ = inner(L.Dense(6)(b))
    return Model([a, b, unused], [L.Average()([p, r]), q])


def sequences():
    query, memory = Input((5, 8)), Input((None, 8))
    x = L.MultiHeadAttention(2, 4, dropout=0.1)(query, memory)
    x = L.LayerNormalization(epsilon=1e-6)(L.Add()([query, x]))
    x = L.MultiHeadAttention(num_heads=2, key_dim=3, value_dim=5)(x, memory, memory)
    outputs, h, c = L.LSTM(6, return_sequences=True, return_state=True)(x)
    decoded = L.LSTM(6)(outputs, initial_state=[h, c])
    steps = L.TimeDistributed(L.Dense(3))(outputs)
    cells = L.RNN([L.LSTMCell(3), L.GRUCell(2)])(steps)
    single = L.RNN(L.SimpleRNNCell(3), return_sequences=True)(steps)
    attended = L.Attention()([single, single])
    return Model([query, memory], [decoded, cells, attended, h])


# A layer of each class, as nobody says anything about it.
def zoo():
    vector, sequence, image, volume = Input((6,)), Input((8, 4)), Input((8, 8, 4)), Input((8, 8, 8, 2))
    ends = []
    for layer in (L.ActivityRegularization(), L.AlphaDropout(0.1), L.Dropout(0.1), L.ELU(), L.GaussianDropout(0.1), L.GaussianNoise(0.1), L.Identity(), L.LeakyReLU(), L.Masking(), L.PReLU(), L.RepeatVector(3), L.Rescaling(2.0),
                  L.Reshape((2, 3)), L.Softmax(), L.ThresholdedReLU(), L.UnitNormalization(), L.Normalization(mean=1.0, variance=2.0)):
        ends.append(layer(vector))
    for layer in (L.AveragePooling1D(), L.Conv1D(2, 3), L.Conv1DTranspose(2, 3), L.Cropping1D(), L.DepthwiseConv1D(3), L.EinsumDense("abc,cd->abd", (None, 3)), L.GRU(2), L.SimpleRNN(2), L.GlobalAveragePooling1D(),
                  L.GlobalMaxPooling1D(), L.MaxPooling1D(), L.Permute((2, 1)), L.SeparableConv1D(2, 3), L.UpSampling1D(), L.ZeroPadding1D(2), L.Bidirectional(L.LSTM(2), backward_layer=L.LSTM(2, go_backwards=True))):
        ends.append(layer(sequence))
    for layer in (L.Conv2DTranspose(2, 3, strides=2), L.Cropping2D(((1, 2), (0, 1))), L.GlobalMaxPooling2D(), L.GroupNormalization(groups=2), L.RandomFlip(), L.RandomRotation(0.2), L.RandomZoom(0.2), L.RandomTranslation(0.1, 0.1),
                  L.RandomContrast(0.2), L.SpatialDropout2D(0.1), L.PReLU(shared_axes=[1, 2]), L.BatchNormalization(axis=1), L.LayerNormalization(axis=[1, 2]), L.TimeDistributed(L.Conv1D(2, 3))):
        ends.append(layer(image))
    for layer in (L.AveragePooling3D(), L.Conv3D(2, 3), L.Conv3DTranspose(2, 3), L.ConvLSTM2D(2, 3), L.Cropping3D(), L.GlobalAveragePooling3D(), L.GlobalMaxPooling3D(), L.MaxPooling3D(), L.SpatialDropout3D(0.1), L.UpSampling3D(),
                  L.ZeroPadding3D()):
        ends.append(layer(volume))
    for layer in (L.Multiply(), L.Maximum(), L.Minimum(), L.AdditiveAttention()):
        ends.append(layer([sequence, sequence]))
    return Model([vector, sequence, image, volume], ends)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "tests", "golden", "keras", "builder")
    os.makedirs(folder, exist_ok=True)
    for make in (residual, text, sequential, shared, nested, sequences, zoo):
        tf.keras.backend.clear_session()
        with open(os.path.join(folder, make.__name__ + ".json"), "w") as file:
            file.write(make().to_json() + "\n")


if __name__ == "__main__":
    main()
