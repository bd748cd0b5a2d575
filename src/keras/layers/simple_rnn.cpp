// SimpleRNN: h = activation(x · kernel + h · recurrent_kernel + bias), step by step. Keras 1.2 to 3.15.
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_simple_rnn = make_spec<RecurrentLayer<parse_simple_rnn_cell>>("SimpleRNN");

}  // namespace hoarfrost::keras
