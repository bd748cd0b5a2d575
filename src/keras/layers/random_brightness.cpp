// RandomBrightness: images brighter and darker, in training only; at inference the identity. Keras 2.9 to 3.15.
#include <algorithm>

#include "keras/activations.h"
#include "keras/augmentation.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct RandomBrightness {
  Augmentation augmentation;
  Span factor;
  Span value_range{0, 255};
  bool has_channels_first = false;

  static RandomBrightness parse(const Config& config) {
    RandomBrightness result;
    result.augmentation = parse_augmentation(config, {}, config.version().major >= 3);
    result.factor = Span::parse(config, "factor");
    if (result.factor.low > result.factor.high) std::swap(result.factor.low, result.factor.high);  // Keras sorts them
    if (config.has("value_range")) result.value_range = Span::parse(config, "value_range");
    result.has_channels_first = config.get_string({"data_format"}, "") == "channels_first";
    return result;
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }

  // Keras 2.15: a number of its own for each picture, times the range, is added; what leaves the range is cut.
  Values lower(Lowering& lowering, const Values& in) const {
    if (!lowering.is_training()) return lower_augmentation(augmentation, lowering, in);
    const Value x = lower_cast(augmentation.dtype, lowering, in)[0];
    expect_pictures(x, has_channels_first);
    Value brighter =
        lowering.named_op("add", "Add", {x, random_of(lowering, x, factor.times(value_range.high - value_range.low))});
    brighter.shape = x.shape;
    return {lower_clip(lowering, brighter, value_range.low, value_range.high)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_random_brightness = make_spec<RandomBrightness>("RandomBrightness");

}  // namespace hoarfrost::keras
