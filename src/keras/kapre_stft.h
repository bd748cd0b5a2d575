// kapre's STFT: the Fourier transform of each windowed frame of a sound, [batch, time, channels] -> [batch, frames,
// frequencies, channels], complex. A complex number is two real ones along one axis more here, real part and imaginary
// part, which only Magnitude and Phase take (lower.cpp refuses any other use). kapre 0.3, over tf.signal.stft of
// TensorFlow 2.15. Its STFTTflite gives those two numbers as such.
#pragma once

#include <vector>

#include "keras/lowering.h"

namespace hoarfrost::keras {

struct Stft {
  static constexpr int64_t kLargest = 4096;  // its cosines and sines are 67 MB
  int64_t n_fft = 2048;
  int64_t length = 2048;
  int64_t hop = 512;
  bool pads_begin = false;
  bool pads_end = false;
  bool is_in_first = false;   // [batch, channels, time]
  bool is_out_first = false;  // [batch, channels, frames, frequencies]
  bool is_complex = true;
  std::vector<double> window;

  static Stft parse(const Config& config, bool is_complex);
  [[nodiscard]] Shapes infer(const Shapes& in) const;
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;

 private:
  [[nodiscard]] Value parts(Value value) const;
  [[nodiscard]] int64_t n_frequencies() const { return n_fft / 2 + 1; }
  [[nodiscard]] int64_t n_samples(const Shape& x) const { return x[is_in_first ? 2 : 1]; }
  [[nodiscard]] int64_t n_channels(const Shape& x) const { return x[is_in_first ? 1 : 2]; }
  [[nodiscard]] int64_t n_frames(const Shape& x) const;
  // The window times cos and −sin of 2π · i · frequency / n_fft.
  [[nodiscard]] double factor(int64_t i, int64_t frequency, int64_t part) const;
  [[nodiscard]] Tensor kernel() const;
  [[nodiscard]] double element(const Array& x, const Index& o) const;
};

}  // namespace hoarfrost::keras
