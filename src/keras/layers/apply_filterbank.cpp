// ApplyFilterbank: the frequencies of a spectrogram gathered in mel or logarithmic bands, [batch, time, frequencies,
// channels] -> [batch, time, bands, channels]. kapre 0.3, whose mel filterbank is librosa's.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "keras/contraction.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/spectrum.h"

namespace hoarfrost::keras {
namespace {

struct ApplyFilterbank {
  int64_t n_frequencies = 0;
  int64_t n_bands = 0;
  bool is_first = false;  // [batch, channels, time, frequencies]
  std::shared_ptr<const std::vector<double>> weights_of;

  static ApplyFilterbank parse(const Config& config) {
    const std::string type = config.get_string({"type"});
    if (type != "mel" && type != "log")
      config.unsupported(fmt::format("a filterbank of type `{}` is not converted; there are mel and log", type));
    const Json* json = config.find({"filterbank_kwargs"});
    if (json == nullptr || !json->is_object()) config.fail("`filterbank_kwargs` must hold the filterbank's parameters");
    const Config kwargs(*json, config.class_name(), config.version());
    ApplyFilterbank layer = type == "mel" ? parse_mel(config, kwargs) : parse_log(config, kwargs);
    if (const auto unread = kwargs.unread(); !unread.empty())
      config.unsupported(fmt::format("the filterbank's `{}` is not understood", unread.front()));
    layer.is_first = config.get_string({"data_format"}, "channels_last") == "channels_first";
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 4);
    if (in[0][axis()] != n_frequencies)
      throw Error(
          ErrorCode::kMismatch, "",
          fmt::format("expected {} frequencies along axis {}, found {}", n_frequencies, axis(), in[0].to_string()));
    Shape out = in[0];
    out[axis()] = n_bands;
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    Value x = in[0];
    Shape shape = infer({in[0].shape})[0];
    const bool is_turned = !is_first && shape[3] != 1;
    if (is_turned) {
      x = lower_transpose(lowering, x, {0, 1, 3, 2});
      shape = {shape[0], shape[1], shape[3], shape[2]};
      x.shape = {shape[0], shape[1], shape[2], n_frequencies};
    }
    Tensor kernel(DType::kFloat32, {n_frequencies, n_bands});
    const auto values = kernel.mutable_values<float>();
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((*weights_of)[i]);
    const Value rows = lowering.reshape(x, {kUnknown, n_frequencies});
    Value y = lowering.op("MatMul", {rows, lowering.constant("filterbank", kernel)},
                          {{"transpose_a", false}, {"transpose_b", false}});
    y.shape = {kUnknown, n_bands};
    y = lowering.reshape_like(y, x, shape);
    if (!is_turned) return {y};
    y.shape = shape;
    return {lower_transpose(lowering, y, {0, 1, 3, 2}, "transpose_1")};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [layer = *this, x = in[0]](const Index& o) {
      double sum = 0;
      for (int64_t f = 0; f < layer.n_frequencies; ++f) {
        const double weight = (*layer.weights_of)[static_cast<size_t>(f * layer.n_bands + o[layer.axis()])];
        if (weight != 0) sum += weight * x[o.with(layer.axis(), f)];
      }
      return sum;
    };
    return {{infer({in[0].shape()})[0], at, static_cast<double>(n_frequencies)}};
  }

 private:
  static ApplyFilterbank parse_mel(const Config& config, const Config& kwargs) {
    const Json& json = kwargs.json();
    MelBank bank;
    bank.sample_rate = kwargs.get_float({"sample_rate"});
    bank.n_frequencies = kwargs.get_int({"n_freq"});
    bank.n_mels = kwargs.get_int({"n_mels"}, 128);
    bank.lowest = kwargs.get_float({"f_min"}, 0.0);
    bank.highest = kwargs.get_float({"f_max"}, bank.sample_rate / 2);
    bank.is_htk = kwargs.get_bool({"htk"}, false);
    if (bank.n_frequencies < 2 || bank.n_frequencies > kMost || bank.n_mels < 1 || bank.n_mels > kMostBands ||
        bank.sample_rate <= 0 || bank.highest <= bank.lowest)
      config.fail("the filterbank's sizes or frequencies are none");
    bank.is_normalized = json.contains("norm") ? json.at("norm") == "slaney" : true;
    if (!bank.is_normalized && !(kwargs.find({"norm"}) == nullptr))
      config.unsupported(fmt::format("norm {} is not converted; there are slaney and null", json.at("norm").dump()));
    kwargs.ignore({"norm"});
    return {bank.n_frequencies, bank.n_mels, false, std::make_shared<const std::vector<double>>(bank.weights())};
  }

  static ApplyFilterbank parse_log(const Config& config, const Config& kwargs) {
    LogBank bank;
    bank.sample_rate = kwargs.get_float({"sample_rate"});
    bank.n_frequencies = kwargs.get_int({"n_freq"});
    bank.n_bins = kwargs.get_int({"n_bins"}, 84);
    bank.bins_per_octave = kwargs.get_int({"bins_per_octave"}, 12);
    bank.lowest = kwargs.get_float({"f_min"}, bank.lowest);
    bank.spread = kwargs.get_float({"spread"}, bank.spread);
    if (bank.n_frequencies < 2 || bank.n_frequencies > kMost || bank.n_bins < 1 || bank.n_bins > kMostBands ||
        bank.sample_rate <= 0 || bank.lowest <= 0 || bank.bins_per_octave < 1 || bank.spread <= 0)
      config.fail("the filterbank's sizes or frequencies are none");
    return {bank.n_frequencies, bank.n_bins, false, std::make_shared<const std::vector<double>>(bank.weights())};
  }

  static constexpr int64_t kMost = 65536;
  static constexpr int64_t kMostBands = 4096;
  [[nodiscard]] int axis() const { return is_first ? 3 : 2; }
};

}  // namespace

const LayerSpec layer_apply_filterbank = make_spec<ApplyFilterbank>("ApplyFilterbank");

}  // namespace hoarfrost::keras
