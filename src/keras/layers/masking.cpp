// Masking: steps of [batch, time, features] all of whose features are mask_value do not count; they become zero, and
// the mask goes on to the layers that follow. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Masking {
  double mask_value = 0;

  static Masking parse(const Config& config) { return {config.get_float({"mask_value"}, 0)}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  // Keras 2.15's nodes; the mask is what it squeezes out of the broadcast one.
  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    const Value value = lowering.scalar("NotEqual/y", mask_value, x);
    const Value differs = lowering.raw_op("NotEqual", "NotEqual", {x, value}, DType::kBool, {{"T", x.dtype}});
    const Value any = lowering.raw_op("Any", "Any", {differs, lowering.ints("Any/reduction_indices", {-1})},
                                      DType::kBool, {{"keep_dims", true}, {"Tidx", DType::kInt32}});
    const Value factor = lowering.raw_op("Cast", "Cast", {any}, x.dtype, {{"SrcT", DType::kBool}, {"DstT", x.dtype}});
    Value result = lowering.named_op("mul", "Mul", {x, factor});
    result.mask = lowering
                      .raw_op("Squeeze", "Squeeze", {any}, DType::kBool,
                              {{"T", DType::kBool}, {"squeeze_dims", std::vector<int64_t>{-1}}})
                      .tensor;
    return {result};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], ignored = static_cast<float>(mask_value)](const Index& o) {
      for (int64_t feature = 0; feature < x.shape().last(); ++feature) {
        if (x[o.with(-1, feature)] != static_cast<double>(ignored)) return x[o];
      }
      return 0.0;
    };
    return {{in[0].shape(), at, static_cast<double>(in[0].shape().last())}};
  }
};

}  // namespace

const LayerSpec layer_masking = make_spec<Masking>("Masking");

}  // namespace hoarfrost::keras
