// Magnitude: |z| of STFT's complex numbers, whose parts stand along one axis more than Keras' have (stft.cpp). kapre
// 0.3.
#include <cmath>

#include "keras/complex_parts.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Magnitude {
  static Magnitude parse(const Config& /*config*/) { return {}; }

  Shapes infer(const Shapes& in) const { return infer_of_parts(in); }

  Values lower(Lowering& lowering, const Values& in) const {
    return {length_of(lowering, parts_of(in[0], "Magnitude"))};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0]](const Index& o) {
      Index part = o;
      part.push_back(0);
      return std::hypot(x[part], x[part.with(4, 1)]);
    };
    return {{without_parts(in[0].shape()), at, 2}};
  }
};

}  // namespace

const LayerSpec layer_magnitude = make_spec<Magnitude>("Magnitude");

}  // namespace hoarfrost::keras
