// RandomCrop: a window of the image somewhere in training. At inference Keras 2.6 to 2.15 cut the image to the window's
// proportions and resize it (smart_resize); Keras 3.15 leaves it as it is, and what follows fails where that is not the
// size that the layer says.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <numeric>

#include "keras/augmentation.h"
#include "keras/image_resize.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct RandomCrop {
  ImageResize resize;
  DType dtype = DType::kFloat32;
  bool is_identity = false;
  bool has_channels_first = false;

  static RandomCrop parse(const Config& config) {
    config.ignore({"seed"});
    RandomCrop layer{parse_image_size(config), config.dtype(), config.version().major >= 3};
    layer.resize.fit = Fit::kCrop;
    layer.has_channels_first = config.get_string({"data_format"}, "") == "channels_first";
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

  // The rows (axis 1) or columns (2) from a random one on, the same for the whole batch.
  static Value part(Lowering& lowering, const Value& x, int axis, int64_t n) {
    const Value number = random_of_all(lowering, x, {0, static_cast<double>(x.shape[axis] - n + 1)});
    const Value place =
        lowering.raw_op("start", "Cast", {number}, DType::kInt32, {{"SrcT", DType::kFloat32}, {"DstT", DType::kInt32}});
    const Value first = lowering.named_op("start/Reshape", "Reshape", {place, lowering.ints("start/shape", {1})},
                                          {{"Tshape", DType::kInt32}});
    std::vector<int64_t> steps(static_cast<size_t>(n));
    std::iota(steps.begin(), steps.end(), 0);
    const Value places = lowering.named_op("places", "Add", {first, lowering.ints("steps", steps)});
    Value result = lowering.raw_op("crop", "GatherV2", {x, places, lowering.int_scalar("crop/axis", axis)}, x.dtype,
                                   {{"Tparams", x.dtype}, {"Tindices", DType::kInt32}, {"Taxis", DType::kInt32}});
    result.shape = x.shape;
    result.shape[axis] = n;
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    if (is_identity) return lower_augmentation({dtype, true}, lowering, in);
    Value x = lower_cast(dtype, lowering, in)[0];
    x.shape = in[0].shape;
    if (lowering.is_training()) {
      expect_pictures(x, has_channels_first);
      if (x.shape[1] == kUnknown || x.shape[2] == kUnknown)
        throw Error(
            ErrorCode::kUnsupported, "",
            fmt::format("the pictures' size is unknown in {}: give --input-shape to train", x.shape.to_string()));
      // Keras 2.15: pictures that are too small are resized as at inference.
      const bool is_large = x.shape[1] >= resize.height && x.shape[2] >= resize.width;
      if (is_large) return {part(lowering, part(lowering, x, 1, resize.height), 2, resize.width)};
    }
    return lower_cast(dtype, lowering, {lower_image_resize(resize, lowering, x)});
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return is_identity ? identity_reference(in) : Formulas{image_resize_reference(resize, in[0])};
  }
};

}  // namespace

const LayerSpec layer_random_crop = make_spec<RandomCrop>("RandomCrop");

}  // namespace hoarfrost::keras
