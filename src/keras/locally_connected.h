// What LocallyConnected1D and LocallyConnected2D share: a convolution whose every position has a kernel of its own.
// Keras keeps the kernel in three ways (`implementation`, since Keras 2.3; before, and by default, the first):
//   1  [positions, window · channels, filters]; the second axis runs through (cell, channel), or (channel, cell) where
//   the
//      channels come first
//   2  the dense matrix of inputs and outputs, [in space…, channels, out space…, filters] ([channels, in space…,
//   filters,
//      out space…]), of which Keras reads only what lies in a window
//   3  what lies in a window of that matrix, by outputs, then inputs
// Padding `same` (2 and 3) puts kernel_size / 2 zeros before the first element (conv_utils.conv_connected_inputs).
#pragma once

#include "keras/activations.h"
#include "keras/lowering.h"
#include "keras/window.h"

namespace hoarfrost::keras {

struct LocallyConnected {
  int64_t filters = 0;
  Window window;
  int64_t implementation = 1;
  bool is_channels_first = false;
  bool use_bias = true;
  Activation activation;
};

// Throws Error{kUnsupported | kCorrupt}, for implementation 1 with `same` too (Keras refuses it).
LocallyConnected parse_locally_connected(const Config& config, size_t rank);
// [batch, space…, channels] -> [batch, space…, filters], or with the channels behind the batch. Throws Error{kMismatch}
// where a size but the batch's is unknown.
Shapes infer_locally_connected(const LocallyConnected& layer, const Shapes& in);
// kernel, as above; bias, one for every position and filter, [out space…, filters].
std::vector<WeightSpec> locally_connected_weights(const LocallyConnected& layer, const Shapes& in);
Values lower_locally_connected(const LocallyConnected& layer, Lowering& lowering, const Values& in);
Formulas locally_connected_reference(const LocallyConnected& layer, const Arrays& weights, const Arrays& in);

}  // namespace hoarfrost::keras
