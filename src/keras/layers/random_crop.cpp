// RandomCrop: a window of the image somewhere in training. At inference Keras 2.6 to 2.15 cut the image to the window's
// proportions and resize it (smart_resize); Keras 3.15 leaves it as it is, and what follows fails where that is not the
// size that the layer says.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/augmentation.h"
#include "keras/image_resize.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct RandomCrop {
  ImageResize resize;
  DType dtype = DType::kFloat32;
  bool is_identity = false;

  static RandomCrop parse(const Config& config) {
    config.ignore({"seed", "data_format"});
    RandomCrop layer{parse_image_size(config), config.dtype(), config.version().major >= 3};
    layer.resize.fit = Fit::kCrop;
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    const Shapes out = infer_image_size(resize, in);
    if (is_identity && (in[0][1] != resize.height || in[0][2] != resize.width)) {
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("Keras 3 neither crops nor resizes when it predicts, though it says so: give the model "
                              "images of {} by {}, found {}",
                              resize.height, resize.width, in[0].to_string()));
    }
    return out;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    if (is_identity || lowering.is_training()) return lower_augmentation({dtype, true}, lowering, in);
    Value x = lower_cast(dtype, lowering, in)[0];
    x.shape = in[0].shape;
    return lower_cast(dtype, lowering, {lower_image_resize(resize, lowering, x)});
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return is_identity ? identity_reference(in) : Formulas{image_resize_reference(resize, in[0])};
  }
};

}  // namespace

const LayerSpec layer_random_crop = make_spec<RandomCrop>("RandomCrop");

}  // namespace hoarfrost::keras
