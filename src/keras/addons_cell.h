// TensorFlow Addons' recurrent cells: an LSTM whose gates see the memory (Gers and Schmidhuber 2000), an LSTM and a
// SimpleRNN with layer normalization (Ba, Kiros and Hinton 2016), the cell that was searched for (Zoph and Le 2017),
// and an echo state network's (Jaeger 2001). TensorFlow Addons 0.23's rnn/*.py. They are not trained here.
#pragma once

#include "keras/recurrent_cell.h"

namespace hoarfrost::keras {

// What is said in training (Lowering::expect_inference).
inline constexpr std::string_view kTrainedByAddons = "TensorFlow Addons' cells are not trained here; Keras' own are";

CellPtr parse_peephole_lstm_cell(const Config& config);
CellPtr parse_layer_norm_lstm_cell(const Config& config);
CellPtr parse_layer_norm_simple_rnn_cell(const Config& config);
CellPtr parse_nas_cell(const Config& config);
CellPtr parse_esn_cell(const Config& config);
// The one of these that the class "Addons>…" is. Error{kUnsupported} for another.
CellPtr parse_addons_cell(const Config& config);

}  // namespace hoarfrost::keras
