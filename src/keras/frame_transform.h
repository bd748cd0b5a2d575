// The Fourier transform of each frame of a sound, [batch, time] -> real and imaginary part, each [batch, frames,
// frequencies], as one convolution with windowed cosines and sines, which every program runs.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keras/lowering.h"

namespace hoarfrost::keras {

struct FrameTransform {
  static constexpr int64_t kLargest = 4096;  // its cosines and sines are 67 MB
  int64_t n_fft = 0;
  int64_t hop = 1;
  // What a frame's samples are multiplied by, n_fft of them at most; behind them the frame is zero.
  std::vector<double> window;
  bool is_centered = false;  // n_fft / 2 samples are mirrored at both ends
  bool pads_end = false;     // zeros behind the sound for as many frames as begin within it

  // [batch, time] -> [batch, frames, n_fft / 2 + 1]. Throws Error{kUnsupported} for an unknown time, kMismatch for one
  // that is too short.
  [[nodiscard]] Shape infer(const Shape& in) const;
  [[nodiscard]] std::pair<Value, Value> lower(Lowering& lowering, const Value& x) const;
  // Element [b, frame, frequency] of the real (part 0) or imaginary part.
  [[nodiscard]] double element(const Array& x, const Index& o, int part) const;

 private:
  [[nodiscard]] int64_t n_frames(int64_t samples) const;
  [[nodiscard]] int64_t n_frequencies() const { return n_fft / 2 + 1; }
  [[nodiscard]] double factor(int64_t i, int64_t frequency, int part) const;
};

// A window by its name, "hann" or "hamming", periodic, of that length; nullopt for another name. Of ones without a
// name.
std::optional<std::vector<double>> window_named(const std::string& name, int64_t length);

}  // namespace hoarfrost::keras
