#include "keras/window.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

namespace hoarfrost::keras {
namespace {

constexpr int64_t kLargest = 1 << 24;  // of a size, stride or dilation: products of two stay far from overflow

void check(const Config& config, const Window& window) {
  for (const auto* numbers : {&window.size, &window.strides, &window.dilation}) {
    for (const int64_t n : *numbers) {
      if (n < 1 || n > kLargest)
        config.fail(fmt::format("window sizes, strides and dilations must be 1 or more, found {}", n));
    }
  }
}

Padding parse_padding(const Config& config) {
  std::string name = config.get_string({"padding", "border_mode"}, "valid");
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name == "valid") return Padding::kValid;
  if (name == "same") return Padding::kSame;
  if (name == "causal") return Padding::kCausal;
  config.unsupported(fmt::format("padding `{}` is not known; there are valid, same and causal", name));
}

// Theano's `same` says otherwise than TensorFlow's for even windows and strides; where it does not, it is SAME.
void pad_as_theano(Window& window, const std::vector<int64_t>& before) {
  bool differs = false;
  for (size_t axis = 0; axis < window.rank(); ++axis) {
    differs = differs || window.strides[axis] != 1 || 2 * before[axis] != window.extent(axis) - 1;
  }
  if (!differs) return;
  window.padding = Padding::kTheano;
  window.before = before;
}

}  // namespace

int64_t Window::n_cells() const {
  int64_t n = 1;
  for (const int64_t cells : size) n *= cells;
  return n;
}

bool Window::is_dilated() const {
  return std::ranges::any_of(dilation, [](int64_t d) { return d != 1; });
}

void refuse_channels_first(const Config& config) {
  const std::string format = config.get_string({"data_format", "dim_ordering"}, "channels_last");
  if (format == "channels_last" || format == "tf" || format == "default") return;
  if (format != "channels_first" && format != "th")
    config.fail(fmt::format("`data_format` must be channels_last or channels_first, found {}", format));
  config.unsupported(
      "data_format channels_first is not converted for this layer; rebuild the model with channels_last");
}

Window parse_kernel(const Config& config, size_t rank, Knowledge knows) {
  if (!knows.channels_first) refuse_channels_first(config);
  Window window;
  if (rank == 2 && config.has("nb_row"))
    window.size = {config.get_int({"nb_row"}), config.get_int({"nb_col"})};
  else
    window.size = config.get_ints({"kernel_size", "filter_length"}, rank);
  window.strides = config.get_ints({"strides", "subsample", "subsample_length"}, rank, 1);
  window.dilation = config.get_ints({"dilation_rate", "atrous_rate"}, rank, 1);
  window.padding = parse_padding(config);
  check(config, window);
  if (window.padding == Padding::kCausal && rank != 1) config.fail("padding `causal` is for one spatial axis only");
  for (size_t axis = 0; axis < rank; ++axis) {
    if (window.size[axis] == 1) window.dilation[axis] = 1;  // one cell has no holes
  }
  const bool is_strided = std::ranges::any_of(window.strides, [](int64_t s) { return s != 1; });
  if (is_strided && window.is_dilated())
    config.unsupported("strides and dilation_rate above 1 together are not defined, in Keras neither");
  if (window.padding == Padding::kSame && config.version().is_theano) {
    std::vector<int64_t> before;
    for (size_t axis = 0; axis < rank; ++axis) before.push_back(window.extent(axis) / 2);
    pad_as_theano(window, before);
    if (window.padding == Padding::kTheano && !knows.theano) {
      config.unsupported(
          "padding `same` with strides or an even kernel, trained on Theano, whose zeros lie elsewhere than "
          "TensorFlow's; not converted for this layer");
    }
  }
  return window;
}

Window parse_pool(const Config& config, size_t rank) {
  refuse_channels_first(config);
  Window window;
  window.size = config.get_ints({"pool_size", "pool_length"}, rank, 2);
  window.strides =
      config.find({"strides", "stride"}) != nullptr ? config.get_ints({"strides", "stride"}, rank) : window.size;
  window.dilation.assign(rank, 1);
  window.padding = parse_padding(config);
  check(config, window);
  if (window.padding == Padding::kCausal) config.fail("padding must be valid or same, found causal");
  if (window.padding == Padding::kSame && config.version().is_theano) {
    std::vector<int64_t> before;
    for (const int64_t size : window.size) before.push_back(size > 2 && size % 2 == 1 ? size - 2 : size - 1);
    pad_as_theano(window, before);
  }
  return window;
}

Shape slide(const Window& window, const Shape& in, int64_t channels) {
  expect_rank(in, static_cast<int>(window.rank()) + 2);
  Shape out = in;
  out[-1] = channels;
  for (size_t axis = 0; axis < window.rank(); ++axis) {
    int64_t& size = out[static_cast<int>(axis) + 1];
    if (size < 0) continue;
    const int64_t room = window.padding == Padding::kValid ? size - window.extent(axis) + 1 : size;
    if (room < 1) {
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("the window takes {} elements along axis {}, the input {} has only {}",
                              window.extent(axis), axis + 1, in.to_string(), size));
    }
    size = (room + window.strides[axis] - 1) / window.strides[axis];
  }
  return out;
}

std::pair<int64_t, int64_t> zeros_around(const Window& window, size_t axis, int64_t input_size) {
  if (window.padding == Padding::kValid) return {0, 0};
  if (window.padding == Padding::kCausal) return {window.extent(axis) - 1, 0};
  if (window.padding == Padding::kTheano) return {window.before[axis], window.extent(axis) - 1 - window.before[axis]};
  const int64_t stride = window.strides[axis];
  const int64_t output_size = (input_size + stride - 1) / stride;
  const int64_t total = std::max<int64_t>((output_size - 1) * stride + window.extent(axis) - input_size, 0);
  return {total / 2, total - total / 2};
}

}  // namespace hoarfrost::keras
