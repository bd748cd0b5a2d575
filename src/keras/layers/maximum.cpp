// Maximum: the greatest of its inputs, element by element with broadcasting. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/masked_merge.h"
#include "keras/merge.h"

namespace hoarfrost::keras {
namespace {

struct Maximum {
  Version version;

  static Maximum parse(const Config& config) { return {config.version()}; }
  Shapes infer(const Shapes& in) const { return {merged_shape(in)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    if (merges_by_masks(version, in)) return {lower_masked_merge("Maximum", lowering, in)};
    return {lower_merge("Maximum", "Maximum", version, lowering, in)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {masked_merge_reference("Maximum", version, in)};
  }
};

}  // namespace

const LayerSpec layer_maximum = make_spec<Maximum>("Maximum");

}  // namespace hoarfrost::keras
