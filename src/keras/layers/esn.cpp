// ESN: an echo state network over the steps of a sequence (Jaeger 2001). TensorFlow Addons 0.23 (addons_cell.h).
#include "keras/addons_cell.h"
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_esn = make_spec<RecurrentLayer<parse_esn_cell>>("Addons>ESN");

}  // namespace hoarfrost::keras
