// Subtract: the first input less the second, element by element with broadcasting. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/merge.h"

namespace hoarfrost::keras {
namespace {

struct Subtract {
  Version version;

  static Subtract parse(const Config& config) { return {config.version()}; }
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 2);
    return {merged_shape(in)};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lower_merge("sub", "Sub", version, lowering, in)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {merge_reference(in, [](double a, double b) { return a - b; })};
  }
};

}  // namespace

const LayerSpec layer_subtract = make_spec<Subtract>("Subtract");

}  // namespace hoarfrost::keras
