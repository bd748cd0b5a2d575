// Minimum: the least of its inputs, element by element with broadcasting. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/masked_merge.h"
#include "keras/merge.h"

namespace hoarfrost::keras {
namespace {

struct Minimum {
  Version version;

  static Minimum parse(const Config& config) { return {config.version()}; }
  Shapes infer(const Shapes& in) const { return {merged_shape(in)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    if (merges_by_masks(version, in)) return {lower_masked_merge("Minimum", lowering, in)};
    return {lower_merge("Minimum", "Minimum", version, lowering, in)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {masked_merge_reference("Minimum", version, in)};
  }
};

}  // namespace

const LayerSpec layer_minimum = make_spec<Minimum>("Minimum");

}  // namespace hoarfrost::keras
