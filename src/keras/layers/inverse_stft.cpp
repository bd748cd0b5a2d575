// InverseSTFT: a sound of the Fourier transforms of its frames, [batch, frames, frequencies, channels] -> [batch, time,
// channels]: each frame's inverse transform, times the window that makes up for the one it was seen through, laid over
// one another a hop apart. kapre 0.3, over tf.signal.inverse_stft of TensorFlow 2.15. Complex numbers are two real ones
// here (kapre_stft.h).
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "keras/complex_parts.h"
#include "keras/contraction.h"
#include "keras/convolution.h"
#include "keras/kapre_stft.h"
#include "keras/layers/registry.h"
#include "keras/slicing.h"
#include "keras/spectrum.h"

namespace hoarfrost::keras {
namespace {

constexpr int64_t kMostPieces = 64;  // hops within a frame

struct InverseStft {
  int64_t n_fft = 2048;
  int64_t length = 2048;
  int64_t hop = 512;
  bool is_in_first = false;   // [batch, channels, frames, frequencies]
  bool is_out_first = false;  // [batch, channels, time]
  std::vector<double> window;

  static InverseStft parse(const Config& config) {
    InverseStft layer;
    layer.n_fft = config.get_int({"n_fft"}, 2048);
    layer.length = config.get_int({"win_length"}, layer.n_fft);
    layer.hop = config.get_int({"hop_length"}, layer.length / 4);
    if (layer.n_fft < 2 || layer.n_fft % 2 != 0 || layer.length < 1 || layer.hop < 1 || layer.hop > layer.length)
      config.fail("n_fft must be even, win_length and hop_length 1 or more, and no hop longer than the window");
    if (layer.n_fft > Stft::kLargest)
      config.unsupported(fmt::format("n_fft above {} is not converted, found {}", Stft::kLargest, layer.n_fft));
    if (layer.length > layer.n_fft || layer.length > kMostPieces * layer.hop)
      config.unsupported(fmt::format("a win_length above n_fft, or above {} hops, is not converted", kMostPieces));
    layer.is_in_first = config.get_string({"input_data_format"}, "channels_last") == "channels_first";
    layer.is_out_first = config.get_string({"output_data_format"}, "channels_last") == "channels_first";
    const std::string name = config.get_string({"forward_window_name"}, "hann_window");
    const auto forward = tensorflow_window(name, layer.length);
    if (!forward) config.unsupported(fmt::format("the window `{}` is not known", name));
    layer.window = inverse_of(*forward, layer.hop);
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    if (in[0].rank() != 5)
      throw Error(ErrorCode::kUnsupported, "", "takes complex numbers, which are converted behind kapre's STFT alone");
    if (n_frames(in[0]) < 1 || n_channels(in[0]) < 1)
      throw Error(ErrorCode::kUnsupported, "", "frames and channels of unknown number; give --input-shape");
    if (in[0][is_in_first ? 3 : 2] != n_frequencies())
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("expected {} frequencies, found {}", n_frequencies(), in[0][is_in_first ? 3 : 2]));
    const int64_t n = (n_frames(in[0]) - 1) * hop + length;
    if (is_out_first) return {{in[0][0], n_channels(in[0]), n}};
    return {{in[0][0], n, n_channels(in[0])}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const int64_t frames = n_frames(in[0].shape), channels = n_channels(in[0].shape);
    const int64_t pieces = (length + hop - 1) / hop, n = (frames - 1) * hop + length;
    Value x = parts_of(in[0], "InverseSTFT");
    if (!is_in_first) x = lower_transpose(lowering, x, {0, 3, 1, 2, 4});
    x = lowering.reshape(x, {kUnknown, frames, 2 * n_frequencies()});
    Value y = lower_contraction(lowering, {"abc", "cd", "abd"}, x, lowering.constant("kernel", kernel(pieces * hop)));
    y = lowering.reshape(y, {kUnknown, frames, pieces, hop});
    Value sum;
    for (int64_t k = 0; k < pieces; ++k) {
      Value piece = strided_slice(lowering, y,
                                  {.begin = {0, 0, k, 0},
                                   .end = {0, 0, k + 1, 0},
                                   .begin_mask = 0b1011,
                                   .end_mask = 0b1011,
                                   .shrink_mask = 0b0100});
      piece =
          lowering.op("Pad", {piece, lowering.constant("Pad/paddings", pairs({{0, 0}, {k, pieces - 1 - k}, {0, 0}}))},
                      {{"Tpaddings", DType::kInt32}});
      sum = k == 0 ? piece : lowering.op("Add", {sum, piece});
    }
    sum.shape = {kUnknown, frames + pieces - 1, hop};
    Value sound = lowering.reshape(sum, {kUnknown, channels, (frames + pieces - 1) * hop});
    if (n < sound.shape[2])
      sound = strided_slice(lowering, sound,
                            {.begin = {0, 0, 0}, .end = {0, 0, n}, .begin_mask = 0b111, .end_mask = 0b011});
    sound.shape = {in[0].shape[0], channels, n};
    return {is_out_first ? sound : lower_transpose(lowering, sound, {0, 2, 1}, "transpose_1")};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shape out = infer({in[0].shape()})[0];
    const auto at = [x = in[0], layer = *this](const Index& o) {
      const int64_t channel = o[layer.is_out_first ? 1 : 2], time = o[layer.is_out_first ? 2 : 1];
      double sum = 0;
      for (int64_t frame = 0; frame < layer.n_frames(x.shape()); ++frame) {
        const int64_t i = time - frame * layer.hop;
        if (i < 0 || i >= layer.length) continue;
        for (int64_t f = 0; f < layer.n_frequencies(); ++f) {
          for (const int64_t part : {0, 1}) {
            const Index place =
                layer.is_in_first ? Index{o[0], channel, frame, f, part} : Index{o[0], frame, f, channel, part};
            sum += layer.factor(i, f, part) * x[place];
          }
        }
      }
      return sum;
    };
    return {{out, at, static_cast<double>(n_fft) * static_cast<double>((length + hop - 1) / hop)}};
  }

 private:
  // tf.signal.inverse_stft_window_fn: the window divided by the squares that stand on one place, a hop apart.
  static std::vector<double> inverse_of(const std::vector<double>& forward, int64_t hop) {
    std::vector<double> result;
    for (size_t i = 0; i < forward.size(); ++i) {
      double sum = 0;
      for (size_t k = i % static_cast<size_t>(hop); k < forward.size(); k += static_cast<size_t>(hop))
        sum += forward[k] * forward[k];
      result.push_back(sum == 0 ? 0 : forward[i] / sum);
    }
    return result;
  }

  [[nodiscard]] int64_t n_frequencies() const { return n_fft / 2 + 1; }
  [[nodiscard]] int64_t n_frames(const Shape& x) const { return x[is_in_first ? 2 : 1]; }
  [[nodiscard]] int64_t n_channels(const Shape& x) const { return x[is_in_first ? 1 : 3]; }

  // What the part of a frequency counts in sample i of its frame: those between 0 and half the rate stand for their
  // mirror images too.
  [[nodiscard]] double factor(int64_t i, int64_t frequency, int64_t part) const {
    const int64_t place = i * frequency % n_fft;
    if (part == 1 && 2 * place % n_fft == 0) return 0;
    const double angle = 2 * std::numbers::pi * static_cast<double>(place) / static_cast<double>(n_fft);
    const double times = frequency == 0 || 2 * frequency == n_fft ? 1 : 2;
    return window[static_cast<size_t>(i)] * times * (part == 0 ? std::cos(angle) : -std::sin(angle)) /
           static_cast<double>(n_fft);
  }

  [[nodiscard]] Tensor kernel(int64_t columns) const {
    Tensor result(DType::kFloat32, {2 * n_frequencies(), columns});
    const auto values = result.mutable_values<float>();
    for (int64_t row = 0; row < 2 * n_frequencies(); ++row) {
      for (int64_t i = 0; i < columns; ++i)
        values[static_cast<size_t>(row * columns + i)] =
            i < length ? static_cast<float>(factor(i, row / 2, row % 2)) : 0.0F;
    }
    return result;
  }
};

}  // namespace

const LayerSpec layer_inverse_stft = make_spec<InverseStft>("InverseSTFT");

}  // namespace hoarfrost::keras
