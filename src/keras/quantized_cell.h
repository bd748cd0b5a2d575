// QKeras' recurrent cells: Keras' on quantized weights, with the states quantized at the beginning of each step. QKeras
// 0.9.0's qrecurrent.py.
#pragma once

#include "keras/recurrent_cell.h"

namespace hoarfrost::keras {

CellPtr parse_q_simple_rnn_cell(const Config& config);
CellPtr parse_q_lstm_cell(const Config& config);
// Throws Error{kUnsupported} without a recurrent_quantizer: QKeras then multiplies by the input's kernel.
CellPtr parse_q_gru_cell(const Config& config);

}  // namespace hoarfrost::keras
