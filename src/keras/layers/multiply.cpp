// Multiply: the product of its inputs, element by element with broadcasting. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/masked_merge.h"
#include "keras/merge.h"

namespace hoarfrost::keras {
namespace {

struct Multiply {
  Version version;

  static Multiply parse(const Config& config) { return {config.version()}; }
  Shapes infer(const Shapes& in) const { return {merged_shape(in)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    if (merges_by_masks(version, in)) return {lower_masked_merge("Mul", lowering, in)};
    return {lower_merge("mul", "Mul", version, lowering, in)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {masked_merge_reference("Mul", version, in)};
  }
};

}  // namespace

const LayerSpec layer_multiply = make_spec<Multiply>("Multiply");

}  // namespace hoarfrost::keras
