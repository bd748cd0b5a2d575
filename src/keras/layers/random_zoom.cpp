// RandomZoom: larger and smaller pictures in training only, at inference the identity. Keras 2.6 to 3.15.
#include "keras/layers/registry.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct RandomZoom {
  DType dtype = DType::kFloat32;
  Span height;  // 0 leaves the height, positive numbers make the picture smaller
  Span width;
  bool keeps_ratio = true;  // without a width_factor, width is zoomed as height
  Resampling resampling;
  bool has_channels_first = false;

  static RandomZoom parse(const Config& config) {
    config.ignore({"value_range", "seed"});
    const bool has_width = config.has("width_factor");
    return {config.dtype(),
            Span::parse(config, "height_factor"),
            has_width ? Span::parse(config, "width_factor") : Span{},
            !has_width,
            Resampling::parse(config),
            config.get_string({"data_format"}, "") == "channels_first"};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }

  // About the middle: (side - 1) / 2 · (1 - zoom).
  static Value offset(Lowering& lowering, const Value& side, const Value& zoom) {
    const Value middle = lowering.named_op(
        "truediv", "Mul",
        {lowering.named_op("sub", "Sub", {side, lowering.scalar("one", 1, side)}), lowering.scalar("half", 0.5, side)});
    return lowering.named_op("mul", "Mul",
                             {middle, lowering.named_op("sub", "Sub", {lowering.scalar("one", 1, zoom), zoom})});
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Values cast = lower_cast(dtype, lowering, in);
    if (!lowering.is_training()) return cast;
    const Value& x = cast[0];
    expect_pictures(x, has_channels_first);
    PlaneMap map;
    map.yy = random_of(lowering, x, height.plus(1));
    map.xx = keeps_ratio ? map.yy : random_of(lowering, x, width.plus(1));
    map.x0 = offset(lowering, side_of(lowering, x, 2), map.xx);
    map.y0 = offset(lowering, side_of(lowering, x, 1), map.yy);
    return {lower_projective(lowering, x, map, resampling)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_zoom = make_spec<RandomZoom>("RandomZoom");

}  // namespace hoarfrost::keras
