// StackedRNNCells: one step of cells that stand on each other. Keras 2.0 to 3.15.
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_stacked_rnn_cells = make_spec<CellLayer<parse_stacked_cells>>("StackedRNNCells");

}  // namespace hoarfrost::keras
