// QGlobalAveragePooling2D: QKeras' GlobalAveragePooling2D. QKeras 0.9.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/layers/registry.h"
#include "keras/quantized_pooling.h"

namespace hoarfrost::keras {
namespace {

struct QGlobalAveragePooling2D {
  QuantizedPooling pooling;

  static QGlobalAveragePooling2D parse(const Config& config) {
    return {QuantizedPooling::parse(config, "GlobalAveragePooling2D")};
  }
  Shapes infer(const Shapes& in) const { return pooling.infer(in); }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shape& size = in[0].shape;
    if (size[1] == kUnknown || size[2] == kUnknown) {
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("what is quantized depends on the image's size, which {} leaves open; give --input-shape",
                              size.to_string()));
    }
    return pooling.lower(lowering, in, size[1] * size[2]);
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return pooling.reference(in, in[0].size(1) * in[0].size(2));
  }
};

}  // namespace

const LayerSpec layer_q_global_average_pooling2d = make_spec<QGlobalAveragePooling2D>("QGlobalAveragePooling2D");

}  // namespace hoarfrost::keras
