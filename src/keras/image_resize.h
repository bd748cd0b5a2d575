// Images [batch, height, width, channels] brought to a size: what Resizing, CenterCrop and RandomCrop share.
#pragma once

#include "keras/lowering.h"
#include "keras/resampling.h"

namespace hoarfrost::keras {

// What becomes of an image whose width has another relation to its height than the target's: it is stretched, or cut to
// the largest window in its middle that has the target's (Keras 2.15's smart_resize), or `fill` is put around it.
enum class Fit { kStretch, kCrop, kPad };

struct ImageResize {
  int64_t height = 0;
  int64_t width = 0;
  Interpolation interpolation = Interpolation::kBilinear;
  bool antialias = false;
  Fit fit = Fit::kStretch;
  double fill = 0;
};

// height and width. Throws Error{kCorrupt} unless both are 1 or more.
ImageResize parse_image_size(const Config& config);
// [N, H, W, C] -> [N, height, width, C]. Throws Error{kMismatch} where the rank is another.
Shapes infer_image_size(const ImageResize& resize, const Shapes& in);
// Bilinear and nearest are TensorFlow's ResizeBilinear and ResizeNearestNeighbor; the others, which are sums along rows
// and along columns too, are two matrix products, which every TensorFlow runs. Throws Error{kUnsupported} where the
// image's size is not known and something depends on it: the fit, the weights.
Value lower_image_resize(const ImageResize& resize, Lowering& lowering, const Value& x);
Formula image_resize_reference(const ImageResize& resize, const Array& x);
// Bilinear without antialias, rounded to whole numbers, a half to the even one, as Keras 3 gives back images of those.
// In float32 and in the order of TensorFlow's resize_bilinear_op.cc, for halves are frequent: whether a sum comes out
// as one is the arithmetic's.
Formula rounded_bilinear_reference(const ImageResize& resize, const Array& x);

// The elements from (top, left) on, height × width of them.
Value lower_crop(Lowering& lowering, const Value& x, int64_t top, int64_t left, int64_t height, int64_t width);

}  // namespace hoarfrost::keras
