// Cropping1D: the steps of [batch, time, features] without their ends. Keras 1.0 to 3.15.
#include "keras/borders.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Cropping1D {
  Borders cropping;

  static Cropping1D parse(const Config& config) { return {parse_borders(config, "cropping", 1)}; }
  Shapes infer(const Shapes& in) const { return infer_cropping(cropping, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_cropping(cropping, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return cropping_reference(cropping, in); }
};

}  // namespace

const LayerSpec layer_cropping1d = make_spec<Cropping1D>("Cropping1D");

}  // namespace hoarfrost::keras
