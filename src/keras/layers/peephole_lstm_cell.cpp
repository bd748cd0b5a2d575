// PeepholeLSTMCell: one step of an LSTM whose gates see the memory. TensorFlow Addons 0.23 (addons_cell.h).
#include "keras/addons_cell.h"
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {
namespace {

struct PeepholeLSTMCellLayer : CellCall {
  static PeepholeLSTMCellLayer parse(const Config& config) {
    read_call_arguments(config, "states");
    return {{parse_peephole_lstm_cell(config)}};
  }
};

}  // namespace

const LayerSpec layer_peephole_lstm_cell = make_spec<PeepholeLSTMCellLayer>("Addons>PeepholeLSTMCell");

}  // namespace hoarfrost::keras
