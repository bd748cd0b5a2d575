// GRUCell: one step of GRU. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_gru_cell = make_spec<CellLayer<parse_gru_cell>>("GRUCell");

}  // namespace hoarfrost::keras
