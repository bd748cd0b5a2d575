// RandomRotation: turned pictures in training only, at inference the identity. Keras 2.6 to 3.15.
#include <numbers>

#include "keras/layers/registry.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct RandomRotation {
  DType dtype = DType::kFloat32;
  Span factor;  // of a whole turn
  Resampling resampling;
  bool has_channels_first = false;

  static RandomRotation parse(const Config& config) {
    config.ignore({"value_range", "seed"});
    return {config.dtype(), Span::parse(config, "factor"), Resampling::parse(config),
            config.get_string({"data_format"}, "") == "channels_first"};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }

  // Keras' get_rotation_matrix, about the middle: ((w - 1) - (cos · (w - 1) - sin · (h - 1))) / 2 for x, and
  // ((h - 1) - (sin · (w - 1) + cos · (h - 1))) / 2 for y.
  Values lower(Lowering& lowering, const Values& in) const {
    const Values cast = lower_cast(dtype, lowering, in);
    if (!lowering.is_training()) return cast;
    const Value& x = cast[0];
    expect_pictures(x, has_channels_first);
    const Value angle = random_of(lowering, x, factor.times(2 * std::numbers::pi));
    const auto binary = [&](std::string_view op, const Value& a, const Value& b) { return lowering.op(op, {a, b}); };
    const auto less_one = [&](const Value& side) { return binary("Sub", side, lowering.scalar("one", 1, side)); };
    const Value w = less_one(side_of(lowering, x, 2)), h = less_one(side_of(lowering, x, 1));
    const Value cosine = lowering.op("Cos", {angle}), sine = lowering.op("Sin", {angle});
    const auto offset = [&](const Value& side, const Value& turned) {
      return binary("Mul", binary("Sub", side, turned), lowering.scalar("half", 0.5, angle));
    };
    PlaneMap map;
    map.xx = map.yy = cosine;
    map.xy = lowering.op("Neg", {sine});
    map.yx = sine;
    map.x0 = offset(w, binary("Sub", binary("Mul", cosine, w), binary("Mul", sine, h)));
    map.y0 = offset(h, binary("Add", binary("Mul", sine, w), binary("Mul", cosine, h)));
    return {lower_projective(lowering, x, map, resampling)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_rotation = make_spec<RandomRotation>("RandomRotation");

}  // namespace hoarfrost::keras
