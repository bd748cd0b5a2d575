// CenterCrop: the middle of images [batch, height, width, channels]; those that are smaller in a direction are cut to
// the target's proportions and enlarged (smart_resize). Keras 2.6 to 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/image_resize.h"
#include "keras/layers/registry.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct CenterCrop {
  ImageResize resize;
  DType dtype = DType::kFloat32;

  static CenterCrop parse(const Config& config) {
    config.ignore({"data_format"});
    CenterCrop layer{parse_image_size(config), config.dtype()};
    layer.resize.fit = Fit::kCrop;
    return layer;
  }

  Shapes infer(const Shapes& in) const { return infer_image_size(resize, in); }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shape& shape = in[0].shape;
    if (shape[1] == kUnknown || shape[2] == kUnknown) {
      throw Error(
          ErrorCode::kUnsupported, "",
          fmt::format(
              "whether an image is cut or enlarged depends on its size, which {} leaves open; give --input-shape",
              shape.to_string()));
    }
    Value x = lower_cast(dtype, lowering, in)[0];
    x.shape = shape;
    if (is_cut(shape))
      return {lower_crop(lowering, x, (shape[1] - resize.height) / 2, (shape[2] - resize.width) / 2, resize.height,
                         resize.width)};
    return lower_cast(dtype, lowering, {lower_image_resize(resize, lowering, x)});
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shape& shape = in[0].shape();
    if (!is_cut(shape)) return {image_resize_reference(resize, in[0])};
    const auto at = [x = in[0], top = (shape[1] - resize.height) / 2,
                     left = (shape[2] - resize.width) / 2](const Index& o) {
      return x[{o[0], o[1] + top, o[2] + left, o[3]}];
    };
    return {{infer({shape})[0], at, 0}};
  }

 private:
  bool is_cut(const Shape& shape) const { return shape[1] >= resize.height && shape[2] >= resize.width; }
};

}  // namespace

const LayerSpec layer_center_crop = make_spec<CenterCrop>("CenterCrop");

}  // namespace hoarfrost::keras
