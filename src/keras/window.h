// A window that slides over [batch, space…, channels]: the geometry that convolutions and pooling share. Paddings and
// lengths are Keras' conv_output_length and TensorFlow's SAME and VALID (SAME puts the odd zero at the end).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "keras/layer.h"

namespace hoarfrost::keras {

// kTheano is Keras' `same` where its backend was Theano: as many elements come out as of SAME, but the zeros before the
// first element are counted from the window alone (Keras 1.2.2's and 2.2.4's theano_backend.py: conv2d, pool2d).
enum class Padding { kValid, kSame, kCausal, kTheano };

struct Window {
  // Along each spatial axis, outermost first; each is at least 1.
  std::vector<int64_t> size;
  std::vector<int64_t> strides;
  std::vector<int64_t> dilation;
  Padding padding = Padding::kValid;
  std::vector<int64_t> before{};  // kTheano's zeros before each axis

  [[nodiscard]] size_t rank() const { return size.size(); }
  [[nodiscard]] int64_t n_cells() const;
  // Elements from the first cell to the last, holes included.
  [[nodiscard]] int64_t extent(size_t axis) const { return (size[axis] - 1) * dilation[axis] + 1; }
  [[nodiscard]] bool is_dilated() const;
  // Whether TensorFlow's own paddings say it; causal padding and Theano's are a Pad before.
  [[nodiscard]] std::string tensorflow_padding() const { return padding == Padding::kSame ? "SAME" : "VALID"; }
};

// The keys of Keras 1, 2 and 3. Errors for sizes below 1, strides with dilation (Keras refuses them too), an unknown
// padding; for channels_first and kTheano too, where the layer does not know them.
struct Knowledge {
  bool theano = false;
  bool channels_first = false;
};
// kernel_size, strides (1), dilation_rate (1), padding
Window parse_kernel(const Config& config, size_t rank, Knowledge knows = {});
Window parse_pool(const Config& config, size_t rank);  // pool_size (2), strides (pool_size), padding
void refuse_channels_first(const Config& config);

// [batch, space…, channels] of the output. Throws Error{kMismatch} when the input has another rank, or is smaller than
// the window.
Shape slide(const Window& window, const Shape& in, int64_t channels);
// Zeros before the first and after the last element of an axis of that size.
std::pair<int64_t, int64_t> zeros_around(const Window& window, size_t axis, int64_t input_size);

// For references: calls visit(position in the input, row-major number of the window's cell) for each cell of the window
// at `out` that lies within the input. Positions keep out's batch and channel.
template <typename Visit>
void for_each_cell(const Window& window, const Shape& in, const Index& out, Visit visit) {
  const int rank = static_cast<int>(window.rank());
  std::array<int64_t, 3> before{};
  std::array<int64_t, 3> cell{};
  for (size_t axis = 0; axis < window.rank(); ++axis) {
    before[axis] = zeros_around(window, axis, in.sizes()[axis + 1]).first;
  }
  const int64_t n_cells = window.n_cells();
  for (int64_t number = 0; number < n_cells; ++number) {
    Index at = out;
    bool is_inside = true;
    for (int i = 0; i < rank; ++i) {
      const auto axis = static_cast<size_t>(i);
      at[i + 1] = out[i + 1] * window.strides[axis] - before[axis] + cell[axis] * window.dilation[axis];
      is_inside = is_inside && at[i + 1] >= 0 && at[i + 1] < in.sizes()[axis + 1];
    }
    if (is_inside) visit(at, number);
    for (size_t axis = window.rank(); axis-- > 0 && ++cell[axis] == window.size[axis];) cell[axis] = 0;
  }
}

}  // namespace hoarfrost::keras
