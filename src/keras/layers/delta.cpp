// Delta: how a spectrogram of one channel changes over time, Σ n · x[t + n] / Σ n² over a window's n. kapre 0.3.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/contraction.h"
#include "keras/convolution.h"
#include "keras/layers/registry.h"

namespace hoarfrost::keras {
namespace {

struct Delta {
  int64_t reach = 2;  // to either side
  std::string mode = "SYMMETRIC";
  bool is_first = false;  // [batch, channels, time, frequencies]

  static Delta parse(const Config& config) {
    const int64_t length = config.get_int({"win_length"});
    if (length < 3 || length % 2 == 0 || length > kLongest)
      config.fail(fmt::format("win_length must be odd and from 3 to {}, found {}", kLongest, length));
    Delta layer{(length - 1) / 2, config.get_string({"mode"}, "symmetric"),
                config.get_string({"data_format"}, "channels_last") == "channels_first"};
    std::ranges::transform(layer.mode, layer.mode.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (layer.mode != "SYMMETRIC" && layer.mode != "REFLECT" && layer.mode != "CONSTANT")
      config.fail(fmt::format("mode must be symmetric, reflect or constant, found `{}`", layer.mode));
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 4);
    if (in[0][is_first ? 1 : 3] != 1)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("Delta is of one channel, kapre fails on others; found {}", in[0].to_string()));
    const int64_t n = in[0][time_axis()];
    if (n != kUnknown && mode != "CONSTANT" && reach > (mode == "REFLECT" ? n - 1 : n))
      throw Error(ErrorCode::kMismatch, "", fmt::format("{} steps are too few to be mirrored by {}", n, reach));
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shape& shape = in[0].shape;
    Value x = in[0];
    if (is_first) x = lower_transpose(lowering, x, {0, 2, 3, 1});
    const Value paddings = lowering.constant("Pad/paddings", pairs({{0, 0}, {reach, reach}, {0, 0}, {0, 0}}));
    if (mode == "CONSTANT")
      x = lowering.op("Pad", {x, paddings}, {{"Tpaddings", DType::kInt32}});
    else
      x = lowering.op("MirrorPad", {x, paddings}, {{"Tpaddings", DType::kInt32}, {"mode", mode}});
    Tensor kernel(DType::kFloat32, {2 * reach + 1, 1, 1, 1});
    for (int64_t i = -reach; i <= reach; ++i)
      kernel.mutable_values<float>()[static_cast<size_t>(i + reach)] = static_cast<float>(i);
    Value y =
        lower_conv(lowering, "convolution", x, lowering.constant("kernel", kernel.cast(x.dtype)), {1, 1}, "VALID");
    y = lowering.named_op("truediv", "RealDiv", {y, lowering.scalar("truediv/y", denominator(), y)});
    y.shape = is_first ? Shape{shape[0], shape[2], shape[3], 1} : shape;
    return {is_first ? lower_transpose(lowering, y, {0, 3, 1, 2}, "transpose_1") : y};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [layer = *this, x = in[0]](const Index& o) {
      const int axis = layer.time_axis();
      const int64_t n = x.size(axis);
      const int64_t edge = layer.mode == "REFLECT" ? 1 : 0;
      double sum = 0;
      for (int64_t i = -layer.reach; i <= layer.reach; ++i) {
        int64_t t = o[axis] + i;
        const bool is_outside = t < 0 || t >= n;
        if (is_outside && layer.mode == "CONSTANT") continue;
        if (t < 0) t = -t - 1 + edge;
        if (t >= n) t = 2 * n - 1 - t - edge;
        sum += static_cast<double>(i) * x[o.with(axis, t)];
      }
      return sum / layer.denominator();
    };
    return {{in[0].shape(), at, static_cast<double>(2 * reach + 1)}};
  }

 private:
  static constexpr int64_t kLongest = 65535;
  [[nodiscard]] int time_axis() const { return is_first ? 2 : 1; }
  [[nodiscard]] double denominator() const {
    double sum = 0;
    for (int64_t i = 1; i <= reach; ++i) sum += 2 * static_cast<double>(i * i);
    return sum;
  }
};

}  // namespace

const LayerSpec layer_delta = make_spec<Delta>("Delta");

}  // namespace hoarfrost::keras
