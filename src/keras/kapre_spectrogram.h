// Spectrogram and Melspectrogram of kapre 0.1 and 0.2: the power of each frame's Fourier transform, whose cosines and
// sines are weights of the layer, as is the mel filterbank; [batch, channels, time] -> [batch, frequencies, frames,
// channels], or with channels first [batch, channels, frequencies, frames].
#pragma once

#include "keras/decibel.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {

struct KapreSpectrogram {
  int64_t n_dft = 512;
  int64_t hop = 256;
  bool pads = true;  // as TensorFlow's SAME
  double power = 2;
  bool is_decibel = false;
  bool is_first = false;
  int64_t n_mels = 0;  // none without a filterbank
  double mel_power = 1;
  bool is_mel_decibel = false;
  bool is_kernel_trainable = false;
  bool is_bank_trainable = false;
  Version version;

  static KapreSpectrogram parse(const Config& config, bool has_mels);
  // Throws Error{kUnsupported} for an unknown time, kMismatch for one without a whole frame.
  [[nodiscard]] Shapes infer(const Shapes& in) const;
  // real_kernels and imag_kernels [n_dft, 1, 1, frequencies], freq2mel [frequencies, mels]
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const;
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  // Where decibels are asked for, one example's whole spectrogram is computed when its first element is, and kept.
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;

 private:
  [[nodiscard]] int64_t n_frequencies() const { return n_dft / 2 + 1; }
  [[nodiscard]] int64_t n_bands() const { return n_mels > 0 ? n_mels : n_frequencies(); }
  [[nodiscard]] int64_t n_frames(int64_t samples) const;
  [[nodiscard]] double power_at(const Arrays& weights, const Array& x, int64_t example, int64_t channel, int64_t frame,
                                int64_t frequency) const;
  [[nodiscard]] double band_at(const Arrays& weights, const std::vector<double>& spectrum, int64_t band) const;
  [[nodiscard]] std::vector<double> example(const Arrays& weights, const Array& x, int64_t example) const;
};

}  // namespace hoarfrost::keras
