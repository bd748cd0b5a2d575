// Images [batch, height, width, channels], said in other operations. Definitions: Keras 3.15's keras.ops,
// TensorFlow 2.15.
#include "keras/derived_rows.h"

namespace hoarfrost::keras {
std::span<const DerivedRow> derived_image_rows() {
  static constexpr DerivedRow kRows[] = {
      {"RGBToGrayscale", "image.rgb_to_grayscale", "images data_format='channels_last'",
       "tf.tensordot(images, [[0.2989], [0.587], [0.114]], axes=1)"},
      {"FlipLeftRight", "image.flip_left_right", "image", "tf.reverse(image, [len(image.shape) - 2])"},
      {"FlipUpDown", "image.flip_up_down", "image", "tf.reverse(image, [len(image.shape) - 3])"},
      {"PerImageStandardization", "image.per_image_standardization", "image",
       "n = image.shape[-1] * image.shape[-2] * image.shape[-3]; "
       "d = tf.math.reduce_std(image, axis=[-3, -2, -1], keepdims=True); "
       "(image - tf.reduce_mean(image, axis=[-3, -2, -1], keepdims=True)) / tf.maximum(d, 1 / math.sqrt(n))"},
      {"AdjustBrightness", "image.adjust_brightness", "image delta", "image + delta"},
      {"AdjustContrast", "image.adjust_contrast", "images contrast_factor",
       "m = tf.reduce_mean(images, axis=[-3, -2], keepdims=True); (images - m) * contrast_factor + m"},
      {"CropToBoundingBox", "image.crop_to_bounding_box", "image offset_height offset_width target_height target_width",
       "image[..., offset_height:offset_height + target_height, offset_width:offset_width + target_width, :]"},
      {"DepthToSpace", "nn.depth_to_space compat.v1.nn.depth_to_space compat.v1.depth_to_space depth_to_space",
       "x|input block_size data_format='channels_last'",
       "n = block_size; h = x.shape[1] if x.shape[1] else tf.shape(x)[1]; w = x.shape[2] if x.shape[2] else "
       "tf.shape(x)[2]; c = x.shape[3] // (n * n); "
       "tf.reshape(tf.transpose(tf.reshape(x, [-1, h, w, n, n, c]), perm=[0, 1, 3, 2, 4, 5]), [-1, h * n, w * n, c])"},
      {"SpaceToDepth", "nn.space_to_depth compat.v1.nn.space_to_depth compat.v1.space_to_depth space_to_depth",
       "x|input block_size data_format='channels_last'",
       "n = block_size; h = x.shape[1] // n if x.shape[1] else tf.shape(x)[1] // n; w = x.shape[2] // n if x.shape[2] "
       "else tf.shape(x)[2] // n; c = x.shape[3]; "
       "tf.reshape(tf.transpose(tf.reshape(x, [-1, h, n, w, n, c]), perm=[0, 1, 3, 2, 4, 5]), [-1, h, w, n * n * c])"},
      {"MaxPool2D", "nn.max_pool2d nn.max_pool compat.v1.nn.max_pool", "input|value ksize strides padding",
       "tf.nn.max_pool2d(input, ksize, strides, padding)"},
      {"AvgPool2D", "nn.avg_pool2d nn.avg_pool compat.v1.nn.avg_pool", "input|value ksize strides padding",
       "tf.nn.avg_pool2d(input, ksize, strides, padding)"},
      {"MaxPool1D", "nn.max_pool1d", "input ksize strides padding", "tf.nn.max_pool1d(input, ksize, strides, padding)"},
      {"AvgPool1D", "nn.avg_pool1d", "input ksize strides padding", "tf.nn.avg_pool1d(input, ksize, strides, padding)"},
      {"RGBToHSV", "image.rgb_to_hsv", "images data_format='channels_last'",
       "r = images[..., 0]; g = images[..., 1]; b = images[..., 2]; v = tf.reduce_max(images, axis=-1); c = v - "
       "tf.reduce_min(images, axis=-1); n = 1.0 / (6.0 * tf.where(c > 0, c, 1.0)); h = tf.where(tf.equal(v, r), "
       "n * (g - b), tf.where(tf.equal(v, g), n * (b - r) + 2.0 / 6.0, n * (r - g) + 4.0 / 6.0)); k = "
       "tf.where(c > 0, h, 0.0); tf.stack([tf.where(k < 0, k + 1.0, k), tf.where(v > 0, c / tf.where(v > 0, v, "
       "1.0), 0.0), v], axis=-1)"},
      {"HSVToRGB", "image.hsv_to_rgb", "images data_format='channels_last'",
       "h = images[..., 0] * 6.0; s = images[..., 1]; v = images[..., 2]; r = tf.clip_by_value(tf.abs(h - 3.0) "
       "- 1.0, 0.0, 1.0); g = tf.clip_by_value(2.0 - tf.abs(h - 2.0), 0.0, 1.0); b = tf.clip_by_value(2.0 - "
       "tf.abs(h - 4.0), 0.0, 1.0); tf.stack([(1.0 - s + s * r) * v, (1.0 - s + s * g) * v, (1.0 - s + s * b) * "
       "v], axis=-1)"},
      {"AdjustSaturation", "image.adjust_saturation", "image saturation_factor",
       "y = tf.image.rgb_to_hsv(image); tf.image.hsv_to_rgb(tf.stack([y[..., 0], tf.clip_by_value(y[..., 1] * "
       "saturation_factor, 0.0, 1.0), y[..., 2]], axis=-1))"},
      {"AdjustHue", "image.adjust_hue", "image delta",
       "y = tf.image.rgb_to_hsv(image); h = y[..., 0] + delta; tf.image.hsv_to_rgb(tf.stack([h - tf.floor(h), "
       "y[..., 1], y[..., 2]], axis=-1))"},
      {"AdjustGamma", "image.adjust_gamma", "image gamma=1 gain=1", "gain * image ** float(gamma)"},
      {"RGBToYUV", "image.rgb_to_yuv", "images",
       "tf.tensordot(images, [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, "
       "0.43601035, -0.10001026]], axes=1)"},
      {"YUVToRGB", "image.yuv_to_rgb", "images",
       "tf.tensordot(images, [[1.0, 1.0, 1.0], [0.0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, "
       "0.0]], axes=1)"},
      {"RGBToYIQ", "image.rgb_to_yiq", "images",
       "tf.tensordot(images, [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, "
       "-0.32134392, 0.31119955]], axes=1)"},
      {"YIQToRGB", "image.yiq_to_rgb", "images",
       "tf.tensordot(images, [[1.0, 1.0, 1.0], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, "
       "1.70423049]], axes=1)"},
      {"GrayscaleToRGB", "image.grayscale_to_rgb", "images", "tf.concat([images, images, images], axis=-1)"},
      {"Rot90Image", "image.rot90", "image k=1", "ops.rot90(image, k, [len(image.shape) - 3, len(image.shape) - 2])"},
      {"TransposeImage", "image.transpose image.transpose_image compat.v1.image.transpose_image", "image",
       "ops.swapaxes(image, -3, -2)"},
      {"PadToBoundingBox", "image.pad_to_bounding_box", "image offset_height offset_width target_height target_width",
       "tf.pad(image, [[0, 0]] * (len(image.shape) - 3) + [[offset_height, target_height - offset_height - "
       "image.shape[-3]], [offset_width, target_width - offset_width - image.shape[-2]], [0, 0]])"},
      {"CentralCrop", "image.central_crop", "image central_fraction",
       "h = image.shape[-3]; w = image.shape[-2]; a = int((h - h * central_fraction) / 2); b = int((w - w * "
       "central_fraction) / 2); image[..., a:h - a, b:w - b, :]"},
      {"CropOrPad",
       "image.resize_with_crop_or_pad image.resize_image_with_crop_or_pad "
       "compat.v1.image.resize_image_with_crop_or_pad",
       "image target_height target_width",
       "h = image.shape[-3]; w = image.shape[-2]; th = target_height; tw = target_width; a = max((h - th) // 2, "
       "0); b = max((w - tw) // 2, 0); y = image[..., a:a + min(th, h), b:b + min(tw, w), :]; c = max((th - h) "
       "// 2, 0); d = max((tw - w) // 2, 0); tf.image.pad_to_bounding_box(y, c, d, th, tw)"},
      {"PadImages", "",
       "images top_padding=None left_padding=None bottom_padding=None right_padding=None target_height=None "
       "target_width=None data_format='channels_last'",
       "h = images.shape[-3]; w = images.shape[-2]; t = target_height - bottom_padding - h if top_padding == "
       "None else top_padding; b = target_height - t - h if bottom_padding == None else bottom_padding; l = "
       "target_width - right_padding - w if left_padding == None else left_padding; r = target_width - l - w if "
       "right_padding == None else right_padding; tf.pad(images, [[0, 0]] * (len(images.shape) - 3) + [[t, b], "
       "[l, r], [0, 0]])"},
      {"CropImages", "",
       "images top_cropping=None left_cropping=None bottom_cropping=None right_cropping=None target_height=None "
       "target_width=None data_format='channels_last'",
       "h = images.shape[-3]; w = images.shape[-2]; t = h - bottom_cropping - target_height if top_cropping == "
       "None else top_cropping; b = h - t - target_height if bottom_cropping == None else bottom_cropping; l = "
       "w - right_cropping - target_width if left_cropping == None else left_cropping; r = w - l - target_width "
       "if right_cropping == None else right_cropping; images[..., t:h - b, l:w - r, :]"},
      {"ImageGradients", "image.image_gradients", "image",
       "y = image[:, 1:] - image[:, :-1]; x = image[:, :, 1:] - image[:, :, :-1]; [tf.concat([y, "
       "tf.zeros_like(image[:, :1])], axis=1), tf.concat([x, tf.zeros_like(image[:, :, :1])], axis=2)]"},
      {"TotalVariation", "image.total_variation", "images",
       "tf.reduce_sum(tf.abs(images[:, 1:] - images[:, :-1]), axis=[1, 2, 3]) + tf.reduce_sum(tf.abs(images[:, "
       ":, 1:] - images[:, :, :-1]), axis=[1, 2, 3])"},
      {"SobelEdgesReflected", "image.sobel_edges", "image",
       "p = tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], mode='REFLECT'); y = p[:, 2:] - p[:, :-2]; x = p[:, "
       ":, 2:] - p[:, :, :-2]; tf.stack([y[:, :, :-2] + 2.0 * y[:, :, 1:-1] + y[:, :, 2:], x[:, :-2] + 2.0 * "
       "x[:, 1:-1] + x[:, 2:]], axis=-1)"},
      {"SobelEdges", "", "images data_format='channels_last'",
       "p = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]]); y = p[:, 2:] - p[:, :-2]; x = p[:, :, 2:] - p[:, "
       ":, :-2]; tf.stack([y[:, :, :-2] + 2.0 * y[:, :, 1:-1] + y[:, :, 2:], x[:, :-2] + 2.0 * x[:, 1:-1] + "
       "x[:, 2:]], axis=-1)"},
      {"GaussianBlur", "", "images kernel_size=[3,3] sigma=[1.0,1.0] data_format='channels_last'",
       "a = [math.exp(-0.5 * ((i - (kernel_size[1] - 1) / 2) / sigma[1]) ** 2) for i in range(kernel_size[1])]; "
       "b = [math.exp(-0.5 * ((i - (kernel_size[0] - 1) / 2) / sigma[0]) ** 2) for i in range(kernel_size[0])]; "
       "k = [[[[u * v / (sum(a) * sum(b))] for c in range(images.shape[3])] for v in b] for u in a]; "
       "tf.nn.depthwise_conv2d(images, np.array(k), [1, 1, 1, 1], 'SAME')"},
      {"ImageResizeWithPad", "image.resize_with_pad",
       "image target_height target_width method='bilinear' !antialias=False",
       "h = image.shape[1]; w = image.shape[2]; r = max(h / target_height, w / target_width); "
       "y = tf.image.resize(image, [int(h / r), int(w / r)], method=method); "
       "tf.image.pad_to_bounding_box(y, max(0, int((target_height - h / r) / 2)), max(0, int((target_width - w / r) / "
       "2)), "
       "target_height, target_width)"},
      {"Pool", "nn.pool compat.v1.nn.pool",
       "input window_shape pooling_type strides=None padding='VALID' !data_format=None !dilations=None",
       "tf.nn.max_pool2d(input, window_shape, strides if strides else [1, 1], padding) if pooling_type == 'MAX' "
       "else tf.nn.avg_pool2d(input, window_shape, strides if strides else [1, 1], padding)"},
      // The likeness of each window of a Gaussian, its mean over the image and its channels.
      {"SSIM", "image.ssim",
       "image1|img1 image2|img2 max_val=1.0 filter_size=11 filter_sigma=1.5 k1=0.01 k2=0.03 "
       "!data_format|return_index_map=None",
       "n = filter_size; e = [math.exp(-0.5 * ((i - (n - 1) / 2) / filter_sigma) ** 2) for i in range(n)]; s = sum(e); "
       "f = np.array([[[[u * v / (s * s)] for c in range(image1.shape[3])] for v in e] for u in e]); "
       "m = [tf.nn.depthwise_conv2d(x, f, [1, 1, 1, 1], 'VALID') for x in [image1, image2, image1 * image1, image2 * "
       "image2, image1 * image2]]; a = (k1 * max_val) ** 2; b = (k2 * max_val) ** 2; p = m[0] * m[0]; q = m[1] * m[1]; "
       "r = m[0] * m[1]; tf.reduce_mean((2.0 * r + a) * (2.0 * (m[4] - r) + b) / ((p + q + a) * (m[2] - p + m[3] - q + "
       "b)), axis=[1, 2, 3])"},
      {"PSNRPerImage", "image.psnr", "a b max_val",
       "8.685889638065035 * tf.math.log(float(max_val)) - 4.3429448190325175 * tf.math.log(tf.reduce_mean((a - "
       "b) * (a - b), axis=[-3, -2, -1]))"},
      {"MaxPool", "", "inputs pool_size strides=None padding='valid' data_format='channels_last'",
       "s = strides if strides else pool_size; tf.nn.max_pool2d(inputs, pool_size, s, padding) if "
       "len(inputs.shape) == 4 else tf.nn.max_pool1d(inputs, pool_size, s, padding) if len(inputs.shape) == 3 "
       "else tf.nn.max_pool3d(inputs, pool_size, s, padding)"},
      {"AveragePool", "", "inputs pool_size strides=None padding='valid' data_format='channels_last'",
       "s = strides if strides else pool_size; tf.nn.avg_pool2d(inputs, pool_size, s, padding) if "
       "len(inputs.shape) == 4 else tf.nn.avg_pool1d(inputs, pool_size, s, padding) if len(inputs.shape) == 3 "
       "else tf.nn.avg_pool3d(inputs, pool_size, s, padding)"},
      {"SeparableConv", "",
       "inputs depthwise_kernel pointwise_kernel strides=1 padding='valid' data_format='channels_last' "
       "!dilation_rate=1",
       "ops.conv(ops.depthwise_conv(inputs, depthwise_kernel, strides, padding), pointwise_kernel, 1, 'valid')"},
      {"SeparableConv2D", "nn.separable_conv2d compat.v1.nn.separable_conv2d",
       "input depthwise_filter pointwise_filter strides padding !data_format|rate=None !dilations|name=None",
       "tf.nn.conv2d(tf.nn.depthwise_conv2d(input, depthwise_filter, strides, padding), pointwise_filter, [1, "
       "1, 1, 1], 'VALID')"},
      {"AtrousConv2D", "nn.atrous_conv2d compat.v1.nn.atrous_conv2d", "value filters rate padding",
       "tf.nn.conv2d(value, filters, 1, padding, dilations=rate)"},
      {"Unfold", "", "x kernel_size dilation=1 padding=0 stride=1",
       "k = [kernel_size, kernel_size] if isinstance(kernel_size, int) else kernel_size; d = [dilation, "
       "dilation] if isinstance(dilation, int) else dilation; p = [padding, padding] if isinstance(padding, "
       "int) else padding; s = [stride, stride] if isinstance(stride, int) else stride; y = "
       "tf.pad(tf.transpose(x, perm=[0, 2, 3, 1]), [[0, 0], [p[0], p[0]], [p[1], p[1]], [0, 0]]); e = "
       "tf.image.extract_patches(y, [1, k[0], k[1], 1], [1, s[0], s[1], 1], [1, d[0], d[1], 1], 'VALID'); l = "
       "e.shape[1] * e.shape[2]; c = x.shape[1]; tf.reshape(tf.transpose(tf.reshape(e, [-1, l, k[0] * k[1], "
       "c]), perm=[0, 3, 2, 1]), [-1, c * k[0] * k[1], l])"},
      {"AdaptiveAveragePool", "", "inputs output_size data_format='channels_last'",
       "n = len(inputs.shape); hoarfrost.AdaptiveAveragePooling1D(inputs, output_size=output_size) if n == 3 else "
       "hoarfrost.AdaptiveAveragePooling2D(inputs, output_size=output_size) if n == 4 else "
       "hoarfrost.AdaptiveAveragePooling3D(inputs, output_size=output_size)"},
      {"AdaptiveMaxPool", "", "inputs output_size data_format='channels_last'",
       "n = len(inputs.shape); hoarfrost.AdaptiveMaxPooling1D(inputs, output_size=output_size) if n == 3 else "
       "hoarfrost.AdaptiveMaxPooling2D(inputs, output_size=output_size) if n == 4 else "
       "hoarfrost.AdaptiveMaxPooling3D(inputs, output_size=output_size)"},
  };
  return kRows;
}

}  // namespace hoarfrost::keras
