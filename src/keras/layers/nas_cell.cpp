// NASCell: one step of the cell that Zoph and Le found by search. TensorFlow Addons 0.23 (addons_cell.h).
#include "keras/addons_cell.h"
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {
namespace {

struct NASCellLayer : CellCall {
  static NASCellLayer parse(const Config& config) {
    read_call_arguments(config, "state");
    return {{parse_nas_cell(config)}};
  }
};

}  // namespace

const LayerSpec layer_nas_cell = make_spec<NASCellLayer>("Addons>NASCell");

}  // namespace hoarfrost::keras
