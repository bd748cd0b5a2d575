// The others: each layer is its class's name, the arguments given by position, and the options that were said.
#include <hoarfrost/layers.h>

#include "keras/builder/made.h"

namespace hoarfrost::keras::layers {

using builder::made;

namespace {

Arguments said(const LayerOptions& o) {
  return {{"name", o.name}, {"trainable", o.trainable}, {"dtype", o.dtype}, {"input_shape", o.input_shape}};
}
Arguments said(const DenseOptions& o) {
  return {{"activation", o.activation},
          {"use_bias", o.use_bias},
          {"kernel_initializer", o.kernel_initializer},
          {"bias_initializer", o.bias_initializer},
          {"kernel_regularizer", o.kernel_regularizer},
          {"bias_regularizer", o.bias_regularizer},
          {"activity_regularizer", o.activity_regularizer},
          {"kernel_constraint", o.kernel_constraint},
          {"bias_constraint", o.bias_constraint},
          {"name", o.name},
          {"trainable", o.trainable},
          {"dtype", o.dtype},
          {"input_shape", o.input_shape}};
}
Arguments said(const EmbeddingOptions& o) {
  return {{"embeddings_initializer", o.embeddings_initializer},
          {"embeddings_regularizer", o.embeddings_regularizer},
          {"embeddings_constraint", o.embeddings_constraint},
          {"mask_zero", o.mask_zero},
          {"input_length", o.input_length},
          {"name", o.name},
          {"trainable", o.trainable},
          {"dtype", o.dtype}};
}
Arguments said(const RecurrentOptions& o) {
  return {{"activation", o.activation},
          {"recurrent_activation", o.recurrent_activation},
          {"use_bias", o.use_bias},
          {"kernel_initializer", o.kernel_initializer},
          {"recurrent_initializer", o.recurrent_initializer},
          {"bias_initializer", o.bias_initializer},
          {"unit_forget_bias", o.unit_forget_bias},
          {"kernel_regularizer", o.kernel_regularizer},
          {"recurrent_regularizer", o.recurrent_regularizer},
          {"bias_regularizer", o.bias_regularizer},
          {"activity_regularizer", o.activity_regularizer},
          {"kernel_constraint", o.kernel_constraint},
          {"recurrent_constraint", o.recurrent_constraint},
          {"bias_constraint", o.bias_constraint},
          {"dropout", o.dropout},
          {"recurrent_dropout", o.recurrent_dropout},
          {"return_sequences", o.return_sequences},
          {"return_state", o.return_state},
          {"go_backwards", o.go_backwards},
          {"stateful", o.stateful},
          {"time_major", o.time_major},
          {"unroll", o.unroll},
          {"reset_after", o.reset_after},
          {"name", o.name},
          {"trainable", o.trainable},
          {"dtype", o.dtype},
          {"input_shape", o.input_shape}};
}
Arguments said(const BidirectionalOptions& o) {
  return {{"merge_mode", o.merge_mode},
          {"backward_layer", o.backward_layer},
          {"name", o.name},
          {"input_shape", o.input_shape}};
}
Arguments said(const BatchNormalizationOptions& o) {
  return {{"axis", o.axis},
          {"momentum", o.momentum},
          {"epsilon", o.epsilon},
          {"center", o.center},
          {"scale", o.scale},
          {"beta_initializer", o.beta_initializer},
          {"gamma_initializer", o.gamma_initializer},
          {"moving_mean_initializer", o.moving_mean_initializer},
          {"moving_variance_initializer", o.moving_variance_initializer},
          {"beta_regularizer", o.beta_regularizer},
          {"gamma_regularizer", o.gamma_regularizer},
          {"beta_constraint", o.beta_constraint},
          {"gamma_constraint", o.gamma_constraint},
          {"name", o.name},
          {"trainable", o.trainable},
          {"dtype", o.dtype},
          {"input_shape", o.input_shape}};
}
Arguments said(const LayerNormalizationOptions& o) {
  return {{"axis", o.axis},
          {"epsilon", o.epsilon},
          {"center", o.center},
          {"scale", o.scale},
          {"beta_initializer", o.beta_initializer},
          {"gamma_initializer", o.gamma_initializer},
          {"beta_regularizer", o.beta_regularizer},
          {"gamma_regularizer", o.gamma_regularizer},
          {"beta_constraint", o.beta_constraint},
          {"gamma_constraint", o.gamma_constraint},
          {"name", o.name},
          {"trainable", o.trainable},
          {"dtype", o.dtype}};
}
Arguments said(const DropoutOptions& o) {
  return {{"noise_shape", o.noise_shape}, {"seed", o.seed}, {"name", o.name}, {"input_shape", o.input_shape}};
}
Arguments said(const MultiHeadAttentionOptions& o) {
  return {{"value_dim", o.value_dim},
          {"dropout", o.dropout},
          {"use_bias", o.use_bias},
          {"output_shape", o.output_shape},
          {"attention_axes", o.attention_axes},
          {"kernel_initializer", o.kernel_initializer},
          {"bias_initializer", o.bias_initializer},
          {"name", o.name},
          {"trainable", o.trainable},
          {"dtype", o.dtype}};
}
Arguments said(const AttentionOptions& o) {
  return {{"use_scale", o.use_scale}, {"score_mode", o.score_mode}, {"dropout", o.dropout}, {"name", o.name}};
}
Arguments said(const UpSamplingOptions& o) {
  return {{"data_format", o.data_format}, {"interpolation", o.interpolation}, {"name", o.name}};
}
Arguments said(const ConcatenateOptions& o) { return {{"axis", o.axis}, {"name", o.name}}; }
Arguments said(const DotOptions& o) { return {{"normalize", o.normalize}, {"name", o.name}}; }
Arguments said(const ReLUOptions& o) {
  return {
      {"max_value", o.max_value}, {"negative_slope", o.negative_slope}, {"threshold", o.threshold}, {"name", o.name}};
}
Arguments said(const PReLUOptions& o) {
  return {{"alpha_initializer", o.alpha_initializer},
          {"alpha_regularizer", o.alpha_regularizer},
          {"alpha_constraint", o.alpha_constraint},
          {"shared_axes", o.shared_axes},
          {"name", o.name}};
}

}  // namespace

Layer Dense(const Argument& units, const DenseOptions& options) {
  return made("Dense", {{"units", units}}, said(options));
}
Layer Activation(const Argument& activation, const LayerOptions& options) {
  return made("Activation", {{"activation", activation}}, said(options));
}
Layer Embedding(const Argument& input_dim, const Argument& output_dim, const EmbeddingOptions& options) {
  return made("Embedding", {{"input_dim", input_dim}, {"output_dim", output_dim}}, said(options));
}
Layer Masking(const Argument& mask_value, const LayerOptions& options) {
  return made("Masking", {{"mask_value", mask_value}}, said(options));
}
Layer SimpleRNN(const Argument& units, const RecurrentOptions& options) {
  return made("SimpleRNN", {{"units", units}}, said(options));
}
Layer LSTM(const Argument& units, const RecurrentOptions& options) {
  return made("LSTM", {{"units", units}}, said(options));
}
Layer GRU(const Argument& units, const RecurrentOptions& options) {
  return made("GRU", {{"units", units}}, said(options));
}
Layer Bidirectional(const Layer& layer, const BidirectionalOptions& options) {
  return made("Bidirectional", {{"layer", layer}}, said(options));
}
Layer TimeDistributed(const Layer& layer, const LayerOptions& options) {
  return made("TimeDistributed", {{"layer", layer}}, said(options));
}
Layer BatchNormalization(const BatchNormalizationOptions& options) {
  return made("BatchNormalization", {}, said(options));
}
Layer LayerNormalization(const LayerNormalizationOptions& options) {
  return made("LayerNormalization", {}, said(options));
}
Layer UnitNormalization(const Argument& axis, const LayerOptions& options) {
  return made("UnitNormalization", {{"axis", axis}}, said(options));
}
Layer Dropout(const Argument& rate, const DropoutOptions& options) {
  return made("Dropout", {{"rate", rate}}, said(options));
}
Layer SpatialDropout1D(const Argument& rate, const LayerOptions& options) {
  return made("SpatialDropout1D", {{"rate", rate}}, said(options));
}
Layer SpatialDropout2D(const Argument& rate, const LayerOptions& options) {
  return made("SpatialDropout2D", {{"rate", rate}}, said(options));
}
Layer SpatialDropout3D(const Argument& rate, const LayerOptions& options) {
  return made("SpatialDropout3D", {{"rate", rate}}, said(options));
}
Layer GaussianNoise(const Argument& stddev, const LayerOptions& options) {
  return made("GaussianNoise", {{"stddev", stddev}}, said(options));
}
Layer GaussianDropout(const Argument& rate, const LayerOptions& options) {
  return made("GaussianDropout", {{"rate", rate}}, said(options));
}
Layer MultiHeadAttention(const Argument& num_heads, const Argument& key_dim, const MultiHeadAttentionOptions& options) {
  return made("MultiHeadAttention", {{"num_heads", num_heads}, {"key_dim", key_dim}}, said(options));
}
Layer Attention(const AttentionOptions& options) { return made("Attention", {}, said(options)); }
Layer AdditiveAttention(const AttentionOptions& options) { return made("AdditiveAttention", {}, said(options)); }
Layer Flatten(const LayerOptions& options) { return made("Flatten", {}, said(options)); }
Layer Reshape(const Argument& target_shape, const LayerOptions& options) {
  return made("Reshape", {{"target_shape", target_shape}}, said(options));
}
Layer Permute(const Argument& dims, const LayerOptions& options) {
  return made("Permute", {{"dims", dims}}, said(options));
}
Layer RepeatVector(const Argument& n, const LayerOptions& options) {
  return made("RepeatVector", {{"n", n}}, said(options));
}
Layer ZeroPadding1D(const Argument& padding, const LayerOptions& options) {
  return made("ZeroPadding1D", {{"padding", padding}}, said(options));
}
Layer ZeroPadding2D(const Argument& padding, const LayerOptions& options) {
  return made("ZeroPadding2D", {{"padding", padding}}, said(options));
}
Layer ZeroPadding3D(const Argument& padding, const LayerOptions& options) {
  return made("ZeroPadding3D", {{"padding", padding}}, said(options));
}
Layer Cropping1D(const Argument& cropping, const LayerOptions& options) {
  return made("Cropping1D", {{"cropping", cropping}}, said(options));
}
Layer Cropping2D(const Argument& cropping, const LayerOptions& options) {
  return made("Cropping2D", {{"cropping", cropping}}, said(options));
}
Layer Cropping3D(const Argument& cropping, const LayerOptions& options) {
  return made("Cropping3D", {{"cropping", cropping}}, said(options));
}
Layer UpSampling1D(const Argument& size, const UpSamplingOptions& options) {
  return made("UpSampling1D", {{"size", size}}, said(options));
}
Layer UpSampling2D(const Argument& size, const UpSamplingOptions& options) {
  return made("UpSampling2D", {{"size", size}}, said(options));
}
Layer UpSampling3D(const Argument& size, const UpSamplingOptions& options) {
  return made("UpSampling3D", {{"size", size}}, said(options));
}
Layer Rescaling(const Argument& scale, const Argument& offset, const LayerOptions& options) {
  return made("Rescaling", {{"scale", scale}, {"offset", offset}}, said(options));
}
Layer Add(const LayerOptions& options) { return made("Add", {}, said(options)); }
Layer Subtract(const LayerOptions& options) { return made("Subtract", {}, said(options)); }
Layer Multiply(const LayerOptions& options) { return made("Multiply", {}, said(options)); }
Layer Average(const LayerOptions& options) { return made("Average", {}, said(options)); }
Layer Maximum(const LayerOptions& options) { return made("Maximum", {}, said(options)); }
Layer Minimum(const LayerOptions& options) { return made("Minimum", {}, said(options)); }
Layer Concatenate(const ConcatenateOptions& options) { return made("Concatenate", {}, said(options)); }
Layer Dot(const Argument& axes, const DotOptions& options) { return made("Dot", {{"axes", axes}}, said(options)); }
Layer ReLU(const ReLUOptions& options) { return made("ReLU", {}, said(options)); }
Layer LeakyReLU(const Argument& alpha, const LayerOptions& options) {
  return made("LeakyReLU", {{"alpha", alpha}}, said(options));
}
Layer ELU(const Argument& alpha, const LayerOptions& options) { return made("ELU", {{"alpha", alpha}}, said(options)); }
Layer PReLU(const PReLUOptions& options) { return made("PReLU", {}, said(options)); }
Layer Softmax(const Argument& axis, const LayerOptions& options) {
  return made("Softmax", {{"axis", axis}}, said(options));
}

}  // namespace hoarfrost::keras::layers
