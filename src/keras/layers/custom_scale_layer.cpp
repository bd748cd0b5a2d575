// CustomScaleLayer: y = a + scale · b for the inputs [a, b], the residual of InceptionResNetV2. keras.applications 2.12
// to 3.15; before it was a Lambda.
#include <hoarfrost/error.h>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct CustomScaleLayer {
  double scale = 1;

  static CustomScaleLayer parse(const Config& config) { return {config.get_float({"scale"})}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 2);
    if (in[0] != in[1])
      throw Error(ErrorCode::kMismatch, "",
                  "expected two inputs of one shape, found " + in[0].to_string() + " and " + in[1].to_string());
    return {in[0]};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value factor = lowering.constant("mul/y", Tensor::scalar(scale).cast(in[1].dtype));
    return {lowering.named_op("add", "Add", {in[0], lowering.named_op("mul", "Mul", {in[1], factor})})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [a = in[0], b = in[1], factor = scale](const Index& o) { return a[o] + factor * b[o]; };
    return {{in[0].shape(), at, 1}};
  }
};

}  // namespace

const LayerSpec layer_custom_scale_layer = make_spec<CustomScaleLayer>("CustomScaleLayer");

}  // namespace hoarfrost::keras
