// Each layer is its class's name, the arguments that were given by position, and the options that were said.
#include <hoarfrost/layers.h>

namespace hoarfrost::keras::layers {
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
Arguments said(const ConvOptions& o) {
  return {{"strides", o.strides},
          {"padding", o.padding},
          {"output_padding", o.output_padding},
          {"data_format", o.data_format},
          {"dilation_rate", o.dilation_rate},
          {"groups", o.groups},
          {"activation", o.activation},
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
Arguments said(const DepthwiseOptions& o) {
  return {{"strides", o.strides},
          {"padding", o.padding},
          {"data_format", o.data_format},
          {"dilation_rate", o.dilation_rate},
          {"depth_multiplier", o.depth_multiplier},
          {"activation", o.activation},
          {"use_bias", o.use_bias},
          {"depthwise_initializer", o.depthwise_initializer},
          {"pointwise_initializer", o.pointwise_initializer},
          {"bias_initializer", o.bias_initializer},
          {"depthwise_regularizer", o.depthwise_regularizer},
          {"pointwise_regularizer", o.pointwise_regularizer},
          {"bias_regularizer", o.bias_regularizer},
          {"activity_regularizer", o.activity_regularizer},
          {"depthwise_constraint", o.depthwise_constraint},
          {"pointwise_constraint", o.pointwise_constraint},
          {"bias_constraint", o.bias_constraint},
          {"name", o.name},
          {"trainable", o.trainable},
          {"dtype", o.dtype},
          {"input_shape", o.input_shape}};
}
Arguments said(const PoolingOptions& o) {
  return {{"strides", o.strides}, {"padding", o.padding}, {"data_format", o.data_format}, {"name", o.name}};
}
Arguments said(const GlobalPoolingOptions& o) {
  return {{"data_format", o.data_format}, {"keepdims", o.keepdims}, {"name", o.name}};
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

template <typename Options>
Layer make(const char* class_name, Arguments arguments, const Options& options) {
  const Arguments more = said(options);
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Layer(class_name, arguments);
}

}  // namespace

Layer Dense(const Argument& units, const DenseOptions& options) { return make("Dense", {{"units", units}}, options); }
Layer Activation(const Argument& activation, const LayerOptions& options) {
  return make("Activation", {{"activation", activation}}, options);
}
Layer Embedding(const Argument& input_dim, const Argument& output_dim, const EmbeddingOptions& options) {
  return make("Embedding", {{"input_dim", input_dim}, {"output_dim", output_dim}}, options);
}
Layer Masking(const Argument& mask_value, const LayerOptions& options) {
  return make("Masking", {{"mask_value", mask_value}}, options);
}
Layer Conv1D(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return make("Conv1D", {{"filters", filters}, {"kernel_size", kernel_size}}, options);
}
Layer Conv2D(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return make("Conv2D", {{"filters", filters}, {"kernel_size", kernel_size}}, options);
}
Layer Conv3D(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return make("Conv3D", {{"filters", filters}, {"kernel_size", kernel_size}}, options);
}
Layer Conv1DTranspose(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return make("Conv1DTranspose", {{"filters", filters}, {"kernel_size", kernel_size}}, options);
}
Layer Conv2DTranspose(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return make("Conv2DTranspose", {{"filters", filters}, {"kernel_size", kernel_size}}, options);
}
Layer Conv3DTranspose(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return make("Conv3DTranspose", {{"filters", filters}, {"kernel_size", kernel_size}}, options);
}
Layer DepthwiseConv1D(const Argument& kernel_size, const DepthwiseOptions& options) {
  return make("DepthwiseConv1D", {{"kernel_size", kernel_size}}, options);
}
Layer DepthwiseConv2D(const Argument& kernel_size, const DepthwiseOptions& options) {
  return make("DepthwiseConv2D", {{"kernel_size", kernel_size}}, options);
}
Layer SeparableConv1D(const Argument& filters, const Argument& kernel_size, const DepthwiseOptions& options) {
  return make("SeparableConv1D", {{"filters", filters}, {"kernel_size", kernel_size}}, options);
}
Layer SeparableConv2D(const Argument& filters, const Argument& kernel_size, const DepthwiseOptions& options) {
  return make("SeparableConv2D", {{"filters", filters}, {"kernel_size", kernel_size}}, options);
}
Layer MaxPooling1D(const Argument& pool_size, const PoolingOptions& options) {
  return make("MaxPooling1D", {{"pool_size", pool_size}}, options);
}
Layer MaxPooling2D(const Argument& pool_size, const PoolingOptions& options) {
  return make("MaxPooling2D", {{"pool_size", pool_size}}, options);
}
Layer MaxPooling3D(const Argument& pool_size, const PoolingOptions& options) {
  return make("MaxPooling3D", {{"pool_size", pool_size}}, options);
}
Layer AveragePooling1D(const Argument& pool_size, const PoolingOptions& options) {
  return make("AveragePooling1D", {{"pool_size", pool_size}}, options);
}
Layer AveragePooling2D(const Argument& pool_size, const PoolingOptions& options) {
  return make("AveragePooling2D", {{"pool_size", pool_size}}, options);
}
Layer AveragePooling3D(const Argument& pool_size, const PoolingOptions& options) {
  return make("AveragePooling3D", {{"pool_size", pool_size}}, options);
}
Layer GlobalMaxPooling1D(const GlobalPoolingOptions& options) { return make("GlobalMaxPooling1D", {}, options); }
Layer GlobalMaxPooling2D(const GlobalPoolingOptions& options) { return make("GlobalMaxPooling2D", {}, options); }
Layer GlobalMaxPooling3D(const GlobalPoolingOptions& options) { return make("GlobalMaxPooling3D", {}, options); }
Layer GlobalAveragePooling1D(const GlobalPoolingOptions& options) {
  return make("GlobalAveragePooling1D", {}, options);
}
Layer GlobalAveragePooling2D(const GlobalPoolingOptions& options) {
  return make("GlobalAveragePooling2D", {}, options);
}
Layer GlobalAveragePooling3D(const GlobalPoolingOptions& options) {
  return make("GlobalAveragePooling3D", {}, options);
}
Layer SimpleRNN(const Argument& units, const RecurrentOptions& options) {
  return make("SimpleRNN", {{"units", units}}, options);
}
Layer LSTM(const Argument& units, const RecurrentOptions& options) { return make("LSTM", {{"units", units}}, options); }
Layer GRU(const Argument& units, const RecurrentOptions& options) { return make("GRU", {{"units", units}}, options); }
Layer Bidirectional(const Layer& layer, const BidirectionalOptions& options) {
  return make("Bidirectional", {{"layer", layer}}, options);
}
Layer TimeDistributed(const Layer& layer, const LayerOptions& options) {
  return make("TimeDistributed", {{"layer", layer}}, options);
}
Layer BatchNormalization(const BatchNormalizationOptions& options) { return make("BatchNormalization", {}, options); }
Layer LayerNormalization(const LayerNormalizationOptions& options) { return make("LayerNormalization", {}, options); }
Layer UnitNormalization(const Argument& axis, const LayerOptions& options) {
  return make("UnitNormalization", {{"axis", axis}}, options);
}
Layer Dropout(const Argument& rate, const DropoutOptions& options) {
  return make("Dropout", {{"rate", rate}}, options);
}
Layer SpatialDropout1D(const Argument& rate, const LayerOptions& options) {
  return make("SpatialDropout1D", {{"rate", rate}}, options);
}
Layer SpatialDropout2D(const Argument& rate, const LayerOptions& options) {
  return make("SpatialDropout2D", {{"rate", rate}}, options);
}
Layer SpatialDropout3D(const Argument& rate, const LayerOptions& options) {
  return make("SpatialDropout3D", {{"rate", rate}}, options);
}
Layer GaussianNoise(const Argument& stddev, const LayerOptions& options) {
  return make("GaussianNoise", {{"stddev", stddev}}, options);
}
Layer GaussianDropout(const Argument& rate, const LayerOptions& options) {
  return make("GaussianDropout", {{"rate", rate}}, options);
}
Layer MultiHeadAttention(const Argument& num_heads, const Argument& key_dim, const MultiHeadAttentionOptions& options) {
  return make("MultiHeadAttention", {{"num_heads", num_heads}, {"key_dim", key_dim}}, options);
}
Layer Attention(const AttentionOptions& options) { return make("Attention", {}, options); }
Layer AdditiveAttention(const AttentionOptions& options) { return make("AdditiveAttention", {}, options); }
Layer Flatten(const LayerOptions& options) { return make("Flatten", {}, options); }
Layer Reshape(const Argument& target_shape, const LayerOptions& options) {
  return make("Reshape", {{"target_shape", target_shape}}, options);
}
Layer Permute(const Argument& dims, const LayerOptions& options) { return make("Permute", {{"dims", dims}}, options); }
Layer RepeatVector(const Argument& n, const LayerOptions& options) { return make("RepeatVector", {{"n", n}}, options); }
Layer ZeroPadding1D(const Argument& padding, const LayerOptions& options) {
  return make("ZeroPadding1D", {{"padding", padding}}, options);
}
Layer ZeroPadding2D(const Argument& padding, const LayerOptions& options) {
  return make("ZeroPadding2D", {{"padding", padding}}, options);
}
Layer ZeroPadding3D(const Argument& padding, const LayerOptions& options) {
  return make("ZeroPadding3D", {{"padding", padding}}, options);
}
Layer Cropping1D(const Argument& cropping, const LayerOptions& options) {
  return make("Cropping1D", {{"cropping", cropping}}, options);
}
Layer Cropping2D(const Argument& cropping, const LayerOptions& options) {
  return make("Cropping2D", {{"cropping", cropping}}, options);
}
Layer Cropping3D(const Argument& cropping, const LayerOptions& options) {
  return make("Cropping3D", {{"cropping", cropping}}, options);
}
Layer UpSampling1D(const Argument& size, const UpSamplingOptions& options) {
  return make("UpSampling1D", {{"size", size}}, options);
}
Layer UpSampling2D(const Argument& size, const UpSamplingOptions& options) {
  return make("UpSampling2D", {{"size", size}}, options);
}
Layer UpSampling3D(const Argument& size, const UpSamplingOptions& options) {
  return make("UpSampling3D", {{"size", size}}, options);
}
Layer Rescaling(const Argument& scale, const Argument& offset, const LayerOptions& options) {
  return make("Rescaling", {{"scale", scale}, {"offset", offset}}, options);
}
Layer Add(const LayerOptions& options) { return make("Add", {}, options); }
Layer Subtract(const LayerOptions& options) { return make("Subtract", {}, options); }
Layer Multiply(const LayerOptions& options) { return make("Multiply", {}, options); }
Layer Average(const LayerOptions& options) { return make("Average", {}, options); }
Layer Maximum(const LayerOptions& options) { return make("Maximum", {}, options); }
Layer Minimum(const LayerOptions& options) { return make("Minimum", {}, options); }
Layer Concatenate(const ConcatenateOptions& options) { return make("Concatenate", {}, options); }
Layer Dot(const Argument& axes, const DotOptions& options) { return make("Dot", {{"axes", axes}}, options); }
Layer ReLU(const ReLUOptions& options) { return make("ReLU", {}, options); }
Layer LeakyReLU(const Argument& alpha, const LayerOptions& options) {
  return make("LeakyReLU", {{"alpha", alpha}}, options);
}
Layer ELU(const Argument& alpha, const LayerOptions& options) { return make("ELU", {{"alpha", alpha}}, options); }
Layer PReLU(const PReLUOptions& options) { return make("PReLU", {}, options); }
Layer Softmax(const Argument& axis, const LayerOptions& options) { return make("Softmax", {{"axis", axis}}, options); }

}  // namespace hoarfrost::keras::layers
