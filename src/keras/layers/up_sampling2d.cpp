// UpSampling2D: images [batch, height, width, channels] enlarged by whole factors. Keras 1.2 to 3.15.
//   nearest:  y[i] = x[floor(i / f)]
//   bilinear: at p = (i + 0.5) / f − 0.5 since tf.keras of TensorFlow 2 (half-pixel centres), at p = i / f in Keras 2.2
//   and 2.3
//             (TensorFlow's old resize); neighbours outside the image are those of its border. tf.keras of
//             TensorFlow 1.13 did as Keras 2.2 and says `2.2.4-tf` as TensorFlow 2.0 does: such files are read as
//             TensorFlow 2 reads them.
//   others:   tf.image.resize of TensorFlow 2.15 (image_resize.h), of images of known size.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "keras/data_format.h"
#include "keras/image_resize.h"
#include "keras/layers/registry.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

struct UpSampling2D {
  std::vector<int64_t> factors;
  bool is_bilinear = false;
  bool has_half_pixel_centers = true;
  std::optional<Interpolation> other = {};

  static UpSampling2D parse(const Config& config) {
    expect_channels_last(config);
    const std::string interpolation = config.get_string({"interpolation"}, "nearest");
    const std::vector<int64_t> factors = config.get_ints({"size"}, 2, 2);
    if (factors[0] < 1 || factors[1] < 1) config.fail("size must be at least 1");
    UpSampling2D layer{factors, interpolation == "bilinear",
                       config.version().is_tf_keras || config.version() >= Version{2, 4}};
    if (interpolation != "nearest" && interpolation != "bilinear")
      layer.other = parse_interpolation(config, "interpolation", "nearest");
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 4);
    Shape out = in[0];
    for (const int axis : {1, 2}) {
      if (out[axis] != kUnknown) out[axis] *= factors[static_cast<size_t>(axis) - 1];
    }
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shape out = infer({in[0].shape})[0];
    if (other) {
      Value x = in[0];
      if (x.dtype != DType::kFloat32)
        x = lowering.raw_op("Cast", "Cast", {x}, DType::kFloat32, {{"SrcT", x.dtype}, {"DstT", DType::kFloat32}});
      x.shape = in[0].shape;
      return {lower_image_resize(resize_for(in[0].shape), lowering, x)};
    }
    const Value size = out[1] == kUnknown || out[2] == kUnknown ? running_size(lowering, in[0])
                                                                : lowering.ints("resize/size", {out[1], out[2]});
    const std::string op = is_bilinear ? "ResizeBilinear" : "ResizeNearestNeighbor";
    Attributes attributes{{"T", in[0].dtype}, {"align_corners", false}};
    // TensorFlow before 1.14 does not know the attribute, so it is there only where nothing else is exact.
    if (is_bilinear ? has_half_pixel_centers : !is_exact_without_half_pixels())
      attributes.push_back({"half_pixel_centers", true});
    return {
        lowering.raw_op("resize/" + op, op, {in[0], size}, is_bilinear ? DType::kFloat32 : in[0].dtype, attributes)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shape out = infer({in[0].shape()})[0];
    if (other) return {image_resize_reference(resize_for(in[0].shape()), in[0])};
    if (!is_bilinear) {
      const auto nearest = [x = in[0], f = factors](const Index& o) {
        return x[{o[0], o[1] / f[0], o[2] / f[1], o[3]}];
      };
      return {{out, nearest, 0}};
    }
    const auto bilinear = [x = in[0], f = factors, half = has_half_pixel_centers ? 0.5 : 0.0](const Index& o) {
      const double p = (static_cast<double>(o[1]) + half) / static_cast<double>(f[0]) - half;
      const double q = (static_cast<double>(o[2]) + half) / static_cast<double>(f[1]) - half;
      const double top = std::floor(p);
      const double left = std::floor(q);
      const auto pixel = [&](double row, double column) {
        return x[{o[0], std::clamp<int64_t>(static_cast<int64_t>(row), 0, x.size(1) - 1),
                  std::clamp<int64_t>(static_cast<int64_t>(column), 0, x.size(2) - 1), o[3]}];
      };
      return (1 - (p - top)) * ((1 - (q - left)) * pixel(top, left) + (q - left) * pixel(top, left + 1)) +
             (p - top) * ((1 - (q - left)) * pixel(top + 1, left) + (q - left) * pixel(top + 1, left + 1));
    };
    return {{out, bilinear, 8}};
  }

 private:
  [[nodiscard]] ImageResize resize_for(const Shape& in) const {
    ImageResize result;
    result.height = in[1] * factors[0];
    result.width = in[2] * factors[1];
    result.interpolation = *other;
    return result;
  }

  // [height, width] times the factors, when the graph runs.
  Value running_size(Lowering& lowering, const Value& x) const {
    const Value shape =
        lowering.raw_op("Shape", "Shape", {x}, DType::kInt32, {{"T", x.dtype}, {"out_type", DType::kInt32}});
    const Value size = strided_slice(lowering, shape, {.begin = {1}, .end = {3}});
    return lowering.named_op("mul", "Mul", {size, lowering.ints("Const", factors)});
  }

  // The old nearest neighbour is floor(i · scale) with the scale 1/f rounded to float32: for some factors (41 is the
  // first) i = k·f falls below k.
  bool is_exact_without_half_pixels() const {
    return std::ranges::all_of(factors, [](int64_t factor) {
      const float scale = 1.0F / static_cast<float>(factor);
      for (int64_t k = 1; k < 4096; ++k) {
        const float first = std::floor(static_cast<float>(k * factor) * scale);
        const float last_before = std::floor(static_cast<float>(k * factor - 1) * scale);
        if (first != static_cast<float>(k) || last_before != static_cast<float>(k - 1)) return false;
      }
      return true;
    });
  }
};

}  // namespace

const LayerSpec layer_up_sampling2d = make_spec<UpSampling2D>("UpSampling2D");

}  // namespace hoarfrost::keras
