// Cropping3D: the spatial axes of [batch, depth, height, width, channels] without their ends. Keras 1.0 to 3.15.
#include "keras/borders.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Cropping3D {
  Borders cropping;

  static Cropping3D parse(const Config& config) { return {parse_borders(config, "cropping", 3)}; }
  Shapes infer(const Shapes& in) const { return infer_cropping(cropping, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_cropping(cropping, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return cropping_reference(cropping, in); }
};

}  // namespace

const LayerSpec layer_cropping3d = make_spec<Cropping3D>("Cropping3D");

}  // namespace hoarfrost::keras
