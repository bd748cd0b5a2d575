// ELU: x where x > 0, alpha · (exp(x) - 1) elsewhere (Clevert et al., 2015). Keras 1.0 to 3.15.
#include <cmath>

#include "keras/activations.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct ELU {
  double alpha = 1;
  static constexpr bool kPassesMask = true;

  static ELU parse(const Config& config) { return {config.get_float({"alpha"}, 1)}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value elu = lowering.op("Elu", {in[0]});
    if (alpha == 1) return {elu};
    const Value is_positive = lowering.raw_op("Greater", "Greater", {in[0], lowering.scalar("Greater/y", 0, in[0])},
                                              DType::kBool, {{"T", in[0].dtype}});
    const Value scaled = lowering.named_op("mul", "Mul", {lowering.scalar("mul/x", alpha, elu), elu});
    return {lowering.raw_op("Select", "Select", {is_positive, elu, scaled}, elu.dtype, {{"T", elu.dtype}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [a = alpha, x = in[0]](const Index& o) { return x[o] > 0 ? x[o] : a * std::expm1(x[o]); };
    return {{in[0].shape(), at, 1}};
  }
};

}  // namespace

const LayerSpec layer_elu = make_spec<ELU>("ELU");

}  // namespace hoarfrost::keras
