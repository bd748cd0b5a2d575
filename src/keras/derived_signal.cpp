// Signals: windows, the cosine transform, mel weights, said in other operations. TensorFlow 2.15's tf.signal.
#include "keras/derived_rows.h"

namespace hoarfrost::keras {
std::span<const DerivedRow> derived_signal_rows() {
  static constexpr DerivedRow kRows[] = {
      // g: the window in the middle of the frame, w: divided by what it adds up to with itself in steps
      // (tf.signal.inverse_stft_window_fn); the frames, cut into r pieces of a step each, are laid over one another.
      {"ISTFT", "", "x sequence_length sequence_stride fft_length length=None window=?'hann' center=True",
       "n = fft_length; s = sequence_stride; a = (n - sequence_length) // 2; c = 0.54 if window == 'hamming' else 0.5; "
       "v = window if isinstance(window, list) else [c - (1.0 - c) * math.cos(2 * math.pi * i / sequence_length) for i "
       "in "
       "range(sequence_length)]; g = [0.0] * a + v + [0.0] * (n - sequence_length - a); "
       "d = [sum([g[k] * g[k] for k in range(i % s, n, s)]) for i in range(n)]; "
       "w = [1.0 if window == None else 0.0 if d[i] == 0.0 else g[i] / d[i] for i in range(n)]; "
       "r = (n + s - 1) // s; m = len(x[0].shape); f = x[0].shape[-2] if x[0].shape[-2] else tf.shape(x[0])[m - 2]; "
       "y = tf.pad(ops.irfft(x, n) * np.array(w), [[0, 0]] * (m - 1) + [[0, r * s - n]]); "
       "l = [-1] + list(x[0].shape[1:-2]); z = tf.reshape(y, l + [f, r, s]); "
       "t = tf.add_n([tf.pad(z[..., k, :], [[0, 0]] * (m - 2) + [[k, r - 1 - k], [0, 0]]) for k in range(r)]); "
       "o = tf.reshape(t, l + [(f + r - 1) * s]); b = n // 2 if center else 0; e = r * s - n + b; "
       "o[..., b:b + length] if length != None else o[..., b:-e] if e else o"},
      {"Frame", "signal.frame", "signal frame_length frame_step !pad_end=False pad_value=0 axis=-1",
       "n = (signal.shape[axis] - frame_length) // frame_step + 1; tf.gather(signal, np.arange(n)[:, None] * "
       "frame_step + np.arange(frame_length)[None, :], axis=axis)"},
      {"HannWindow", "signal.hann_window", "window_length periodic=True !dtype='float32'",
       "m = window_length if periodic else window_length - 1; tf.identity(np.array([0.5 - 0.5 * math.cos(2 * "
       "math.pi * i / m) for i in range(window_length)]))"},
      {"HammingWindow", "signal.hamming_window", "window_length periodic=True !dtype='float32'",
       "m = window_length if periodic else window_length - 1; tf.identity(np.array([0.54 - 0.46 * math.cos(2 * "
       "math.pi * i / m) for i in range(window_length)]))"},
      {"DCT", "signal.dct", "input !type=2 !n=None !axis=-1 norm=None",
       "n = input.shape[-1]; s = [2.0 if norm == None else 2 * math.sqrt(1 / (4 * n if k == 0 else 2 * n)) for "
       "k in range(n)]; tf.tensordot(input, np.array([[s[k] * math.cos(math.pi * (2 * i + 1) * k / (2 * n)) for "
       "k in range(n)] for i in range(n)]), axes=1)"},
      {"MFCC", "signal.mfccs_from_log_mel_spectrograms", "log_mel_spectrograms",
       "tf.signal.dct(log_mel_spectrograms) / math.sqrt(2 * log_mel_spectrograms.shape[-1])"},
      {"MelWeights", "signal.linear_to_mel_weight_matrix",
       "num_mel_bins=20 num_spectrogram_bins=129 sample_rate=8000 lower_edge_hertz=125.0 "
       "upper_edge_hertz=3800.0 !dtype='float32'",
       "b = num_spectrogram_bins; l = 1127.0 * math.log(1 + lower_edge_hertz / 700); h = 1127.0 * math.log(1 + "
       "upper_edge_hertz / 700); e = [l + (h - l) * j / (num_mel_bins + 1) for j in range(num_mel_bins + 2)]; m "
       "= [1127.0 * math.log(1 + i * sample_rate / 2 / (b - 1) / 700) for i in range(b)]; "
       "tf.identity(np.array([[0.0 if i == 0 else float(max(0.0, min((m[i] - e[j]) / (e[j + 1] - e[j]), (e[j + "
       "2] - m[i]) / (e[j + 2] - e[j + 1])))) for j in range(num_mel_bins)] for i in range(b)]))"},
  };
  return kRows;
}

}  // namespace hoarfrost::keras
