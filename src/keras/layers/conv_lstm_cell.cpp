// ConvLSTMCell (Keras 2.0 to 2.3: ConvLSTM2DCell): one step of ConvLSTM1D, 2D or 3D.
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_conv_lstm_cell = make_spec<CellLayer<parse_conv_lstm_cell>>("ConvLSTMCell", "ConvLSTM2DCell");

}  // namespace hoarfrost::keras
