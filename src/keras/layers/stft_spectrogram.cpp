// STFTSpectrogram: each channel of a sound under windowed cosines and sines, which are weights, [batch, time, channels]
// -> [batch, frames, channels · frequencies], or with expand_dims [batch, frames, frequencies, channels]. Keras 3.15:
//   magnitude: m = sqrt(max(re² + im², 1e-7)); log: log(max(m, 1e-7)); angle: atan2(im, re);
//   psd: re² + im², twice that but for the first and the last frequency; stft: re, then im, as frequencies.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

#include "keras/contraction.h"
#include "keras/convolution.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

constexpr double kLeastMagnitude = 1e-7;  // keras.config.epsilon()

struct StftSpectrogram {
  enum class Mode { kLog, kMagnitude, kPower, kReal, kImaginary, kAngle, kBoth } mode = Mode::kLog;
  Window window;
  int64_t n_frequencies = 0;
  bool expands = false;

  static StftSpectrogram parse(const Config& config) {
    StftSpectrogram layer;
    const int64_t length = config.get_int({"frame_length"}, 256);
    const int64_t step = config.get_int({"frame_step"}, std::max<int64_t>(1, length / 2));
    if (length < 1 || step < 1 || length > (1 << 20)) config.fail("frame_length and frame_step must be 1 or more");
    int64_t n_fft = 1;
    while (n_fft < length) n_fft *= 2;
    n_fft = config.get_int({"fft_length"}, n_fft);
    if (n_fft < length || n_fft > (1 << 20)) config.fail("fft_length must be at least frame_length");
    layer.n_frequencies = n_fft / 2 + 1;
    const std::string padding = config.get_string({"padding"}, "valid");
    if (padding != "valid" && padding != "same") config.fail("`padding` must be valid or same");
    layer.window = {{length}, {step}, {1}, padding == "same" ? Padding::kSame : Padding::kValid};
    layer.expands = config.get_bool({"expand_dims"}, false);
    config.ignore({"window", "periodic", "scaling"});  // they made the weights
    (void)config.get_string({"data_format"}, "channels_last");
    constexpr std::pair<std::string_view, Mode> kModes[] = {
        {"log", Mode::kLog},        {"magnitude", Mode::kMagnitude}, {"psd", Mode::kPower}, {"real", Mode::kReal},
        {"imag", Mode::kImaginary}, {"angle", Mode::kAngle},         {"stft", Mode::kBoth}};
    const std::string mode = config.get_string({"mode"}, "log");
    const auto* found = std::ranges::find(kModes, mode, &std::pair<std::string_view, Mode>::first);
    if (found == std::end(kModes)) config.unsupported(fmt::format("mode `{}` is not known", mode));
    layer.mode = found->second;
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    const Shape slid = slide(window, in[0], n_outputs());
    const int64_t channels = in[0].last();
    if (channels == kUnknown) throw Error(ErrorCode::kUnsupported, "", "the number of channels must be known");
    if (expands) return {{slid[0], slid[1], n_outputs(), channels}};
    return {{slid[0], slid[1], channels * n_outputs()}};
  }

  std::vector<WeightSpec> weights(const Shapes& /*in*/) const {
    const Shape shape{window.size[0], 1, n_frequencies};
    std::vector<WeightSpec> result;
    if (mode != Mode::kImaginary) result.push_back({"real_kernel", shape});
    if (mode != Mode::kReal) result.push_back({"imag_kernel", shape});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shape& shape = in[0].shape;
    const int64_t channels = shape[2];
    Value x = in[0];
    if (channels > 1) {
      x = lower_transpose(lowering, x, {0, 2, 1});
      x = lowering.reshape(x, {kUnknown, shape[1], 1});
    }
    x.shape = {kUnknown, shape[1], 1};
    const int64_t frames = slide(window, x.shape, 1)[1];
    Values parts;
    for (size_t i = 0; i < lowering.n_weights(); ++i)
      parts.push_back(lower_conv(lowering, fmt::format("conv_{}", i), x, lowering.weight(i), window.strides,
                                 window.tensorflow_padding()));
    Value y = combined(lowering, parts, {kUnknown, frames, n_frequencies});
    y.shape = {kUnknown, frames, n_outputs()};
    if (channels == 1 && !expands) return {y};
    if (channels == 1) return {expand_dims(lowering, "ExpandDims", y, 3)};
    y = lowering.reshape(y, {kUnknown, channels, frames, n_outputs()});
    y.shape = {kUnknown, channels, frames, n_outputs()};
    if (expands) return {lower_transpose(lowering, y, {0, 2, 3, 1}, "transpose_1")};
    y = lower_transpose(lowering, y, {0, 2, 1, 3}, "transpose_1");
    y.shape = {kUnknown, frames, channels, n_outputs()};
    return {lowering.reshape(y, {kUnknown, frames, channels * n_outputs()})};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const Shape out = infer({in[0].shape()})[0];
    const auto at = [=, layer = *this, x = in[0]](const Index& o) {
      const int64_t n = layer.n_outputs();
      const int64_t channel = layer.expands ? o[3] : o[2] / n, place = layer.expands ? o[2] : o[2] % n;
      const auto part = [&](size_t kernel, int64_t frequency) {
        double sum = 0;
        for_each_cell(layer.window, x.shape(), Index{o[0], o[1], channel}, [&](const Index& i, int64_t cell) {
          sum += x[i] * weights[kernel].at_offset(cell * layer.n_frequencies + frequency);
        });
        return sum;
      };
      if (layer.mode == Mode::kReal || layer.mode == Mode::kImaginary) return part(0, place);
      if (layer.mode == Mode::kBoth) return part(place < layer.n_frequencies ? 0 : 1, place % layer.n_frequencies);
      const double real = part(0, place), imaginary = part(1, place), power = real * real + imaginary * imaginary;
      const bool is_end = place == 0 || place == layer.n_frequencies - 1;
      if (layer.mode == Mode::kAngle) return std::atan2(imaginary, real);
      if (layer.mode == Mode::kPower) return is_end ? power : 2 * power;
      const double magnitude = std::sqrt(std::max(power, kLeastMagnitude));
      return layer.mode == Mode::kMagnitude ? magnitude : std::log(std::max(magnitude, kLeastMagnitude));
    };
    return {{out, at, 2.0 * static_cast<double>(window.size[0])}};
  }

 private:
  [[nodiscard]] int64_t n_outputs() const { return mode == Mode::kBoth ? 2 * n_frequencies : n_frequencies; }

  // [rows, frames, frequencies] of the parts.
  Value combined(Lowering& lowering, const Values& parts, const Shape& shape) const {
    if (parts.size() == 1) return parts[0];
    const auto& [real, imaginary] = std::tie(parts[0], parts[1]);
    if (mode == Mode::kAngle) return lowering.op("Atan2", {imaginary, real});
    if (mode == Mode::kBoth)
      return lowering.raw_op("concat", "ConcatV2", {real, imaginary, lowering.int_scalar("concat/axis", 2)}, real.dtype,
                             {{"T", real.dtype}, {"N", int64_t{2}}, {"Tidx", DType::kInt32}});
    Value y = lowering.op("Add", {lowering.op("Square", {real}), lowering.op("Square", {imaginary})});
    if (mode == Mode::kPower) {
      Tensor twice(DType::kFloat32, {shape.last()});
      std::ranges::fill(twice.mutable_values<float>(), 2.0F);
      twice.mutable_values<float>().front() = twice.mutable_values<float>().back() = 1;
      return lowering.named_op("mul", "Mul", {y, lowering.constant("mul/y", twice.cast(y.dtype))});
    }
    y = lowering.named_op("Maximum", "Maximum", {y, lowering.scalar("Maximum/y", kLeastMagnitude, y)});
    y = lowering.op("Sqrt", {y});
    if (mode == Mode::kMagnitude) return y;
    y = lowering.named_op("Maximum_1", "Maximum", {y, lowering.scalar("Maximum_1/y", kLeastMagnitude, y)});
    return lowering.op("Log", {y});
  }
};

}  // namespace

const LayerSpec layer_stft_spectrogram = make_spec<StftSpectrogram>("STFTSpectrogram");

}  // namespace hoarfrost::keras
