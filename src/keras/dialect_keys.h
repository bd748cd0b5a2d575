// What only one of Keras 2.15.0 and 3.15.0 knows: keys that get_config() of a class gives, classes, and activations.
#pragma once

#include <string_view>

namespace hoarfrost::keras {

// A key that the other Keras does not know. It is left out where its value is the one given ("*": any), which says
// nothing.
struct Key {
  std::string_view classes;  // those that have it, "" for all; a name that ends in * stands for all that begin so
  std::string_view name;
  std::string_view idle;
};

inline constexpr Key kOnlyKeras2[] = {
    {"Conv1DTranspose Conv2DTranspose Conv3DTranspose Depthwise* Separable*", "groups", "1"},
    {"", "time_major", "false"},
    {"", "implementation", "*"},
    {"", "input_length", "*"},
    {"", "batch_input_shape", "*"},
    {"", "input_dtype", "*"},
    {"", "num_constants", "null"},
    {"", "activity_regularizer", "null"},
    {"Separable*", "kernel_initializer", "*"},
    {"Separable*", "kernel_regularizer", "null"},
    {"Separable*", "kernel_constraint", "null"},
    {"SpatialDropout*", "noise_shape", "null"},
    {"SpatialDropout* Discretization", "trainable", "*"},  // they have no weights
    {"CategoryEncoding", "sparse", "false"},
    {"MultiHeadAttention", "query_shape", "*"},
    {"MultiHeadAttention", "key_shape", "*"},
    {"MultiHeadAttention", "value_shape", "*"},
    {"BatchNormalization", "fused", "*"},
    {"BatchNormalization", "virtual_batch_size", "null"},
    {"BatchNormalization", "adjustment", "null"},
};

inline constexpr Key kOnlyKeras3[] = {
    {"BatchNormalization", "synchronized", "false"},
    {"BatchNormalization", "renorm", "false"},
    {"BatchNormalization", "renorm_clipping", "null"},
    {"BatchNormalization", "renorm_momentum", "*"},
    {"Attention AdditiveAttention MultiHeadAttention RNN LSTM GRU SimpleRNN LSTMCell GRUCell SimpleRNNCell ConvLSTM*",
     "seed", "*"},
    {"AlphaDropout", "noise_shape", "null"},
    {"", "quantization_config", "null"},
    {"", "quantization_mode", "null"},
    {"", "lora_rank", "null"},
    {"", "lora_alpha", "null"},
    {"", "zero_output_for_mask", "false"},
    {"", "autocast", "*"},
    {"CenterCrop Random* SpatialDropout* ZeroPadding1D Resizing", "data_format", "\"channels_last\""},
    {"Conv3DTranspose", "dilation_rate", "[1,1,1]"},
    {"LayerNormalization", "rms_scaling", "false"},
    {"MultiHeadAttention", "use_gate", "false"},
    {"MultiHeadAttention", "sliding_window", "null"},
    {"MultiHeadAttention", "flash_attention", "null"},
    {"RandomContrast", "value_range", "*"},
    {"Resizing", "pad_to_aspect_ratio", "false"},
    {"Resizing", "fill_mode", "*"},
    {"Resizing", "fill_value", "*"},
    {"Resizing", "antialias", "false"},
    {"InputLayer", "optional", "false"},
    {"IntegerLookup StringLookup", "oov_method", "\"floormod\""},
    {"IntegerLookup StringLookup", "salt", "null"},
};

inline constexpr std::string_view kClassesOnlyKeras2[] = {
    "ThresholdedReLU",  "LocallyConnected1D", "LocallyConnected2D",     "CuDNNLSTM",         "CuDNNGRU",
    "TFOpLambda",       "SlicingOpLambda",    "SyncBatchNormalization", "TensorFlowOpLayer", "DenseFeatures",
    "RandomHeight",     "RandomWidth",        "RandomFourierFeatures",  "PruneLowMagnitude", "QuantizeAnnotate",
    "QuantizeLayer",    "QuantizeWrapper",    "QuantizeWrapperV2",      "ClusterWeights",    "ClusterWeightsRNN",
    "ClusterWeightsMHA"};
inline constexpr std::string_view kClassesOnlyKeras3[] = {"RMSNormalization",
                                                          "GroupQueryAttention",
                                                          "AdaptiveAveragePooling1D",
                                                          "AdaptiveAveragePooling2D",
                                                          "AdaptiveAveragePooling3D",
                                                          "AdaptiveMaxPooling1D",
                                                          "AdaptiveMaxPooling2D",
                                                          "AdaptiveMaxPooling3D",
                                                          "MelSpectrogram",
                                                          "ReversibleEmbedding",
                                                          "STFTSpectrogram",
                                                          "RandomShear",
                                                          "RandomColorDegeneration",
                                                          "RandomColorJitter",
                                                          "RandomElasticTransform",
                                                          "RandomErasing",
                                                          "RandomGaussianBlur",
                                                          "RandomGrayscale",
                                                          "RandomHue",
                                                          "RandomInvert",
                                                          "RandomPerspective",
                                                          "RandomPosterization",
                                                          "RandomSaturation",
                                                          "RandomSharpness",
                                                          "AugMix",
                                                          "CutMix",
                                                          "MixUp",
                                                          "RandAugment",
                                                          "Solarization",
                                                          "MaxNumBoundingBoxes",
                                                          "AutoContrast",
                                                          "Equalization",
                                                          "ContrastLimitedAdaptiveHistogramEqualization",
                                                          "Pipeline"};
// Activations by name that Keras 2.15 finds.
inline constexpr std::string_view kActivationsOfKeras2[] = {
    "elu",   "exponential", "gelu",    "hard_sigmoid", "leaky_relu", "linear",   "log_softmax", "mish",  "relu",
    "relu6", "selu",        "sigmoid", "silu",         "softmax",    "softplus", "softsign",    "swish", "tanh"};

}  // namespace hoarfrost::keras
