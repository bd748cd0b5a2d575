// QGRU: QKeras' GRU, on quantized weights and states. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_cell.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_q_gru = make_spec<RecurrentLayer<parse_q_gru_cell>>("QGRU");

}  // namespace hoarfrost::keras
