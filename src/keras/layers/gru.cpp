// GRU: gated recurrent units over the steps of a sequence, resetting before or after the product. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_gru = make_spec<RecurrentLayer<parse_gru_cell>>("GRU");

}  // namespace hoarfrost::keras
