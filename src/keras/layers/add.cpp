// Add: the sum of its inputs, element by element with broadcasting. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/merge.h"

namespace hoarfrost::keras {
namespace {

struct Add {
  Version version;

  static Add parse(const Config& config) { return {config.version()}; }
  Shapes infer(const Shapes& in) const { return {merged_shape(in)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lower_merge("add", "Add", version, lowering, in)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {merge_reference(in, [](double a, double b) { return a + b; })};
  }
};

}  // namespace

const LayerSpec layer_add = make_spec<Add>("Add");

}  // namespace hoarfrost::keras
