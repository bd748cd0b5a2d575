// ESNCell: one step of an echo state network. TensorFlow Addons 0.23 (addons_cell.h).
#include "keras/addons_cell.h"
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {
namespace {

struct ESNCellLayer : CellCall {
  static ESNCellLayer parse(const Config& config) {
    read_call_arguments(config, "state");
    return {{parse_esn_cell(config)}};
  }
};

}  // namespace

const LayerSpec layer_esn_cell = make_spec<ESNCellLayer>("Addons>ESNCell");

}  // namespace hoarfrost::keras
