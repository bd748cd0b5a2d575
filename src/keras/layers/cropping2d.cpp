// Cropping2D: the rows and columns of [batch, height, width, channels] without their ends. Keras 1.0 to 3.15.
#include "keras/borders.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Cropping2D {
  Borders cropping;

  static Cropping2D parse(const Config& config) { return {parse_borders(config, "cropping", 2)}; }
  Shapes infer(const Shapes& in) const { return infer_cropping(cropping, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_cropping(cropping, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return cropping_reference(cropping, in); }
};

}  // namespace

const LayerSpec layer_cropping2d = make_spec<Cropping2D>("Cropping2D");

}  // namespace hoarfrost::keras
