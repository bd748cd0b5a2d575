// ConvLSTM1D: an LSTM of [batch, time, space…, channels] whose products are convolutions. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_conv_lstm1d = make_spec<RecurrentLayer<parse_conv_lstm1d_cell>>("ConvLSTM1D");

}  // namespace hoarfrost::keras
