// Convolution and pooling: each layer is its class's name, the arguments given by position, and the options that were
// said.
#include <hoarfrost/layers.h>

#include "keras/builder/made.h"

namespace hoarfrost::keras::layers {

using builder::made;

namespace {

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

}  // namespace

Layer Conv1D(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return made("Conv1D", {{"filters", filters}, {"kernel_size", kernel_size}}, said(options));
}
Layer Conv2D(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return made("Conv2D", {{"filters", filters}, {"kernel_size", kernel_size}}, said(options));
}
Layer Conv3D(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return made("Conv3D", {{"filters", filters}, {"kernel_size", kernel_size}}, said(options));
}
Layer Conv1DTranspose(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return made("Conv1DTranspose", {{"filters", filters}, {"kernel_size", kernel_size}}, said(options));
}
Layer Conv2DTranspose(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return made("Conv2DTranspose", {{"filters", filters}, {"kernel_size", kernel_size}}, said(options));
}
Layer Conv3DTranspose(const Argument& filters, const Argument& kernel_size, const ConvOptions& options) {
  return made("Conv3DTranspose", {{"filters", filters}, {"kernel_size", kernel_size}}, said(options));
}
Layer DepthwiseConv1D(const Argument& kernel_size, const DepthwiseOptions& options) {
  return made("DepthwiseConv1D", {{"kernel_size", kernel_size}}, said(options));
}
Layer DepthwiseConv2D(const Argument& kernel_size, const DepthwiseOptions& options) {
  return made("DepthwiseConv2D", {{"kernel_size", kernel_size}}, said(options));
}
Layer SeparableConv1D(const Argument& filters, const Argument& kernel_size, const DepthwiseOptions& options) {
  return made("SeparableConv1D", {{"filters", filters}, {"kernel_size", kernel_size}}, said(options));
}
Layer SeparableConv2D(const Argument& filters, const Argument& kernel_size, const DepthwiseOptions& options) {
  return made("SeparableConv2D", {{"filters", filters}, {"kernel_size", kernel_size}}, said(options));
}
Layer MaxPooling1D(const Argument& pool_size, const PoolingOptions& options) {
  return made("MaxPooling1D", {{"pool_size", pool_size}}, said(options));
}
Layer MaxPooling2D(const Argument& pool_size, const PoolingOptions& options) {
  return made("MaxPooling2D", {{"pool_size", pool_size}}, said(options));
}
Layer MaxPooling3D(const Argument& pool_size, const PoolingOptions& options) {
  return made("MaxPooling3D", {{"pool_size", pool_size}}, said(options));
}
Layer AveragePooling1D(const Argument& pool_size, const PoolingOptions& options) {
  return made("AveragePooling1D", {{"pool_size", pool_size}}, said(options));
}
Layer AveragePooling2D(const Argument& pool_size, const PoolingOptions& options) {
  return made("AveragePooling2D", {{"pool_size", pool_size}}, said(options));
}
Layer AveragePooling3D(const Argument& pool_size, const PoolingOptions& options) {
  return made("AveragePooling3D", {{"pool_size", pool_size}}, said(options));
}
Layer GlobalMaxPooling1D(const GlobalPoolingOptions& options) { return made("GlobalMaxPooling1D", {}, said(options)); }
Layer GlobalMaxPooling2D(const GlobalPoolingOptions& options) { return made("GlobalMaxPooling2D", {}, said(options)); }
Layer GlobalMaxPooling3D(const GlobalPoolingOptions& options) { return made("GlobalMaxPooling3D", {}, said(options)); }
Layer GlobalAveragePooling1D(const GlobalPoolingOptions& options) {
  return made("GlobalAveragePooling1D", {}, said(options));
}
Layer GlobalAveragePooling2D(const GlobalPoolingOptions& options) {
  return made("GlobalAveragePooling2D", {}, said(options));
}
Layer GlobalAveragePooling3D(const GlobalPoolingOptions& options) {
  return made("GlobalAveragePooling3D", {}, said(options));
}

}  // namespace hoarfrost::keras::layers
