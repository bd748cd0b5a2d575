// MagnitudeTflite: the length of the vectors along the last axis, STFTTflite's real and imaginary parts. kapre 0.3.
#include <cmath>

#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct MagnitudeTflite {
  static MagnitudeTflite parse(const Config& /*config*/) { return {}; }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 5);
    return {{in[0][0], in[0][1], in[0][2], in[0][3]}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value squares = lowering.op("Square", {in[0]});
    const Value sum = lowering.op("Sum", {squares, lowering.ints("Sum/reduction_indices", {4})},
                                  {{"keep_dims", false}, {"Tidx", DType::kInt32}});
    return {lowering.op("Sqrt", {sum})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0]](const Index& o) {
      double sum = 0;
      for (int64_t part = 0; part < x.size(4); ++part) {
        Index place = o;
        place.push_back(part);
        sum += x[place] * x[place];
      }
      return std::sqrt(sum);
    };
    return {{infer({in[0].shape()})[0], at, 2}};
  }
};

}  // namespace

const LayerSpec layer_magnitude_tflite = make_spec<MagnitudeTflite>("MagnitudeTflite");

}  // namespace hoarfrost::keras
