#include "keras/kapre_stft.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "keras/contraction.h"
#include "keras/convolution.h"
#include "keras/spectrum.h"

namespace hoarfrost::keras {

Stft Stft::parse(const Config& config, bool is_complex) {
  Stft layer;
  layer.is_complex = is_complex;
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
  auto values = tensorflow_window(window, layer.length);
  if (!values) {
    config.unsupported(
        fmt::format("the window `{}` is not known; there are hann_window, hamming_window, vorbis_window, "
                    "kaiser_window and, of even length, kaiser_bessel_derived_window",
                    window));
  }
  layer.window = std::move(*values);
  return layer;
}

Shapes Stft::infer(const Shapes& in) const {
  expect_inputs(in, 1);
  expect_rank(in[0], 3);
  if (n_samples(in[0]) < 0 || n_channels(in[0]) < 0)
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("STFT of {}: the number of samples must be known; give --input-shape", in[0].to_string()));
  if (n_frames(in[0]) < 1)
    throw Error(ErrorCode::kMismatch, "", fmt::format("a frame has {} samples, found {}", length, n_samples(in[0])));
  if (is_out_first) return {{in[0][0], n_channels(in[0]), n_frames(in[0]), n_frequencies(), 2}};
  return {{in[0][0], n_frames(in[0]), n_frequencies(), n_channels(in[0]), 2}};
}

Values Stft::lower(Lowering& lowering, const Values& in) const {
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
  if (channels == 1 && !is_out_first) return {parts(lowering.reshape(y, {kUnknown, frames, n_frequencies(), 1, 2}))};
  y = lowering.reshape(y, {kUnknown, channels, frames, n_frequencies(), 2});
  return {parts(is_out_first ? y : lower_transpose(lowering, y, {0, 2, 3, 1, 4}, "transpose_1"))};
}

Formulas Stft::reference(const Arrays& /*weights*/, const Arrays& in) const {
  return {{infer({in[0].shape()})[0], [layer = *this, x = in[0]](const Index& o) { return layer.element(x, o); },
           static_cast<double>(length)}};
}

double Stft::element(const Array& x, const Index& o) const {
  const int64_t channel = is_out_first ? o[1] : o[3];
  const int64_t frame = is_out_first ? o[2] : o[1];
  const int64_t frequency = is_out_first ? o[3] : o[2];
  const int64_t first = frame * hop - (pads_begin ? n_fft - hop : 0);
  double sum = 0;
  for (int64_t i = 0; i < length; ++i) {
    const int64_t sample = first + i;
    if (sample < 0 || sample >= n_samples(x.shape())) continue;
    sum += factor(i, frequency, o[4]) * x[is_in_first ? Index{o[0], channel, sample} : Index{o[0], sample, channel}];
  }
  return sum;
}

Value Stft::parts(Value value) const {
  if (is_complex) value.dtype = DType::kComplex64;
  return value;
}

int64_t Stft::n_frames(const Shape& x) const {
  const int64_t n = n_samples(x) + (pads_begin ? n_fft - hop : 0);
  if (pads_end) return (n + hop - 1) / hop;
  return n < length ? 0 : 1 + (n - length) / hop;
}

double Stft::factor(int64_t i, int64_t frequency, int64_t part) const {
  const int64_t place = i * frequency % n_fft;
  if (part == 1 && 2 * place % n_fft == 0) return 0;  // sin π is none: where it is all, the angle is 0 or π
  const double angle = 2 * std::numbers::pi * static_cast<double>(place) / static_cast<double>(n_fft);
  return window[static_cast<size_t>(i)] * (part == 0 ? std::cos(angle) : -std::sin(angle));
}

Tensor Stft::kernel() const {
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

}  // namespace hoarfrost::keras
