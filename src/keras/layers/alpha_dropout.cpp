// AlphaDropout: dropout for selu in training only, at inference the identity. Keras 2.0 to 3.15.
#include <cmath>

#include "keras/dropout.h"
#include "keras/identity.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct AlphaDropout {
  static constexpr bool kPassesMask = true;
  double rate = 0.5;
  Shape noise_shape = Shape::unknown_rank();

  static AlphaDropout parse(const Config& config) {
    config.ignore({"seed"});
    AlphaDropout layer{dropout_rate(config)};
    if (config.find({"noise_shape"}) != nullptr) layer.noise_shape = config.get_shape({"noise_shape"});
    return layer;
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // Keras 2.15: a · (x · m + alpha' · (1 − m)) + b, m the values that stay, a and b so that mean and variance stay too
  // (Klambauer et al., Self-Normalizing Neural Networks, 2017). At inference no node is left.
  Values lower(Lowering& lowering, const Values& in) const {
    if (!lowering.is_training() || rate <= 0 || rate >= 1) return in;
    constexpr double kAlpha = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946;
    const double a = 1 / std::sqrt((1 - rate) * (1 + rate * kAlpha * kAlpha));
    const double b = -a * kAlpha * rate;
    const Value& x = in[0];
    const Value stays = lowering.named_op("GreaterEqual", "GreaterEqual",
                                          {lowering.random_uniform(x, noise_shape), lowering.scalar("rate", rate, x)});
    const Value mask = lowering.raw_op("Cast", "Cast", {stays}, x.dtype, {{"SrcT", DType::kBool}, {"DstT", x.dtype}});
    const Value kept = lowering.named_op("mul", "Mul", {x, mask});
    const Value dropped = lowering.named_op(
        "mul_1", "Mul",
        {lowering.named_op("sub", "Sub", {lowering.scalar("one", 1, x), mask}), lowering.scalar("alpha", kAlpha, x)});
    const Value sum = lowering.named_op("add", "Add", {kept, dropped});
    const Value scaled = lowering.named_op("mul_2", "Mul", {sum, lowering.scalar("a", a, x)});
    return {lowering.named_op("add_1", "Add", {scaled, lowering.scalar("b", b, x)})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_alpha_dropout = make_spec<AlphaDropout>("AlphaDropout");

}  // namespace hoarfrost::keras
