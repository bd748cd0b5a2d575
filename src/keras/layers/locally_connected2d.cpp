// LocallyConnected2D: a convolution over [batch, height, width, channels] whose every position has a kernel of its own.
// Keras 1.0 to 2.15; Keras 3 has none.
#include "keras/layers/registry.h"
#include "keras/locally_connected.h"

namespace hoarfrost::keras {
namespace {

struct LocallyConnected2D {
  LocallyConnected layer;

  static LocallyConnected2D parse(const Config& config) { return {parse_locally_connected(config, 2)}; }
  Shapes infer(const Shapes& in) const { return infer_locally_connected(layer, in); }
  std::vector<WeightSpec> weights(const Shapes& in) const { return locally_connected_weights(layer, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_locally_connected(layer, lowering, in); }
  Formulas reference(const Arrays& weights, const Arrays& in) const {
    return locally_connected_reference(layer, weights, in);
  }
};

}  // namespace

const LayerSpec layer_locally_connected2d = make_spec<LocallyConnected2D>("LocallyConnected2D");

}  // namespace hoarfrost::keras
