// STFT: the Fourier transform of each windowed frame of a sound, [batch, time, channels] -> [batch, frames,
// frequencies, channels], complex. A complex number is two real ones along one axis more here, real part and imaginary
// part, which only Magnitude takes (lower.cpp refuses any other use). kapre 0.3, over tf.signal.stft of
// TensorFlow 2.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cmath>
#include <memory>
#include <numbers>

#include "keras/contraction.h"
#include "keras/convolution.h"
#include "keras/layers/registry.h"
#include "keras/spectrum.h"

namespace hoarfrost::keras {
namespace {

struct Stft {
  static constexpr int64_t kLargest = 4096;  // its cosines and sines are 67 MB
  int64_t n_fft = 2048;
  int64_t length = 2048;
  int64_t hop = 512;
  bool pads_begin = false;
  bool pads_end = false;
  bool is_in_first = false;   // [batch, channels, time]
  bool is_out_first = false;  // [batch, channels, frames, frequencies]
  std::vector<double> window;

  static Stft parse(const Config& config) {
    Stft layer;
    layer.n_fft = config.get_int({"n_fft"}, 2048);
    layer.length = config.get_int({"win_length"}, layer.n_fft);
    layer.hop = config.get_int({"hop_length"}, layer.length / 4);
    if (layer.n_fft < 2 || layer.n_fft % 2 != 0 || layer.length < 1 || layer.hop < 1)
      config.fail("n_fft must be even, and win_length and hop_length 1 or more");
    if (layer.n_fft > kLargest)
      config.unsupported(fmt::format("n_fft above {} is not converted, found {}", kLargest, layer.n_fft));
    if (layer.length > layer.n_fft)
      config.unsupported("a win_length above n_fft, which TensorFlow cuts, is not converted");
    layer.pads_begin = config.get_bool({"pad_begin"}, false);
    layer.pads_end = config.get_bool({"pad_end"}, false);
    layer.is_in_first = config.get_string({"input_data_format"}, "channels_last") == "channels_first";
    layer.is_out_first = config.get_string({"output_data_format"}, "channels_last") == "channels_first";
    const std::string window = config.get_string({"window_name"}, "hann_window");
    if (window != "hann_window" && window != "hamming_window")
      config.unsupported(
          fmt::format("the window `{}` is not converted; there are hann_window and hamming_window", window));
    layer.window = raised_cosine_window(layer.length, window == "hann_window" ? 0.5 : 0.54);
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 3);
    if (n_samples(in[0]) < 0 || n_channels(in[0]) < 0)
      throw Error(
          ErrorCode::kUnsupported, "",
          fmt::format("STFT of {}: the number of samples must be known; give --input-shape", in[0].to_string()));
    if (n_frames(in[0]) < 1)
      throw Error(ErrorCode::kMismatch, "", fmt::format("a frame has {} samples, found {}", length, n_samples(in[0])));
    if (is_out_first) return {{in[0][0], n_channels(in[0]), n_frames(in[0]), n_frequencies(), 2}};
    return {{in[0][0], n_frames(in[0]), n_frequencies(), n_channels(in[0]), 2}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shape& shape = in[0].shape;
    const int64_t n = n_samples(shape);
    const int64_t channels = n_channels(shape);
    const int64_t frames = n_frames(shape);
    Value x = in[0];
    if (!is_in_first && channels > 1) x = lower_transpose(lowering, x, {0, 2, 1});
    x = lowering.reshape(x, {kUnknown, 1, n, 1});
    const int64_t front = pads_begin ? n_fft - hop : 0;
    const int64_t back = pads_end ? std::max<int64_t>(0, (frames - 1) * hop + length - n - front) : 0;
    if (front + back > 0)
      x = lowering.named_op("Pad", "Pad",
                            {x, lowering.constant("Pad/paddings", pairs({{0, 0}, {0, 0}, {front, back}, {0, 0}}))},
                            {{"Tpaddings", DType::kInt32}});
    x.shape = {kUnknown, 1, n + front + back, 1};
    Value y = lower_conv(lowering, "stft", x, lowering.constant("stft/kernel", kernel()), {hop, hop}, "VALID");
    y.shape = {kUnknown, 1, frames, 2 * n_frequencies()};
    if (channels == 1 && !is_out_first)
      return {complex(lowering.reshape(y, {kUnknown, frames, n_frequencies(), 1, 2}))};
    y = lowering.reshape(y, {kUnknown, channels, frames, n_frequencies(), 2});
    return {complex(is_out_first ? y : lower_transpose(lowering, y, {0, 2, 3, 1, 4}, "transpose_1"))};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [layer = *this, x = in[0]](const Index& o) {
      const int64_t channel = layer.is_out_first ? o[1] : o[3];
      const int64_t frame = layer.is_out_first ? o[2] : o[1];
      const int64_t frequency = layer.is_out_first ? o[3] : o[2];
      const int64_t first = frame * layer.hop - (layer.pads_begin ? layer.n_fft - layer.hop : 0);
      double sum = 0;
      for (int64_t i = 0; i < layer.length; ++i) {
        const int64_t sample = first + i;
        if (sample < 0 || sample >= layer.n_samples(x.shape())) continue;
        sum += layer.factor(i, frequency, o[4]) *
               x[layer.is_in_first ? Index{o[0], channel, sample} : Index{o[0], sample, channel}];
      }
      return sum;
    };
    return {{infer({in[0].shape()})[0], at, static_cast<double>(length)}};
  }

 private:
  static Value complex(Value value) {
    value.dtype = DType::kComplex64;
    return value;
  }
  [[nodiscard]] int64_t n_frequencies() const { return n_fft / 2 + 1; }
  [[nodiscard]] int64_t n_samples(const Shape& x) const { return x[is_in_first ? 2 : 1]; }
  [[nodiscard]] int64_t n_channels(const Shape& x) const { return x[is_in_first ? 1 : 2]; }
  [[nodiscard]] int64_t n_frames(const Shape& x) const {
    const int64_t n = n_samples(x) + (pads_begin ? n_fft - hop : 0);
    if (pads_end) return (n + hop - 1) / hop;
    return n < length ? 0 : 1 + (n - length) / hop;
  }
  // The window times cos and −sin of 2π · i · frequency / n_fft.
  [[nodiscard]] double factor(int64_t i, int64_t frequency, int64_t part) const {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i * frequency % n_fft) / static_cast<double>(n_fft);
    return window[static_cast<size_t>(i)] * (part == 0 ? std::cos(angle) : -std::sin(angle));
  }
  [[nodiscard]] Tensor kernel() const {
    Tensor result(DType::kFloat32, {1, length, 1, 2 * n_frequencies()});
    const auto values = result.mutable_values<float>();
    size_t next = 0;
    for (int64_t i = 0; i < length; ++i) {
      for (int64_t f = 0; f < n_frequencies(); ++f) {
        for (const int64_t part : {0, 1}) values[next++] = static_cast<float>(factor(i, f, part));
      }
    }
    return result;
  }
};

}  // namespace

const LayerSpec layer_stft = make_spec<Stft>("STFT");

}  // namespace hoarfrost::keras
