// CuDNNGRU: GRU that resets after the product, in cuDNN's layout of weights. Keras 2.0 to 2.3, and TensorFlow 1's.
#include "keras/layers/registry.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

const LayerSpec layer_cu_dnn_gru = make_spec<RecurrentLayer<parse_cudnn_gru_cell>>("CuDNNGRU");

}  // namespace hoarfrost::keras
