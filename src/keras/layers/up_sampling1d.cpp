// UpSampling1D: every step of the time axis of [batch, time, features] several times. Keras 1.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/repetition.h"

namespace hoarfrost::keras {
namespace {

struct UpSampling1D {
  Factors factors;

  static UpSampling1D parse(const Config& config) { return {parse_factors(config, 1)}; }
  Shapes infer(const Shapes& in) const { return infer_repetition(factors, in); }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lower_repetition(factors, "concat", lowering, in[0])};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {repetition_reference(factors, in[0])};
  }
};

}  // namespace

const LayerSpec layer_up_sampling1d = make_spec<UpSampling1D>("UpSampling1D");

}  // namespace hoarfrost::keras
