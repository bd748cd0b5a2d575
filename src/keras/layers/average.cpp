// Average: the mean of its inputs, element by element with broadcasting. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/merge.h"

namespace hoarfrost::keras {
namespace {

struct Average {
  Version version;

  static Average parse(const Config& config) { return {config.version()}; }
  Shapes infer(const Shapes& in) const { return {merged_shape(in)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    const Value sum = lower_merge("add", "Add", version, lowering, in);
    const Value count = lowering.scalar("truediv/y", static_cast<double>(in.size()), sum);
    Value mean = lowering.named_op("truediv", "RealDiv", {sum, count});
    mean.mask = sum.mask;
    return {mean};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Formula sum = merge_reference(in, [](double a, double b) { return a + b; });
    return {{sum.shape, [sum, n = static_cast<double>(in.size())](const Index& o) { return sum.at(o) / n; }, sum.cost}};
  }
};

}  // namespace

const LayerSpec layer_average = make_spec<Average>("Average");

}  // namespace hoarfrost::keras
