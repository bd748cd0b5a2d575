// QSimpleRNN: QKeras' SimpleRNN, on quantized weights and states. QKeras 0.9.
#include "keras/layers/registry.h"
#include "keras/quantized_cell.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_q_simple_rnn = make_spec<RecurrentLayer<parse_q_simple_rnn_cell>>("QSimpleRNN");

}  // namespace hoarfrost::keras
