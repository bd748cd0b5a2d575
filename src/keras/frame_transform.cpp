#include "keras/frame_transform.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cmath>
#include <numbers>

#include "keras/convolution.h"
#include "keras/spectrum.h"

namespace hoarfrost::keras {

Shape FrameTransform::infer(const Shape& in) const {
  expect_rank(in, 2);
  if (in[1] == kUnknown)
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("frames of {}: the number of samples must be known; give --input-shape", in.to_string()));
  if (n_frames(in[1]) < 1 || (is_centered && in[1] <= n_fft / 2))
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("{} samples are too few for frames of {}", in[1], is_centered ? n_fft : window.size()));
  return {in[0], n_frames(in[1]), n_frequencies()};
}

int64_t FrameTransform::n_frames(int64_t samples) const {
  const int64_t n = samples + (is_centered ? n_fft / 2 * 2 : 0);
  if (pads_end) return (n + hop - 1) / hop;
  const int64_t frame = is_centered ? n_fft : static_cast<int64_t>(window.size());
  return n < frame ? 0 : 1 + (n - frame) / hop;
}

double FrameTransform::factor(int64_t i, int64_t frequency, int part) const {
  const double angle = 2 * std::numbers::pi * static_cast<double>(i * frequency % n_fft) / static_cast<double>(n_fft);
  return window[static_cast<size_t>(i)] * (part == 0 ? std::cos(angle) : -std::sin(angle));
}

std::pair<Value, Value> FrameTransform::lower(Lowering& lowering, const Value& x) const {
  const Shape out = infer(x.shape);
  const auto length = static_cast<int64_t>(window.size());
  int64_t n = x.shape[1];
  Value y = x;
  if (is_centered) {
    y = lowering.named_op("MirrorPad", "MirrorPad",
                          {y, lowering.constant("MirrorPad/paddings", pairs({{0, 0}, {n_fft / 2, n_fft / 2}}))},
                          {{"Tpaddings", DType::kInt32}, {"mode", std::string("REFLECT")}});
    n += n_fft / 2 * 2;
  }
  const int64_t missing = std::max<int64_t>(0, (out[1] - 1) * hop + length - n);
  if (missing > 0)
    y = lowering.named_op("Pad", "Pad", {y, lowering.constant("Pad/paddings", pairs({{0, 0}, {0, missing}}))},
                          {{"Tpaddings", DType::kInt32}});
  y.shape = {x.shape[0], n + missing};
  y = lowering.reshape(y, {kUnknown, 1, n + missing, 1});
  y.shape = {kUnknown, 1, n + missing, 1};
  Tensor kernel(DType::kFloat32, {1, length, 1, 2 * n_frequencies()});
  const auto values = kernel.mutable_values<float>();
  size_t next = 0;
  for (int64_t i = 0; i < length; ++i) {
    for (const int part : {0, 1}) {
      for (int64_t f = 0; f < n_frequencies(); ++f) values[next++] = static_cast<float>(factor(i, f, part));
    }
  }
  y = lower_conv(lowering, "stft", y, lowering.constant("stft/kernel", kernel.cast(x.dtype)), {hop, hop}, "VALID");
  y.shape = {kUnknown, 1, out[1], 2 * n_frequencies()};
  y = lowering.reshape(y, {kUnknown, out[1], 2 * n_frequencies()});
  const Value first = lowering.raw_op("split", "Split", {lowering.int_scalar("split/split_dim", 2), y}, y.dtype,
                                      {{"T", y.dtype}, {"num_split", int64_t{2}}});
  return {{first.tensor, y.dtype, out}, {first.tensor.node->output(1), y.dtype, out}};
}

double FrameTransform::element(const Array& x, const Index& o, int part) const {
  const int64_t n = x.size(1);
  double sum = 0;
  for (int64_t i = 0; i < static_cast<int64_t>(window.size()); ++i) {
    int64_t sample = o[1] * hop + i;
    if (is_centered) {
      sample -= n_fft / 2;
      if (sample < 0) sample = -sample;
      if (sample >= n) sample = 2 * n - 2 - sample;
    }
    if (sample < n) sum += factor(i, o[2], part) * x[Index{o[0], sample}];
  }
  return sum;
}

std::optional<std::vector<double>> window_named(const std::string& name, int64_t length) {
  if (name != "hann" && name != "hamming") return {};
  // Of odd length TensorFlow's are not periodic; tf.signal.hann_window(9) is that of SciPy's symmetric one of 9.
  return raised_cosine_window(length, name == "hann" ? 0.5 : 0.54);
}

}  // namespace hoarfrost::keras
