// MagnitudeTflite: the length of the vectors along the last axis, STFTTflite's real and imaginary parts. kapre 0.3.
#include <cmath>

#include "keras/complex_parts.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct MagnitudeTflite {
  static MagnitudeTflite parse(const Config& /*config*/) { return {}; }

  Shapes infer(const Shapes& in) const { return infer_of_parts(in); }
  Values lower(Lowering& lowering, const Values& in) const { return {length_of(lowering, in[0])}; }

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
    return {{without_parts(in[0].shape()), at, 2}};
  }
};

}  // namespace

const LayerSpec layer_magnitude_tflite = make_spec<MagnitudeTflite>("MagnitudeTflite");

}  // namespace hoarfrost::keras
