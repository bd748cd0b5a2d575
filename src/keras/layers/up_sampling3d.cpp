// UpSampling3D: every step of the spatial axes of [batch, depth, height, width, channels] several times. Keras 1.0
// to 3.15.
#include "keras/layers/registry.h"
#include "keras/repetition.h"

namespace hoarfrost::keras {
namespace {

struct UpSampling3D {
  Factors factors;

  static UpSampling3D parse(const Config& config) { return {parse_factors(config, 3)}; }
  Shapes infer(const Shapes& in) const { return infer_repetition(factors, in); }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lower_repetition(factors, "concat_2", lowering, in[0])};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {repetition_reference(factors, in[0])};
  }
};

}  // namespace

const LayerSpec layer_up_sampling3d = make_spec<UpSampling3D>("UpSampling3D");

}  // namespace hoarfrost::keras
