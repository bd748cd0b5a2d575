// A sound cut into frames that may overlap, as tf.signal.frame of TensorFlow 2.15 cuts it: what kapre's Frame and
// Energy share.
#pragma once

#include "keras/lowering.h"

namespace hoarfrost::keras {

struct Framing {
  int64_t length = 0;  // samples of a frame
  int64_t hop = 1;
  bool pads_end = false;  // as many frames as begin within the sound, filled up with pad_value
  double pad_value = 0;
  bool is_first = false;  // [batch, channels, time]

  // frame_length, hop_length, pad_end, pad_value, data_format.
  static Framing parse(const Config& config);
  // [batch, time, channels] -> [batch, frames, length, channels]; with channels first [batch, channels, time] ->
  // [batch, channels, frames, length]. Throws Error{kUnsupported} for an unknown time, kMismatch for one without a
  // whole frame.
  [[nodiscard]] Shape infer(const Shape& in) const;
  [[nodiscard]] Value lower(Lowering& lowering, const Value& x) const;
  // Sample i of a frame.
  [[nodiscard]] double element(const Array& x, int64_t example, int64_t channel, int64_t frame, int64_t i) const;

 private:
  [[nodiscard]] int time_axis() const { return is_first ? 2 : 1; }
  [[nodiscard]] int64_t n_frames(int64_t samples) const;
};

}  // namespace hoarfrost::keras
