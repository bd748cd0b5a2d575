#include "keras/framing.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/contraction.h"
#include "keras/convolution.h"

namespace hoarfrost::keras {

Framing Framing::parse(const Config& config) {
  Framing result;
  result.length = config.get_int({"frame_length"});
  result.hop = config.get_int({"hop_length"});
  if (result.length < 1 || result.hop < 1)
    config.fail(
        fmt::format("frame_length and hop_length must be 1 or more, found {} and {}", result.length, result.hop));
  result.pads_end = config.get_bool({"pad_end"}, false);
  result.pad_value = config.get_float({"pad_value"}, 0.0);
  result.is_first = config.get_string({"data_format"}, "channels_last") == "channels_first";
  return result;
}

int64_t Framing::n_frames(int64_t samples) const {
  if (pads_end) return (samples + hop - 1) / hop;
  return samples < length ? 0 : 1 + (samples - length) / hop;
}

Shape Framing::infer(const Shape& in) const {
  expect_rank(in, 3);
  const int64_t samples = in[time_axis()];
  if (samples == kUnknown)
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("frames of {}: the number of samples must be known; give --input-shape", in.to_string()));
  if (n_frames(samples) < 1)
    throw Error(ErrorCode::kMismatch, "", fmt::format("a frame has {} samples, found {}", length, samples));
  constexpr int64_t kMost = int64_t{1} << 26;  // places of samples in all frames
  if (length > kMost / n_frames(samples))
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("{} frames of {} samples are more than {}; make hop_length larger", n_frames(samples),
                            length, kMost));
  if (is_first) return {in[0], in[1], n_frames(samples), length};
  return {in[0], n_frames(samples), length, in[2]};
}

Value Framing::lower(Lowering& lowering, const Value& x) const {
  const Shape out = infer(x.shape);
  const int64_t samples = x.shape[time_axis()];
  const int64_t frames = n_frames(samples);
  Value y = lower_transpose(lowering, x, is_first ? std::vector<int64_t>{2, 0, 1} : std::vector<int64_t>{1, 0, 2});
  if (const int64_t missing = (frames - 1) * hop + length - samples; missing > 0) {
    Values inputs{y, lowering.constant("PadV2/paddings", pairs({{0, missing}, {0, 0}, {0, 0}})),
                  lowering.scalar("PadV2/constant_values", pad_value, y)};
    if (pad_value == 0) inputs.pop_back();
    y = lowering.op(pad_value == 0 ? "Pad" : "PadV2", inputs, {{"Tpaddings", DType::kInt32}});
  }
  Tensor places(DType::kInt32, {frames, length});
  const auto values = places.mutable_values<int32_t>();
  for (size_t i = 0; i < values.size(); ++i) {
    const auto place = static_cast<int64_t>(i);
    values[i] = static_cast<int32_t>(place / length * hop + place % length);
  }
  y = lowering.raw_op("frame", "Gather", {y, lowering.constant("frame/indices", places)}, y.dtype,
                      {{"Tparams", y.dtype}, {"Tindices", DType::kInt32}, {"validate_indices", true}});
  y.shape = {frames, length, out[0], is_first ? out[1] : out[3]};
  y = lower_transpose(lowering, y, is_first ? std::vector<int64_t>{2, 3, 0, 1} : std::vector<int64_t>{2, 0, 1, 3},
                      "transpose_1");
  y.shape = out;
  return y;
}

double Framing::element(const Array& x, int64_t example, int64_t channel, int64_t frame, int64_t i) const {
  const int64_t sample = frame * hop + i;
  if (sample >= x.size(time_axis())) return pad_value;
  return x[is_first ? Index{example, channel, sample} : Index{example, sample, channel}];
}

}  // namespace hoarfrost::keras
