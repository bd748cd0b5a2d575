// LSTM: long short-term memory over the steps of a sequence. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_lstm = make_spec<RecurrentLayer<parse_lstm_cell>>("LSTM");

}  // namespace hoarfrost::keras
