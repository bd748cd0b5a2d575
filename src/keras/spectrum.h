// Short-time Fourier transforms as a convolution with windowed cosines and sines, and filterbanks of their frequencies:
// kapre's layers.
#pragma once

#include <hoarfrost/tensor.h>

#include <cstdint>
#include <vector>

namespace hoarfrost::keras {

// tf.signal.hann_window and hamming_window (TensorFlow 2.15, periodic, which only even lengths are): a − (1 −
// a)·cos(2πi / n), a being 0.5 and 0.54.
std::vector<double> raised_cosine_window(int64_t length, double a);

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

}  // namespace hoarfrost::keras
