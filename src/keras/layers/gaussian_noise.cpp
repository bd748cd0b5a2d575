// GaussianNoise: noise in training only, at inference the identity. Keras 1.0 to 3.15.
#include "keras/identity.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct GaussianNoise {
  static constexpr bool kPassesMask = true;
  double stddev = 1;

  static GaussianNoise parse(const Config& config) {
    config.ignore({"seed"});
    return {config.get_float({"stddev", "sigma"}, 1.0)};
  }
  Shapes infer(const Shapes& in) const { return infer_identity(in); }
  // x + stddev · n, n normal. At inference no node is left.
  Values lower(Lowering& lowering, const Values& in) const {
    if (!lowering.is_training()) return in;
    const Value noise =
        lowering.named_op("noise", "Mul", {lowering.random_normal(in[0]), lowering.scalar("stddev", stddev, in[0])});
    return {lowering.named_op("add", "Add", {in[0], noise})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return identity_reference(in); }
};

}  // namespace

const LayerSpec layer_gaussian_noise = make_spec<GaussianNoise>("GaussianNoise");

}  // namespace hoarfrost::keras
