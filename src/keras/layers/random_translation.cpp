// RandomTranslation: moved pictures in training only, at inference the identity. Keras 2.6 to 3.15.
#include "keras/layers/registry.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct RandomTranslation {
  DType dtype = DType::kFloat32;
  Span height;  // of the picture's, down
  Span width;   // of the picture's, to the right
  Resampling resampling;
  bool has_channels_first = false;

  static RandomTranslation parse(const Config& config) {
    config.ignore({"value_range", "seed"});
    return {config.dtype(), Span::parse(config, "height_factor"), Span::parse(config, "width_factor"),
            Resampling::parse(config), config.get_string({"data_format"}, "") == "channels_first"};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }

  Values lower(Lowering& lowering, const Values& in) const {
    const Values cast = lower_cast(dtype, lowering, in);
    if (!lowering.is_training()) return cast;
    const Value& x = cast[0];
    expect_pictures(x, has_channels_first);
    const Value down = lowering.named_op("mul", "Mul", {random_of(lowering, x, height), side_of(lowering, x, 1)});
    const Value right = lowering.named_op("mul", "Mul", {random_of(lowering, x, width), side_of(lowering, x, 2)});
    PlaneMap map;
    map.xx = map.yy = lowering.named_op("OnesLike", "OnesLike", {down});
    map.x0 = lowering.named_op("Neg", "Neg", {right});
    map.y0 = lowering.named_op("Neg", "Neg", {down});
    return {lower_projective(lowering, x, map, resampling)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_translation = make_spec<RandomTranslation>("RandomTranslation");

}  // namespace hoarfrost::keras
