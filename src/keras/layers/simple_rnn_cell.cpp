// SimpleRNNCell: one step of SimpleRNN. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_simple_rnn_cell = make_spec<CellLayer<parse_simple_rnn_cell>>("SimpleRNNCell");

}  // namespace hoarfrost::keras
