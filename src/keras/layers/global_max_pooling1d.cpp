// GlobalMaxPooling1D: the greatest element of each channel. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/pooling.h"

namespace hoarfrost::keras {
namespace {

struct GlobalMaxPooling1D {
  GlobalPooling pooling;

  static GlobalMaxPooling1D parse(const Config& config) { return {parse_global_pooling(config, 1)}; }
  Shapes infer(const Shapes& in) const { return infer_global_pooling(pooling, in); }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lower_over_space(pooling, "Max", lowering, in[0])};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return global_max_reference(pooling, in); }
};

}  // namespace

const LayerSpec layer_global_max_pooling1d = make_spec<GlobalMaxPooling1D>("GlobalMaxPooling1D", "GlobalMaxPool1D");

}  // namespace hoarfrost::keras
