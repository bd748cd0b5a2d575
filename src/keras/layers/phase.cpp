// Phase: the angle of STFT's complex numbers, whose parts stand along one axis more than Keras' have (stft.cpp). kapre
// 0.3 (tf.math.angle).
#include <cmath>

#include "keras/complex_parts.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct ComplexAngle {
  static ComplexAngle parse(const Config& config) {
    // kapre 0.3.6 saves it under the second name, by which it does not take it.
    if (config.find({"approx_atan_accuracy", "tflite_phase_accuracy"}) != nullptr)
      config.unsupported(
          "an approx_atan_accuracy, by which kapre computes the angle in as many steps, is not converted; "
          "leave it out");
    return {};
  }

  Shapes infer(const Shapes& in) const { return infer_of_parts(in); }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value parts = parts_of(in[0], "Phase");
    const Value real = lowering.raw_op("Unpack", "Unpack", {parts}, DType::kFloat32,
                                       {{"T", DType::kFloat32}, {"num", int64_t{2}}, {"axis", int64_t{4}}});
    const Value imaginary{real.tensor.node->output(1), DType::kFloat32, real.shape};
    return {lowering.op("Atan2", {imaginary, real})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0]](const Index& o) {
      Index part = o;
      part.push_back(0);
      return std::atan2(x[part.with(4, 1)], x[part]);
    };
    return {{without_parts(in[0].shape()), at, 2}};
  }
};

}  // namespace

const LayerSpec layer_phase = make_spec<ComplexAngle>("Phase");

}  // namespace hoarfrost::keras
