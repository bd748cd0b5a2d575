// ConvLSTM3D: an LSTM of [batch, time, space…, channels] whose products are convolutions. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_conv_lstm3d = make_spec<RecurrentLayer<parse_conv_lstm3d_cell>>("ConvLSTM3D");

}  // namespace hoarfrost::keras
