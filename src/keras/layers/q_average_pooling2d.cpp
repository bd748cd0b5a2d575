// QAveragePooling2D: QKeras' AveragePooling2D. Its windows at a padded border are multiplied by the whole window's size
// too. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_pooling.h"

namespace hoarfrost::keras {
namespace {

struct QAveragePooling2D {
  QuantizedPooling pooling;
  int64_t n_elements = 1;

  static QAveragePooling2D parse(const Config& config) {
    const std::vector<int64_t> size = config.get_ints({"pool_size"}, 2, 2);
    return {QuantizedPooling::parse(config, "AveragePooling2D"), size[0] * size[1]};
  }
  Shapes infer(const Shapes& in) const { return pooling.infer(in); }
  Values lower(Lowering& lowering, const Values& in) const { return pooling.lower(lowering, in, n_elements); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return pooling.reference(in, n_elements); }
};

}  // namespace

const LayerSpec layer_q_average_pooling2d = make_spec<QAveragePooling2D>("QAveragePooling2D");

}  // namespace hoarfrost::keras
