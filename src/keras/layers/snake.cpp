// Snake: x + (1 − cos(2 · f · x)) / (2 · f), with a frequency f that is learned (Ziyin et al. 2020). TensorFlow Addons
// 0.23.
#include <nlohmann/json.hpp>

#include "keras/expression_layer.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Snake : ExpressionLayer {
  static Snake parse(const Config& config) {
    return {{config, 1, "x + (1 - tf.cos(2 * w[0] * x)) / (2 * w[0])", {}, [](const Shapes&) {
               return std::vector<WeightSpec>{{"frequency", {}}};
             }}};
  }
};

}  // namespace

const LayerSpec layer_snake = make_spec<Snake>("Addons>Snake");

}  // namespace hoarfrost::keras
