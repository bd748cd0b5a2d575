// StochasticDepth: a shortcut plus a branch, [shortcut, branch], the branch times the probability with which training
// keeps it (Huang et al. 2016). TensorFlow Addons 0.23.

#include <nlohmann/json.hpp>

#include "keras/expression_layer.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct StochasticDepth : ExpressionLayer {
  static StochasticDepth parse(const Config& config) {
    return {{config, 2, "x[0] + p * x[1]", {{"p", config.get_float({"survival_probability"}, 0.5)}}}};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    lowering.expect_inference("StochasticDepth drops branches in training, which is not done here");
    return ExpressionLayer::lower(lowering, in);
  }
};

}  // namespace

const LayerSpec layer_stochastic_depth = make_spec<StochasticDepth>("Addons>StochasticDepth");

}  // namespace hoarfrost::keras
