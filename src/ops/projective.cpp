// ImageProjectiveTransformV3: images [N, H, W, C] seen through a projective map of the plane, a row of 8 numbers for
// each or one for all. Places and weights are computed in float32 as TensorFlow 2.15 does (kernels/image/image_ops.h),
// for they decide which pixels are read.
#include <algorithm>
#include <cmath>

#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

enum class Fill { kReflect, kWrap, kConstant, kNearest };

Fill fill_of(const Node& node) {
  const auto mode = node.get_or<std::string>("fill_mode", "CONSTANT");
  if (mode == "REFLECT") return Fill::kReflect;
  if (mode == "WRAP") return Fill::kWrap;
  if (mode == "CONSTANT") return Fill::kConstant;
  if (mode == "NEAREST") return Fill::kNearest;
  unsupported(node, "fill_mode `{}` is not known", mode);
}

bool is_bilinear(const Node& node) {
  const auto name = node.get<std::string>("interpolation");
  if (name != "BILINEAR" && name != "NEAREST") unsupported(node, "interpolation `{}` is not known", name);
  return name == "BILINEAR";
}

std::vector<Known> infer_projective(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 4);
  (void)fill_of(node);
  (void)is_bilinear(node);
  Shape shape = shape_of_rank(node, inputs, 0, 4);
  const Shape transforms = shape_of_rank(node, inputs, 1, 2);
  if (!may_equal(transforms[1], 8)) mismatch(node, "expected 8 numbers a transform, found {}", transforms[1]);
  if (transforms[0] != 1 && !may_equal(transforms[0], shape[0]))
    mismatch(node, "expected a transform for each of {} images or one, found {}", shape[0], transforms[0]);
  const auto sizes = partial_integers(node, inputs[2]);
  if (sizes && sizes->size() != 2) mismatch(node, "expected a size [height, width], found {} numbers", sizes->size());
  for (int i = 0; i < 2; ++i) shape[1 + i] = sizes ? (*sizes)[static_cast<size_t>(i)] : kUnknown;
  if (sizes && !inputs[2].value.empty() && std::ranges::any_of(*sizes, [](int64_t size) { return size < 1; }))
    mismatch(node, "expected an output of at least 1 pixel, found {} by {}", shape[1], shape[2]);
  return {of_type(inputs[0].dtype, shape)};
}

float reflected(float at, int64_t n) {
  const int64_t period = 2 * n;
  const auto length = static_cast<float>(n), twice = static_cast<float>(period);
  if (at < 0) {
    if (n <= 1) return 0;
    if (at < twice) at = twice * static_cast<float>(static_cast<int64_t>(-at / twice)) + at;
    at = at < -length ? at + twice : -at - 1;
  } else if (at > length - 1) {
    if (n <= 1) return 0;
    at -= twice * static_cast<float>(static_cast<int64_t>(at / twice));
    if (at >= length) at = twice - at - 1;
  }
  return std::clamp(at, 0.0F, length - 1);
}

float wrapped(float at, int64_t n) {
  const auto length = static_cast<float>(n), last = static_cast<float>(n - 1);
  if (at < 0) {
    if (n <= 1) return 0;
    at += length * static_cast<float>(static_cast<int64_t>(-at / last) + 1);
  } else if (at > last) {
    if (n <= 1) return 0;
    at -= length * static_cast<float>(static_cast<int64_t>(at / last));
  }
  return std::clamp(at, 0.0F, last);
}

// Where a place along an axis of n pixels lies when what is beyond the border is filled.
float mapped(Fill fill, float at, int64_t n) {
  if (!(std::abs(at) < 1e9F) && fill != Fill::kConstant) return std::clamp(at, 0.0F, static_cast<float>(n - 1));
  switch (fill) {
    case Fill::kReflect:
      return reflected(at, n);
    case Fill::kWrap:
      return wrapped(at, n);
    case Fill::kNearest:
      return std::clamp(at, 0.0F, static_cast<float>(n - 1));
    case Fill::kConstant:
      break;
  }
  return at;
}

// One image's pixels, the filling around it.
template <typename T>
struct Plane {
  const T* pixels;
  int64_t height, width, depth;
  float fill;
  [[nodiscard]] bool holds(float y, float x) const {
    return y >= 0 && x >= 0 && y < static_cast<float>(height) && x < static_cast<float>(width);
  }
  [[nodiscard]] float at(float y, float x, int64_t c) const {
    if (!holds(y, x)) return fill;
    return static_cast<float>(pixels[(static_cast<int64_t>(y) * width + static_cast<int64_t>(x)) * depth + c]);
  }
};

template <typename T>
void write_pixel(const Plane<T>& in, bool bilinear, float y, float x, T* target) {
  if (!bilinear) {
    for (int64_t c = 0; c < in.depth; ++c) target[c] = static_cast<T>(in.at(std::round(y), std::round(x), c));
    return;
  }
  const float above = std::floor(y), left = std::floor(x), below = above + 1, right = left + 1;
  for (int64_t c = 0; c < in.depth; ++c) {
    const float upper = (right - x) * in.at(above, left, c) + (x - left) * in.at(above, right, c);
    const float lower = (right - x) * in.at(below, left, c) + (x - left) * in.at(below, right, c);
    target[c] = static_cast<T>((below - y) * upper + (y - above) * lower);
  }
}

std::vector<Tensor> transform(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_projective(node, known(inputs))[0]);
  const Shape& in = inputs[0].shape();
  const Shape& out = output.shape();
  const Fill fill = fill_of(node);
  const bool bilinear = is_bilinear(node);
  const auto maps = inputs[1].values<float>();
  const float fill_value = inputs[3].values<float>()[0];
  with_numbers(node, output.dtype(), [&]<typename T>() {
    T* target = output.mutable_values<T>().data();
    for (int64_t n = 0; n < out[0]; ++n) {
      const float* m = maps.data() + (inputs[1].shape()[0] == 1 ? 0 : n * 8);
      const Plane<T> image{inputs[0].values<T>().data() + n * in[1] * in[2] * in[3], in[1], in[2], in[3], fill_value};
      for (int64_t row = 0; row < out[1]; ++row) {
        for (int64_t column = 0; column < out[2]; ++column, target += in[3]) {
          const auto x = static_cast<float>(column), y = static_cast<float>(row);
          const float scale = m[6] * x + m[7] * y + 1.0F;
          if (scale == 0) {
            std::fill_n(target, in[3], static_cast<T>(fill_value));
            continue;
          }
          const float to_x = (m[0] * x + m[1] * y + m[2]) / scale, to_y = (m[3] * x + m[4] * y + m[5]) / scale;
          write_pixel(image, bilinear, mapped(fill, to_y, in[1]), mapped(fill, to_x, in[2]), target);
        }
      }
    }
  });
  return {output};
}

}  // namespace

std::span<const OpSpec> projective_ops() {
  static constexpr OpSpec kOps[] = {
      {"ImageProjectiveTransformV3", infer_projective, transform},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
