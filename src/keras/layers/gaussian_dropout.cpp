// GaussianDropout: noise in training only, at inference the identity. Keras 1.0 to 3.15.
#include <cmath>

#include "keras/dropout.h"
#include "keras/identity.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct GaussianDropout {
  static constexpr bool kPassesMask = true;
  double rate = 0.5;

  static GaussianDropout parse(const Config& config) {
    config.ignore({"seed"});
    return {dropout_rate(config)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // x · (1 + sqrt(rate / (1 − rate)) · n), n normal. At inference no node is left.
  Values lower(Lowering& lowering, const Values& in) const {
    if (!lowering.is_training() || rate <= 0 || rate >= 1) return in;
    const Value& x = in[0];
    const Value noise = lowering.named_op(
        "noise", "Mul", {lowering.random_normal(x), lowering.scalar("stddev", std::sqrt(rate / (1 - rate)), x)});
    return {
        lowering.named_op("mul", "Mul", {x, lowering.named_op("add", "Add", {noise, lowering.scalar("one", 1, x)})})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_gaussian_dropout = make_spec<GaussianDropout>("GaussianDropout");

}  // namespace hoarfrost::keras
