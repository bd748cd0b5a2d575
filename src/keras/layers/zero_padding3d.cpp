// ZeroPadding3D: zeros around the spatial axes of [batch, depth, height, width, channels]. Keras 1.0 to 3.15.
#include "keras/borders.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct ZeroPadding3D {
  Borders padding;

  static ZeroPadding3D parse(const Config& config) { return {parse_borders(config, "padding", 3)}; }
  Shapes infer(const Shapes& in) const { return infer_padding(padding, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_padding(padding, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return padding_reference(padding, in); }
};

}  // namespace

const LayerSpec layer_zero_padding3d = make_spec<ZeroPadding3D>("ZeroPadding3D");

}  // namespace hoarfrost::keras
