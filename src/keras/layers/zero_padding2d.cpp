// ZeroPadding2D: zeros around the rows and columns of [batch, height, width, channels]. Keras 1.0 to 3.15.
#include "keras/borders.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct ZeroPadding2D {
  Borders padding;

  static ZeroPadding2D parse(const Config& config) { return {parse_borders(config, "padding", 2)}; }
  Shapes infer(const Shapes& in) const { return infer_padding(padding, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_padding(padding, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return padding_reference(padding, in); }
};

}  // namespace

const LayerSpec layer_zero_padding2d = make_spec<ZeroPadding2D>("ZeroPadding2D");

}  // namespace hoarfrost::keras
