// RandomFlip: mirror images in training only, at inference the identity. Keras 2.6 to 3.15.
#include "keras/layers/registry.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct RandomFlip {
  DType dtype = DType::kFloat32;
  bool is_horizontal = true;
  bool is_vertical = true;
  bool has_channels_first = false;

  static RandomFlip parse(const Config& config) {
    config.ignore({"seed"});
    const std::string mode = config.get_string({"mode"}, "horizontal_and_vertical");
    const bool is_both = mode == "horizontal_and_vertical";
    if (!is_both && mode != "horizontal" && mode != "vertical")
      config.fail("`mode` must be horizontal, vertical or horizontal_and_vertical, found `" + mode + "`");
    return {config.dtype(), is_both || mode == "horizontal", is_both || mode == "vertical",
            config.get_string({"data_format"}, "") == "channels_first"};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }

  // TensorFlow 2.15's tf.image.random_flip: the picture, or its mirror image where a number is above one half.
  static Value flipped(Lowering& lowering, const Value& x, int64_t axis) {
    const Value number = lowering.random_uniform(x, {kUnknown, 1, 1, 1});
    const Value is_other = lowering.named_op("Greater", "Greater", {number, lowering.scalar("half", 0.5, number)});
    const Value other =
        lowering.raw_op("flips", "Cast", {is_other}, x.dtype, {{"SrcT", DType::kBool}, {"DstT", x.dtype}});
    const Value same = lowering.named_op("sub", "Sub", {lowering.scalar("one", 1, x), other});
    const Value mirrored = lowering.raw_op("ReverseV2", "ReverseV2", {x, lowering.ints("ReverseV2/axis", {axis})},
                                           x.dtype, {{"T", x.dtype}, {"Tidx", DType::kInt32}});
    Value result = lowering.named_op(
        "add", "Add", {lowering.named_op("mul", "Mul", {other, mirrored}), lowering.named_op("mul", "Mul", {same, x})});
    result.shape = x.shape;
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    Values result = lower_cast(dtype, lowering, in);
    if (!lowering.is_training()) return result;
    expect_pictures(result[0], has_channels_first);
    if (is_horizontal) result[0] = flipped(lowering, result[0], 2);
    if (is_vertical) result[0] = flipped(lowering, result[0], 1);
    return result;
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_flip = make_spec<RandomFlip>("RandomFlip");

}  // namespace hoarfrost::keras
