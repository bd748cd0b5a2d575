// Magnitude: |z| of STFT's complex numbers, whose parts stand along one axis more than Keras' have (stft.cpp). kapre
// 0.3.
#include <hoarfrost/error.h>

#include <cmath>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Magnitude {
  static Magnitude parse(const Config& /*config*/) { return {}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 5);
    return {without_parts(in[0])};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    if (in[0].dtype != DType::kComplex64)
      throw Error(ErrorCode::kUnsupported, "", "Magnitude is converted behind kapre's STFT alone");
    const Value parts{in[0].tensor, DType::kFloat32, in[0].shape};
    const Value squares = lowering.op("Square", {parts});
    const Value sum = lowering.op("Sum", {squares, lowering.ints("Sum/reduction_indices", {4})},
                                  {{"keep_dims", false}, {"Tidx", DType::kInt32}});
    return {lowering.op("Sqrt", {sum})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0]](const Index& o) {
      Index part = o;
      part.push_back(0);
      return std::hypot(x[part], x[part.with(4, 1)]);
    };
    return {{without_parts(in[0].shape()), at, 2}};
  }

 private:
  static Shape without_parts(const Shape& x) { return {x[0], x[1], x[2], x[3]}; }
};

}  // namespace

const LayerSpec layer_magnitude = make_spec<Magnitude>("Magnitude");

}  // namespace hoarfrost::keras
