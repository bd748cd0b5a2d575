// MelSpectrogram: a sound's frequencies in mel bands, [batch, time] -> [batch, mels, frames]. Keras 3.15, whose filters
// are HTK's, triangles in the mel scale (tf.signal.linear_to_mel_weight_matrix).
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "keras/contraction.h"
#include "keras/frame_transform.h"
#include "keras/layers/registry.h"
#include "keras/normalization.h"

namespace hoarfrost::keras {
namespace {

double htk_mel_of(double hertz) { return 1127.0 * std::log(1.0 + hertz / 700.0); }

struct MelSpectrogram {
  FrameTransform transform;
  int64_t n_mels = 128;
  double sampling_rate = 16000, lowest = 20, highest = 8000;
  double exponent = 2;
  bool is_decibel = true;
  double top = 80, least = 1e-10, reference_power = 1;

  static MelSpectrogram parse(const Config& config) {
    MelSpectrogram layer;
    layer.transform.n_fft = config.get_int({"fft_length"}, 2048);
    layer.transform.hop = config.get_int({"sequence_stride"}, 512);
    layer.transform.is_centered = true;
    const int64_t length = config.get_int({"sequence_length"}, layer.transform.n_fft);
    if (layer.transform.n_fft < 2 || layer.transform.hop < 1 || length < 1 || length > layer.transform.n_fft)
      config.fail("fft_length must be 2 or more and at least sequence_length, and sequence_stride 1 or more");
    if (layer.transform.n_fft > FrameTransform::kLargest)
      config.unsupported(fmt::format("an fft_length above {} is not converted, found {}", FrameTransform::kLargest,
                                     layer.transform.n_fft));
    layer.transform.window = padded_window(config, length, layer.transform.n_fft);
    layer.n_mels = config.get_int({"num_mel_bins"}, 128);
    layer.sampling_rate = config.get_float({"sampling_rate"}, 16000);
    layer.lowest = config.get_float({"min_freq"}, 20);
    layer.highest = config.get_float({"max_freq"}, std::floor(layer.sampling_rate / 2));
    if (layer.n_mels < 1 || layer.n_mels > 4096 || !(layer.sampling_rate > 0) || !(layer.highest > layer.lowest))
      config.fail("the mel bands' number or frequencies are none");
    layer.is_decibel = config.get_bool({"power_to_db"}, true);
    layer.top = config.get_float({"top_db"}, 80);
    layer.exponent = config.get_float({"mag_exp"}, 2);
    layer.least = config.get_float({"min_power"}, 1e-10);
    layer.reference_power = config.get_float({"ref_power"}, 1);
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    const Shape frames = transform.infer(in[0]);
    return {{frames[0], n_mels, frames[1]}};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const auto [real, imaginary] = transform.lower(lowering, in[0]);
    Value y = lowering.op("Add", {lowering.op("Square", {real}), lowering.op("Square", {imaginary})});
    if (exponent != 2) y = lowering.op("Pow", {y, lowering.scalar("Pow/y", exponent / 2, y)});
    const int64_t n = transform.n_fft / 2 + 1;
    Tensor filters(DType::kFloat32, {n, n_mels});
    const auto values = filters.mutable_values<float>();
    for (int64_t i = 0; i < n * n_mels; ++i)
      values[static_cast<size_t>(i)] = static_cast<float>(filter(i / n_mels, i % n_mels));
    y.shape = real.shape;
    const Value matrix = lowering.constant("filters", filters.cast(y.dtype));
    y = lower_contraction(lowering, {"abc", "cd", "abd"}, y, matrix);
    y.shape = {real.shape[0], real.shape[1], n_mels};
    if (is_decibel) y = lower_decibel(lowering, y);
    y.shape = {real.shape[0], real.shape[1], n_mels};
    return {lower_transpose(lowering, y, {0, 2, 1}, "transpose_1")};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    // The loudest of all bounds each from below, so the first who asks has everything computed.
    struct Whole {
      std::once_flag once;
      std::vector<double> values;  // [batch, frames, mels]
    };
    const auto whole = std::make_shared<Whole>();
    const Shape frames = transform.infer(in[0].shape());
    const auto at = [=, layer = *this, x = in[0]](const Index& o) {
      std::call_once(whole->once, [&] { whole->values = layer.computed(x, frames); });
      return whole->values[static_cast<size_t>((o[0] * frames[1] + o[2]) * layer.n_mels + o[1])];
    };
    return {{infer({in[0].shape()})[0], at, static_cast<double>(transform.n_fft * transform.n_fft / n_mels)}};
  }

 private:
  static std::vector<double> padded_window(const Config& config, int64_t length, int64_t n_fft) {
    std::vector<double> window(static_cast<size_t>(length), 1);
    if (const Json* name = config.find({"window"}); name != nullptr) {
      const auto known = window_named(config.get_string({"window"}), length);
      if (!known)
        config.unsupported(fmt::format("the window {} is not converted; there are hann, hamming and null",
                                       config.get_string({"window"})));
      window = *known;
    }
    std::vector<double> result(static_cast<size_t>(n_fft), 0);
    std::ranges::copy(window, result.begin() + (n_fft - length) / 2);
    return result;
  }

  // How much of a frequency the band holds; the lowest frequency is in none.
  [[nodiscard]] double filter(int64_t frequency, int64_t band) const {
    if (frequency == 0) return 0;
    const double mel =
        htk_mel_of(sampling_rate * static_cast<double>(frequency) / static_cast<double>(transform.n_fft / 2 * 2));
    const double first = htk_mel_of(lowest), step = (htk_mel_of(highest) - first) / static_cast<double>(n_mels + 1);
    const double left = first + step * static_cast<double>(band);
    return std::max(0.0, std::min((mel - left) / step, (left + 2 * step - mel) / step));
  }

  // 10 · log10, of at least `least`, less the reference's, and at least the loudest less `top`.
  [[nodiscard]] Value lower_decibel(Lowering& lowering, const Value& x) const {
    const double factor = 10 / std::log(10.0);
    Value y = lowering.named_op("Maximum", "Maximum", {x, lowering.scalar("Maximum/y", least, x)});
    y = lowering.op("Log", {y});
    y = lowering.named_op("mul", "Mul", {y, lowering.scalar("mul/y", factor, y)});
    y = lowering.named_op("sub", "Sub", {y, lowering.scalar("sub/y", reference_decibel(), y)});
    y.shape = x.shape;
    Value loudest = lower_reduction(lowering, "Max", "Max", y, {0, 1, 2});
    loudest = lowering.named_op("sub_1", "Sub", {loudest, lowering.scalar("sub_1/y", top, y)});
    return lowering.named_op("Maximum_1", "Maximum", {y, loudest});
  }
  [[nodiscard]] double reference_decibel() const { return 10 * std::log10(std::max(std::abs(reference_power), least)); }

  [[nodiscard]] std::vector<double> computed(const Array& x, const Shape& frames) const {
    std::vector<double> result(static_cast<size_t>(frames[0] * frames[1] * n_mels), 0);
    for (int64_t row = 0; row < frames[0] * frames[1]; ++row) {
      for (int64_t f = 1; f < frames[2]; ++f) {
        const Index o{row / frames[1], row % frames[1], f};
        const double real = transform.element(x, o, 0), imaginary = transform.element(x, o, 1);
        const double power = std::pow(std::sqrt(real * real + imaginary * imaginary), exponent);
        for (int64_t m = 0; m < n_mels; ++m) result[static_cast<size_t>(row * n_mels + m)] += filter(f, m) * power;
      }
    }
    if (!is_decibel) return result;
    double loudest = -HUGE_VAL;
    for (double& value : result) {
      value = 10 * std::log10(std::max(value, least)) - reference_decibel();
      loudest = std::max(loudest, value);
    }
    for (double& value : result) value = std::max(value, loudest - top);
    return result;
  }
};

}  // namespace

const LayerSpec layer_mel_spectrogram = make_spec<MelSpectrogram>("MelSpectrogram");

}  // namespace hoarfrost::keras
