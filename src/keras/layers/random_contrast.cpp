// RandomContrast: other contrasts in training only, at inference the identity. Keras 2.6 to 3.15.
#include <nlohmann/json.hpp>

#include "keras/activations.h"
#include "keras/layers/registry.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct RandomContrast {
  DType dtype = DType::kFloat32;
  Span factor;               // of the distance from the mean
  Span value_range{0, 255};  // Keras 3 may have another
  bool has_channels_first = false;

  static RandomContrast parse(const Config& config) {
    config.ignore({"seed"});
    RandomContrast result;
    result.dtype = config.dtype();
    const Span factor = Span::parse(config, "factor");  // [a, b] means 1 - a to 1 + b, one number 1 - f to 1 + f
    const Json* given = config.find({"factor"});
    const bool is_one = given != nullptr && given->is_number();
    result.factor = is_one ? factor.plus(1) : Span{1 - factor.low, 1 + factor.high};
    if (config.find({"value_range"}) != nullptr) result.value_range = Span::parse(config, "value_range");
    result.has_channels_first = config.get_string({"data_format"}, "") == "channels_first";
    return result;
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }

  // TensorFlow 2.15's adjust_contrast: each channel's distance from its mean times one number for the whole batch.
  Values lower(Lowering& lowering, const Values& in) const {
    const Values cast = lower_cast(dtype, lowering, in);
    if (!lowering.is_training()) return cast;
    const Value& x = cast[0];
    expect_pictures(x, has_channels_first);
    const Value mean = lowering.named_op("Mean", "Mean", {x, lowering.ints("Mean/axes", {1, 2})},
                                         {{"keep_dims", true}, {"Tidx", DType::kInt32}});
    const Value distance = lowering.named_op("sub", "Sub", {x, mean});
    const Value scaled = lowering.named_op("mul", "Mul", {distance, random_of_all(lowering, x, factor)});
    Value adjusted = lowering.named_op("add", "Add", {scaled, mean});
    adjusted.shape = x.shape;
    return {lower_clip(lowering, adjusted, value_range.low, value_range.high)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_contrast = make_spec<RandomContrast>("RandomContrast");

}  // namespace hoarfrost::keras
