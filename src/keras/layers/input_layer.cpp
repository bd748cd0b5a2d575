// InputLayer: where a model is fed. The model makes its placeholder; here is only what its configuration may say.
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct InputLayer {
  static InputLayer parse(const Config& config) {
    config.ignore({"batch_shape", "batch_input_shape", "shape", "batch_size", "optional", "type_spec"});
    if (config.get_bool({"sparse"}, false))
      config.unsupported("sparse inputs have no frozen form; make the input dense");
    if (config.get_bool({"ragged"}, false)) config.unsupported("ragged inputs have no frozen form; pad them and mask");
    return {};
  }

  Shapes infer(const Shapes& in) const { return in; }
  Values lower(Lowering& /*lowering*/, const Values& in) const { return in; }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {{in[0].shape(), [x = in[0]](const Index& o) { return x[o]; }, 0}};
  }
};

}  // namespace

const LayerSpec layer_input_layer = make_spec<InputLayer>("InputLayer");

}  // namespace hoarfrost::keras
