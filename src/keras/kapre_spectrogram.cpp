#include "keras/kapre_spectrogram.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>

#include "keras/contraction.h"
#include "keras/convolution.h"

namespace hoarfrost::keras {
namespace {

// sqrt(x)^power: kapre raises amplitudes.
Value raised(Lowering& lowering, const Value& x, double power) {
  if (power == 2) return x;
  const Value root = lowering.op("Sqrt", {x});
  return {lowering.op("Pow", {root, lowering.scalar("Pow/y", power, root)}).tensor, x.dtype, x.shape, {}};
}

double raised(double x, double power) { return power == 2 ? x : std::pow(std::sqrt(x), power); }

}  // namespace

KapreSpectrogram KapreSpectrogram::parse(const Config& config, bool has_mels) {
  KapreSpectrogram result;
  result.version = config.version();
  result.n_dft = config.get_int({"n_dft"});
  result.hop = config.get_int({"n_hop"}, result.n_dft / 2);
  if (result.n_dft < 2 || result.n_dft > (1 << 20) || (result.n_dft & (result.n_dft - 1)) != 0 || result.hop < 1)
    config.fail(
        fmt::format("n_dft must be a power of two and n_hop 1 or more, found {} and {}", result.n_dft, result.hop));
  const std::string padding = config.get_string({"padding"}, "same");
  if (padding != "same" && padding != "valid")
    config.fail(fmt::format("padding must be same or valid, found `{}`", padding));
  result.pads = padding == "same";
  result.power = config.get_float({"power_spectrogram"}, 2.0);
  result.is_decibel = config.get_bool({"return_decibel_spectrogram"}, false);
  result.is_first = config.get_string({"image_data_format"}, "channels_last") == "channels_first";
  result.is_kernel_trainable = config.get_bool({"trainable_kernel"}, false);
  if (has_mels) {
    config.ignore({"sr", "fmin", "fmax", "htk", "norm"});  // what the filterbank began with
    result.n_mels = config.get_int({"n_mels"});
    if (result.n_mels < 1) config.fail(fmt::format("n_mels must be 1 or more, found {}", result.n_mels));
    result.mel_power = config.get_float({"power_melgram"}, 1.0);
    result.is_mel_decibel = config.get_bool({"return_decibel_melgram"}, false);
    result.is_bank_trainable = config.get_bool({"trainable_fb"}, false);
  }
  return result;
}

int64_t KapreSpectrogram::n_frames(int64_t samples) const {
  if (pads) return (samples + hop - 1) / hop;
  return samples < n_dft ? 0 : 1 + (samples - n_dft) / hop;
}

Shapes KapreSpectrogram::infer(const Shapes& in) const {
  expect_inputs(in, 1);
  expect_rank(in[0], 3);
  if (in[0][1] < 1 || in[0][2] == kUnknown)
    throw Error(
        ErrorCode::kUnsupported, "",
        fmt::format("a spectrogram of {}: the numbers of channels and samples must be known; give --input-shape",
                    in[0].to_string()));
  if (in[0][2] < n_dft)
    throw Error(ErrorCode::kMismatch, "", fmt::format("a frame has {} samples, found {}", n_dft, in[0][2]));
  const int64_t frames = n_frames(in[0][2]);
  if (is_first) return {{in[0][0], in[0][1], n_bands(), frames}};
  return {{in[0][0], n_bands(), frames, in[0][1]}};
}

// TensorFlow's Keras takes every variable of a layer for a trainable one, whatever kapre means by it.
std::vector<WeightSpec> KapreSpectrogram::weights(const Shapes& /*in*/) const {
  const bool is_tf = version.is_tf_keras || version >= Version{2, 4};
  const Shape kernel{n_dft, 1, 1, n_frequencies()};
  std::vector<WeightSpec> result{{"real_kernels", kernel, is_tf || is_kernel_trainable},
                                 {"imag_kernels", kernel, is_tf || is_kernel_trainable}};
  if (n_mels > 0) result.push_back({"freq2mel", {n_frequencies(), n_mels}, is_tf || is_bank_trainable});
  return result;
}

Values KapreSpectrogram::lower(Lowering& lowering, const Values& in) const {
  if (is_decibel || is_mel_decibel) RelativeDecibel::note_version(lowering, version);
  const int64_t channels = in[0].shape[1];
  const int64_t frames = n_frames(in[0].shape[2]);
  Value x = lowering.reshape(in[0], {kUnknown, in[0].shape[2], 1, 1});
  x.shape = {kUnknown, in[0].shape[2], 1, 1};
  const auto squares = [&](size_t weight) {
    return lowering.op("Square",
                       {lower_conv(lowering, "stft", x, lowering.weight(weight), {hop, 1}, pads ? "SAME" : "VALID")});
  };
  Value y = lowering.named_op("add", "Add", {squares(0), squares(1)});
  y = lowering.reshape(y, {kUnknown, channels, frames, n_frequencies()});
  y.shape = {in[0].shape[0], channels, frames, n_frequencies()};
  y = raised(lowering, y, power);
  if (is_decibel) y = RelativeDecibel{}.lower(lowering, y);
  if (n_mels > 0) {
    y = lower_contraction(lowering, {"bctf", "fm", "bctm"}, y, lowering.weight(2));
    y.shape = {in[0].shape[0], channels, frames, n_mels};
    y = raised(lowering, y, mel_power);
    if (is_mel_decibel) y = RelativeDecibel{}.lower(lowering, y);
  }
  return {lower_transpose(lowering, y, is_first ? std::vector<int64_t>{0, 1, 3, 2} : std::vector<int64_t>{0, 3, 2, 1})};
}

double KapreSpectrogram::power_at(const Arrays& weights, const Array& x, int64_t example, int64_t channel,
                                  int64_t frame, int64_t frequency) const {
  const int64_t n = x.size(2);
  const int64_t front = pads ? std::max<int64_t>(0, (n_frames(n) - 1) * hop + n_dft - n) / 2 : 0;
  double real = 0;
  double imaginary = 0;
  for (int64_t i = 0; i < n_dft; ++i) {
    const int64_t sample = frame * hop - front + i;
    if (sample < 0 || sample >= n) continue;
    const double value = x[Index{example, channel, sample}];
    real += value * weights[0].at_offset(i * n_frequencies() + frequency);
    imaginary += value * weights[1].at_offset(i * n_frequencies() + frequency);
  }
  return raised(real * real + imaginary * imaginary, power);
}

double KapreSpectrogram::band_at(const Arrays& weights, const std::vector<double>& spectrum, int64_t band) const {
  double sum = 0;
  for (int64_t f = 0; f < n_frequencies(); ++f)
    sum += spectrum[static_cast<size_t>(f)] * weights[2].at_offset(f * n_mels + band);
  return raised(sum, mel_power);
}

// [channels, frames, bands]
std::vector<double> KapreSpectrogram::example(const Arrays& weights, const Array& x, int64_t example) const {
  std::vector<double> powers;
  for (int64_t channel = 0; channel < x.size(1); ++channel) {
    for (int64_t frame = 0; frame < n_frames(x.size(2)); ++frame) {
      for (int64_t f = 0; f < n_frequencies(); ++f) powers.push_back(power_at(weights, x, example, channel, frame, f));
    }
  }
  if (is_decibel) RelativeDecibel{}.apply(powers);
  if (n_mels == 0) return powers;
  std::vector<double> bands;
  for (auto row = powers.begin(); row != powers.end(); row += n_frequencies()) {
    const std::vector<double> spectrum(row, row + n_frequencies());
    for (int64_t band = 0; band < n_mels; ++band) bands.push_back(band_at(weights, spectrum, band));
  }
  if (is_mel_decibel) RelativeDecibel{}.apply(bands);
  return bands;
}

Formulas KapreSpectrogram::reference(const Arrays& weights, const Arrays& in) const {
  struct Kept {
    std::mutex mutex;
    int64_t number = -1;
    std::vector<double> values;
  };
  const auto kept = std::make_shared<Kept>();
  const int64_t frames = n_frames(in[0].size(2));
  const auto at = [=, *this, x = in[0]](const Index& o) {
    const int64_t channel = is_first ? o[1] : o[3];
    const int64_t band = is_first ? o[2] : o[1];
    const int64_t frame = is_first ? o[3] : o[2];
    if (!is_decibel && !is_mel_decibel) {
      if (n_mels == 0) return power_at(weights, x, o[0], channel, frame, band);
      std::vector<double> spectrum;
      for (int64_t f = 0; f < n_frequencies(); ++f) spectrum.push_back(power_at(weights, x, o[0], channel, frame, f));
      return band_at(weights, spectrum, band);
    }
    const std::lock_guard lock(kept->mutex);
    if (kept->number != o[0]) {
      kept->values = example(weights, x, o[0]);
      kept->number = o[0];
    }
    return kept->values[static_cast<size_t>((channel * frames + frame) * n_bands() + band)];
  };
  const double cost = 2.0 * static_cast<double>(n_dft * (n_mels > 0 ? n_frequencies() : 1));
  return {{infer({in[0].shape()})[0], at, cost}};
}

}  // namespace hoarfrost::keras
