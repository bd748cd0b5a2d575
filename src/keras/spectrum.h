// Short-time Fourier transforms as a convolution with windowed cosines and sines, and filterbanks of their frequencies:
// kapre's layers.
#pragma once

#include <hoarfrost/tensor.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hoarfrost::keras {

// tf.signal.hann_window and hamming_window (TensorFlow 2.15, periodic, which only even lengths are): a − (1 −
// a)·cos(2πi / n), a being 0.5 and 0.54.
std::vector<double> raised_cosine_window(int64_t length, double a);

// A window of tf.signal by its name there, with its defaults (Kaiser's beta is 12, TensorFlow 2.15): the two above,
// vorbis_window, kaiser_window and kaiser_bessel_derived_window, which is of even length. nullopt for another name.
std::optional<std::vector<double>> tensorflow_window(std::string_view name, int64_t length);

struct MelBank {
  double sample_rate = 0;
  int64_t n_frequencies = 0;  // n_fft / 2 + 1
  int64_t n_mels = 128;
  double lowest = 0;   // Hz
  double highest = 0;  // Hz
  bool is_htk = false;
  bool is_normalized = true;  // each band by 2 / its width ("slaney")

  // librosa.filters.mel (0.11), transposed: triangles over mel-spaced frequencies, row-major [n_frequencies, n_mels].
  [[nodiscard]] std::vector<double> weights() const;
};

// kapre's filterbank_log (0.3): log-normal bells around the bins of a constant-Q transform, each summing up to 1.
struct LogBank {
  double sample_rate = 0;
  int64_t n_frequencies = 0;  // n_fft / 2 + 1
  int64_t n_bins = 84;
  int64_t bins_per_octave = 12;
  double lowest = 32.70319566;  // Hz
  double spread = 0.125;        // of a bin

  // Row-major [n_frequencies, n_bins].
  [[nodiscard]] std::vector<double> weights() const;
};

}  // namespace hoarfrost::keras
