// LSTMCell: one step of LSTM. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_lstm_cell = make_spec<CellLayer<parse_lstm_cell>>("LSTMCell");

}  // namespace hoarfrost::keras
