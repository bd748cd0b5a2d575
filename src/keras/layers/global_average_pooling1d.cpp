// GlobalAveragePooling1D: the mean of each channel over time; of the steps that count, where there is a mask. Keras 1.2
// to 3.15.
#include "keras/convolution.h"
#include "keras/layers/registry.h"
#include "keras/pooling.h"

namespace hoarfrost::keras {
namespace {

struct GlobalAveragePooling1D {
  GlobalPooling pooling;

  static GlobalAveragePooling1D parse(const Config& config) { return {parse_global_pooling(config, 1)}; }
  Shapes infer(const Shapes& in) const { return infer_global_pooling(pooling, in); }

  Values lower(Lowering& lowering, const Values& in) const {
    if (!in[0].mask) return {lower_over_space(pooling, "Mean", lowering, in[0])};
    const Value mask{in[0].mask, DType::kBool};
    const Value cast =
        lowering.raw_op("Cast", "Cast", {mask}, in[0].dtype, {{"SrcT", DType::kBool}, {"DstT", in[0].dtype}});
    const Value counts = expand_dims(lowering, "ExpandDims", cast, 2);
    const Value sum = lower_over_space(pooling, "Sum", lowering, lowering.named_op("mul", "Mul", {in[0], counts}));
    return {lowering.named_op("truediv", "RealDiv", {sum, lower_over_space(pooling, "Sum", lowering, counts)})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return global_average_reference(pooling, in);
  }
};

}  // namespace

const LayerSpec layer_global_average_pooling1d =
    make_spec<GlobalAveragePooling1D>("GlobalAveragePooling1D", "GlobalAvgPool1D");

}  // namespace hoarfrost::keras
