// ZeroPadding1D: zeros around the steps of [batch, time, features]. Keras 1.0 to 3.15.
#include "keras/borders.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct ZeroPadding1D {
  Borders padding;

  static ZeroPadding1D parse(const Config& config) { return {parse_borders(config, "padding", 1)}; }
  Shapes infer(const Shapes& in) const { return infer_padding(padding, in); }
  Values lower(Lowering& lowering, const Values& in) const { return lower_padding(padding, lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return padding_reference(padding, in); }
};

}  // namespace

const LayerSpec layer_zero_padding1d = make_spec<ZeroPadding1D>("ZeroPadding1D");

}  // namespace hoarfrost::keras
