// The common layers of Keras 2.15, ready to be called (hoarfrost/builder.h): Keras' class names, the arguments that
// Keras takes by position, and the others by their names, in the order of Keras' signatures, as C++ wants designators:
//
//   Conv2D(32, {3, 3}, {.strides = 2, .padding = "same", .activation = "relu"})
//   Dense(10, {.activation = "softmax", .kernel_regularizer = Object{"L2", {{"l2", 1e-4}}}, .name = "scores"})
//   Add()({x, y})
//   Bidirectional(LSTM(64, {.return_sequences = true}))
//
// Every argument that is not said is Keras' default. Layer("ClassName", {{"argument", value}, …}) makes those that are
// not here. All throw what Layer's constructor throws: an option that a class of the family has not among it.
#pragma once

#include <hoarfrost/builder.h>

namespace hoarfrost::keras::layers {

// Of every layer.
struct LayerOptions {
  Argument name{}, trainable{}, dtype{}, input_shape{};
};

// --- Core
struct DenseOptions {
  Argument activation{}, use_bias{}, kernel_initializer{}, bias_initializer{}, kernel_regularizer{}, bias_regularizer{},
      activity_regularizer{}, kernel_constraint{}, bias_constraint{}, name{}, trainable{}, dtype{}, input_shape{};
};
Layer Dense(const Argument& units, const DenseOptions& options = {});
Layer Activation(const Argument& activation, const LayerOptions& options = {});
struct EmbeddingOptions {
  Argument embeddings_initializer{}, embeddings_regularizer{}, embeddings_constraint{}, mask_zero{}, input_length{},
      name{}, trainable{}, dtype{};
};
Layer Embedding(const Argument& input_dim, const Argument& output_dim, const EmbeddingOptions& options = {});
Layer Masking(const Argument& mask_value = {}, const LayerOptions& options = {});

// --- Convolution. kernel_size: one number, or one per axis.
struct ConvOptions {  // output_padding: of the transposed ones
  Argument strides{}, padding{}, output_padding{}, data_format{}, dilation_rate{}, groups{}, activation{}, use_bias{},
      kernel_initializer{}, bias_initializer{}, kernel_regularizer{}, bias_regularizer{}, activity_regularizer{},
      kernel_constraint{}, bias_constraint{}, name{}, trainable{}, dtype{}, input_shape{};
};
Layer Conv1D(const Argument& filters, const Argument& kernel_size, const ConvOptions& options = {});
Layer Conv2D(const Argument& filters, const Argument& kernel_size, const ConvOptions& options = {});
Layer Conv3D(const Argument& filters, const Argument& kernel_size, const ConvOptions& options = {});
Layer Conv1DTranspose(const Argument& filters, const Argument& kernel_size, const ConvOptions& options = {});
Layer Conv2DTranspose(const Argument& filters, const Argument& kernel_size, const ConvOptions& options = {});
Layer Conv3DTranspose(const Argument& filters, const Argument& kernel_size, const ConvOptions& options = {});
struct DepthwiseOptions {  // pointwise_…: of the separable ones
  Argument strides{}, padding{}, data_format{}, dilation_rate{}, depth_multiplier{}, activation{}, use_bias{},
      depthwise_initializer{}, pointwise_initializer{}, bias_initializer{}, depthwise_regularizer{},
      pointwise_regularizer{}, bias_regularizer{}, activity_regularizer{}, depthwise_constraint{},
      pointwise_constraint{}, bias_constraint{}, name{}, trainable{}, dtype{}, input_shape{};
};
Layer DepthwiseConv1D(const Argument& kernel_size, const DepthwiseOptions& options = {});
Layer DepthwiseConv2D(const Argument& kernel_size, const DepthwiseOptions& options = {});
Layer SeparableConv1D(const Argument& filters, const Argument& kernel_size, const DepthwiseOptions& options = {});
Layer SeparableConv2D(const Argument& filters, const Argument& kernel_size, const DepthwiseOptions& options = {});

// --- Pooling. Strides are the pool's size unless they are said.
struct PoolingOptions {
  Argument strides{}, padding{}, data_format{}, name{};
};
Layer MaxPooling1D(const Argument& pool_size = 2, const PoolingOptions& options = {});
Layer MaxPooling2D(const Argument& pool_size = 2, const PoolingOptions& options = {});
Layer MaxPooling3D(const Argument& pool_size = 2, const PoolingOptions& options = {});
Layer AveragePooling1D(const Argument& pool_size = 2, const PoolingOptions& options = {});
Layer AveragePooling2D(const Argument& pool_size = 2, const PoolingOptions& options = {});
Layer AveragePooling3D(const Argument& pool_size = 2, const PoolingOptions& options = {});
struct GlobalPoolingOptions {
  Argument data_format{}, keepdims{}, name{};
};
Layer GlobalMaxPooling1D(const GlobalPoolingOptions& options = {});
Layer GlobalMaxPooling2D(const GlobalPoolingOptions& options = {});
Layer GlobalMaxPooling3D(const GlobalPoolingOptions& options = {});
Layer GlobalAveragePooling1D(const GlobalPoolingOptions& options = {});
Layer GlobalAveragePooling2D(const GlobalPoolingOptions& options = {});
Layer GlobalAveragePooling3D(const GlobalPoolingOptions& options = {});

// --- Recurrence
struct RecurrentOptions {  // recurrent_activation: of LSTM and GRU; unit_forget_bias of LSTM; reset_after of GRU
  Argument activation{}, recurrent_activation{}, use_bias{}, kernel_initializer{}, recurrent_initializer{},
      bias_initializer{}, unit_forget_bias{}, kernel_regularizer{}, recurrent_regularizer{}, bias_regularizer{},
      activity_regularizer{}, kernel_constraint{}, recurrent_constraint{}, bias_constraint{}, dropout{},
      recurrent_dropout{}, return_sequences{}, return_state{}, go_backwards{}, stateful{}, time_major{}, unroll{},
      reset_after{}, name{}, trainable{}, dtype{}, input_shape{};
};
Layer SimpleRNN(const Argument& units, const RecurrentOptions& options = {});
Layer LSTM(const Argument& units, const RecurrentOptions& options = {});
Layer GRU(const Argument& units, const RecurrentOptions& options = {});
struct BidirectionalOptions {
  Argument merge_mode{}, backward_layer{}, name{}, input_shape{};
};
Layer Bidirectional(const Layer& layer, const BidirectionalOptions& options = {});
Layer TimeDistributed(const Layer& layer, const LayerOptions& options = {});

// --- Normalization
struct BatchNormalizationOptions {
  Argument axis{}, momentum{}, epsilon{}, center{}, scale{}, beta_initializer{}, gamma_initializer{},
      moving_mean_initializer{}, moving_variance_initializer{}, beta_regularizer{}, gamma_regularizer{},
      beta_constraint{}, gamma_constraint{}, name{}, trainable{}, dtype{}, input_shape{};
};
Layer BatchNormalization(const BatchNormalizationOptions& options = {});
struct LayerNormalizationOptions {
  Argument axis{}, epsilon{}, center{}, scale{}, beta_initializer{}, gamma_initializer{}, beta_regularizer{},
      gamma_regularizer{}, beta_constraint{}, gamma_constraint{}, name{}, trainable{}, dtype{};
};
Layer LayerNormalization(const LayerNormalizationOptions& options = {});
Layer UnitNormalization(const Argument& axis = {}, const LayerOptions& options = {});

// --- Regularization
struct DropoutOptions {
  Argument noise_shape{}, seed{}, name{}, input_shape{};
};
Layer Dropout(const Argument& rate, const DropoutOptions& options = {});
Layer SpatialDropout1D(const Argument& rate, const LayerOptions& options = {});
Layer SpatialDropout2D(const Argument& rate, const LayerOptions& options = {});
Layer SpatialDropout3D(const Argument& rate, const LayerOptions& options = {});
Layer GaussianNoise(const Argument& stddev, const LayerOptions& options = {});
Layer GaussianDropout(const Argument& rate, const LayerOptions& options = {});

// --- Attention. They are called as attention({query, value}) and heads(query, {{"value", value}}).
struct MultiHeadAttentionOptions {
  Argument value_dim{}, dropout{}, use_bias{}, output_shape{}, attention_axes{}, kernel_initializer{},
      bias_initializer{}, name{}, trainable{}, dtype{};
};
Layer MultiHeadAttention(const Argument& num_heads, const Argument& key_dim,
                         const MultiHeadAttentionOptions& options = {});
struct AttentionOptions {
  Argument use_scale{}, score_mode{}, dropout{}, name{};
};
Layer Attention(const AttentionOptions& options = {});
Layer AdditiveAttention(const AttentionOptions& options = {});

// --- Reshaping
Layer Flatten(const LayerOptions& options = {});
Layer Reshape(const Argument& target_shape, const LayerOptions& options = {});
Layer Permute(const Argument& dims, const LayerOptions& options = {});
Layer RepeatVector(const Argument& n, const LayerOptions& options = {});
Layer ZeroPadding1D(const Argument& padding = 1, const LayerOptions& options = {});
Layer ZeroPadding2D(const Argument& padding = 1, const LayerOptions& options = {});
Layer ZeroPadding3D(const Argument& padding = 1, const LayerOptions& options = {});
Layer Cropping1D(const Argument& cropping = 1, const LayerOptions& options = {});
Layer Cropping2D(const Argument& cropping = {}, const LayerOptions& options = {});
Layer Cropping3D(const Argument& cropping = 1, const LayerOptions& options = {});
struct UpSamplingOptions {  // interpolation: of UpSampling2D
  Argument data_format{}, interpolation{}, name{};
};
Layer UpSampling1D(const Argument& size = 2, const UpSamplingOptions& options = {});
Layer UpSampling2D(const Argument& size = 2, const UpSamplingOptions& options = {});
Layer UpSampling3D(const Argument& size = 2, const UpSamplingOptions& options = {});
Layer Rescaling(const Argument& scale, const Argument& offset = {}, const LayerOptions& options = {});

// --- Merging: of {x, y, …}
Layer Add(const LayerOptions& options = {});
Layer Subtract(const LayerOptions& options = {});
Layer Multiply(const LayerOptions& options = {});
Layer Average(const LayerOptions& options = {});
Layer Maximum(const LayerOptions& options = {});
Layer Minimum(const LayerOptions& options = {});
struct ConcatenateOptions {
  Argument axis{}, name{};
};
Layer Concatenate(const ConcatenateOptions& options = {});
struct DotOptions {
  Argument normalize{}, name{};
};
Layer Dot(const Argument& axes, const DotOptions& options = {});

// --- Activations
struct ReLUOptions {
  Argument max_value{}, negative_slope{}, threshold{}, name{};
};
Layer ReLU(const ReLUOptions& options = {});
Layer LeakyReLU(const Argument& alpha = {}, const LayerOptions& options = {});
Layer ELU(const Argument& alpha = {}, const LayerOptions& options = {});
struct PReLUOptions {
  Argument alpha_initializer{}, alpha_regularizer{}, alpha_constraint{}, shared_axes{}, name{};
};
Layer PReLU(const PReLUOptions& options = {});
Layer Softmax(const Argument& axis = {}, const LayerOptions& options = {});

}  // namespace hoarfrost::keras::layers
