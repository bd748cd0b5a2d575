// ParametricSoftplus: alpha · log(1 + exp(beta · x)), alpha and beta learned for each element. Keras 1.2's, which later
// Kerases have not.
#include <cmath>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct ParametricSoftplus {
  static constexpr bool kPassesMask = true;

  static ParametricSoftplus parse(const Config& config) {
    config.ignore({"alpha_init", "beta_init"});
    return {};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    const Shape shape(std::vector<int64_t>(in[0].sizes().begin() + 1, in[0].sizes().end()));
    return {{"alphas", shape}, {"betas", shape}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value scaled = lowering.named_op("mul", "Mul", {lowering.weight(1), in[0]});
    return {lowering.named_op("mul", "Mul", {lowering.op("Softplus", {scaled}), lowering.weight(0)})};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const auto at = [x = in[0], w = weights, n = in[0].shape().n_elements() / in[0].size(0)](const Index& o) {
      const int64_t element = o.offset(x.shape()) % n;
      const double z = w[1].at_offset(element) * x[o];
      return w[0].at_offset(element) * (std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))));
    };
    return {{in[0].shape(), at, 4}};
  }
};

}  // namespace

const LayerSpec layer_parametric_softplus = make_spec<ParametricSoftplus>("ParametricSoftplus");

}  // namespace hoarfrost::keras
