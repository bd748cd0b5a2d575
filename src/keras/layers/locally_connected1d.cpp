// LocallyConnected1D: a convolution over [batch, steps, channels] whose every position has a kernel of its own.
// Keras 1.0 to 2.15; Keras 3 has none.
#include "keras/layers/registry.h"
#include "keras/locally_connected.h"

namespace hoarfrost::keras {
namespace {

struct LocallyConnected1D {
  LocallyConnected layer;

  static LocallyConnected1D parse(const Config& config) { return {parse_locally_connected(config, 1)}; }
  Shapes infer(const Shapes& in) const { return infer_locally_connected(layer, in); }
  std::vector<WeightSpec> weights(const Shapes& in) const { return locally_connected_weights(layer, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_locally_connected(layer, lowering, in); }
  Formulas reference(const Arrays& weights, const Arrays& in) const {
    return locally_connected_reference(layer, weights, in);
  }
};

}  // namespace

const LayerSpec layer_locally_connected1d = make_spec<LocallyConnected1D>("LocallyConnected1D");

}  // namespace hoarfrost::keras
