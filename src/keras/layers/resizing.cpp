// Resizing: images [batch, height, width, channels] brought to a size, in every way of tf.image.resize. Keras 2.6
// to 3.15 (over TensorFlow). Keras 2 gives numbers of the layer's type; Keras 3 those of the input's.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cmath>

#include "keras/image_resize.h"
#include "keras/layers/registry.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct Resizing {
  ImageResize resize;
  DType dtype = DType::kFloat32;
  bool keeps_type = false;

  static Resizing parse(const Config& config) {
    Resizing layer{parse_image_size(config), config.dtype(), config.version().major >= 3};
    layer.resize.interpolation = parse_interpolation(config, "interpolation", "bilinear");
    layer.resize.antialias = config.get_bool({"antialias"}, false);
    const bool is_cropped = config.get_bool({"crop_to_aspect_ratio"}, false);
    const bool is_padded = config.get_bool({"pad_to_aspect_ratio"}, false);
    if (is_cropped && is_padded) config.fail("only one of crop_to_aspect_ratio and pad_to_aspect_ratio can be true");
    if (is_cropped) layer.resize.fit = Fit::kCrop;
    if (is_padded) layer.resize.fit = Fit::kPad;
    if (config.get_string({"fill_mode"}, "constant") != "constant")
      config.unsupported("fill_mode must be constant, Keras knows no other");
    layer.resize.fill = config.get_float({"fill_value"}, 0.0);
    config.ignore({"bounding_box_format", "data_format"});
    return layer;
  }

  Shapes infer(const Shapes& in) const { return infer_image_size(resize, in); }

  Values lower(Lowering& lowering, const Values& in) const {
    const bool is_nearest = resize.interpolation == Interpolation::kNearest;
    const bool keeps = keeps_type && !is_floating(in[0].dtype);
    const bool is_rounded = keeps && !is_nearest;
    if (is_rounded && (resize.interpolation != Interpolation::kBilinear || resize.antialias)) {
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("Keras 3 rounds {} images after resizing, which is converted for bilinear and nearest "
                              "alone; make the model's input float32",
                              dtype_name(in[0].dtype)));
    }
    if (keeps && resize.fit == Fit::kPad && resize.fill != std::trunc(resize.fill))
      throw Error(ErrorCode::kUnsupported, "", "fill_value must be a whole number for images of such");
    const DType result = keeps ? in[0].dtype : dtype;
    Value x = lower_cast(is_nearest ? result : DType::kFloat32, lowering, in)[0];
    x.shape = in[0].shape;
    x = lower_image_resize(resize, lowering, x);
    return lower_cast(result, lowering, {is_rounded ? lowering.op("Rint", {x}) : x});
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const bool is_rounded =
        keeps_type && !is_floating(in[0].dtype()) && resize.interpolation == Interpolation::kBilinear;
    return {is_rounded ? rounded_bilinear_reference(resize, in[0]) : image_resize_reference(resize, in[0])};
  }
};

}  // namespace

const LayerSpec layer_resizing = make_spec<Resizing>("Resizing");

}  // namespace hoarfrost::keras
