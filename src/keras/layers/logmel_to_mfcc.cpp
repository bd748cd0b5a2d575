// LogmelToMFCC: the first cosine coefficients of each log-mel spectrum, [batch, time, mels, channels] -> [batch, time,
// mfccs, channels]. kapre 0.3 (tf.signal.mfccs_from_log_mel_spectrograms of TensorFlow 2.15: DCT-II, scaled by
// 1 / sqrt(2 · mels)).
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "keras/contraction.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct LogmelToMfcc {
  int64_t n_mfccs = 20;
  bool is_first = false;  // [batch, channels, time, mels]

  static LogmelToMfcc parse(const Config& config) {
    LogmelToMfcc layer{config.get_int({"n_mfccs"}, 20),
                       config.get_string({"data_format"}, "channels_last") == "channels_first"};
    if (layer.n_mfccs < 1) config.fail(fmt::format("n_mfccs must be 1 or more, found {}", layer.n_mfccs));
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 4);
    if (in[0][axis()] < 1 || in[0][axis()] > kMost)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("expected a known number of mels up to {}, found {}", kMost, in[0].to_string()));
    Shape out = in[0];
    out[axis()] = std::min(n_mfccs, in[0][axis()]);
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const int64_t n_mels = in[0].shape[axis()];
    const int64_t n = infer({in[0].shape})[0][axis()];
    Tensor matrix(DType::kFloat32, {n_mels, n});
    const auto values = matrix.mutable_values<float>();
    for (int64_t i = 0; i < n_mels * n; ++i)
      values[static_cast<size_t>(i)] = static_cast<float>(factor(i / n, i % n, n_mels));
    const Value cosines = lowering.constant("cosines", matrix.cast(in[0].dtype));
    return {lower_contraction(
        lowering, is_first ? Contraction{"bctm", "mk", "bctk"} : Contraction{"btmc", "mk", "btkc"}, in[0], cosines)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const int64_t n_mels = in[0].size(axis());
    const auto at = [x = in[0], n_mels, axis = axis()](const Index& o) {
      double sum = 0;
      for (int64_t m = 0; m < n_mels; ++m) sum += factor(m, o[axis], n_mels) * x[o.with(axis, m)];
      return sum;
    };
    return {{infer({in[0].shape()})[0], at, static_cast<double>(n_mels)}};
  }

 private:
  static constexpr int64_t kMost = 4096;
  [[nodiscard]] int axis() const { return is_first ? 3 : 2; }
  static double factor(int64_t mel, int64_t coefficient, int64_t n_mels) {
    const auto n = static_cast<double>(n_mels);
    const double angle = std::numbers::pi * static_cast<double>(coefficient * (2 * mel + 1)) / (2 * n);
    return 2 * std::cos(angle) / std::sqrt(2 * n);
  }
};

}  // namespace

const LayerSpec layer_logmel_to_mfcc = make_spec<LogmelToMfcc>("LogmelToMFCC");

}  // namespace hoarfrost::keras
