// LayerNormSimpleRNNCell: one step of a SimpleRNN with layer normalization. TensorFlow Addons 0.23 (addons_cell.h).
#include "keras/addons_cell.h"
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {
namespace {

struct LayerNormSimpleRNNCellLayer : CellCall {
  static LayerNormSimpleRNNCellLayer parse(const Config& config) {
    read_call_arguments(config, "states");
    return {{parse_layer_norm_simple_rnn_cell(config)}};
  }
};

}  // namespace

const LayerSpec layer_layer_norm_simple_rnn_cell =
    make_spec<LayerNormSimpleRNNCellLayer>("Addons>LayerNormSimpleRNNCell");

}  // namespace hoarfrost::keras
