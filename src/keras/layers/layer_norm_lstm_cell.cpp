// LayerNormLSTMCell: one step of an LSTM with layer normalization. TensorFlow Addons 0.23 (addons_cell.h).
#include "keras/addons_cell.h"
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {
namespace {

struct LayerNormLSTMCellLayer : CellCall {
  static LayerNormLSTMCellLayer parse(const Config& config) {
    read_call_arguments(config, "states");
    return {{parse_layer_norm_lstm_cell(config)}};
  }
};

}  // namespace

const LayerSpec layer_layer_norm_lstm_cell = make_spec<LayerNormLSTMCellLayer>("Addons>LayerNormLSTMCell");

}  // namespace hoarfrost::keras
