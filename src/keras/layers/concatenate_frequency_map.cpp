// ConcatenateFrequencyMap: a channel more, in which each frequency says where it stands, from 0 to 1. kapre 0.3, for
// which a data_format of `default` is channels_first.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

struct ConcatenateFrequencyMap {
  bool is_last = false;  // [batch, time, frequencies, channels]; else [batch, channels, time, frequencies]

  static ConcatenateFrequencyMap parse(const Config& config) {
    return {config.get_string({"data_format"}, "default") == "channels_last"};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 4);
    if (in[0][frequency_axis()] < 1)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("the number of frequencies of {} must be known; give --input-shape", in[0].to_string()));
    Shape out = in[0];
    if (out[channel_axis()] != kUnknown) ++out[channel_axis()];
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    const int64_t n = x.shape[frequency_axis()];
    Tensor map(DType::kFloat32, is_last ? Shape{1, 1, n, 1} : Shape{1, 1, 1, n});
    for (int64_t f = 0; f < n; ++f) map.mutable_values<float>()[static_cast<size_t>(f)] = place(f, n);
    const Value one = lowering.int_scalar("Tile/multiples/1", 1);
    const auto size = [&](int axis) {
      return x.shape[axis] == kUnknown ? size_of(lowering, x, axis)
                                       : lowering.int_scalar(fmt::format("Tile/multiples/of_{}", axis), x.shape[axis]);
    };
    const Values sizes = is_last ? Values{size(0), size(1), one, one} : Values{size(0), one, size(2), one};
    const Value multiples = lowering.raw_op("Tile/multiples", "Pack", sizes, DType::kInt32,
                                            {{"T", DType::kInt32}, {"N", int64_t{4}}, {"axis", int64_t{0}}});
    const Value channel =
        lowering.op("Tile", {lowering.constant("map", map.cast(x.dtype)), multiples}, {{"Tmultiples", DType::kInt32}});
    return {lowering.named_op("concat", "ConcatV2", {x, channel, lowering.int_scalar("concat/axis", channel_axis())},
                              {{"N", int64_t{2}}, {"Tidx", DType::kInt32}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [layer = *this, x = in[0]](const Index& o) {
      if (o[layer.channel_axis()] < x.size(layer.channel_axis())) return x[o];
      return static_cast<double>(place(o[layer.frequency_axis()], x.size(layer.frequency_axis())));
    };
    return {{infer({in[0].shape()})[0], at, 1}};
  }

 private:
  [[nodiscard]] int frequency_axis() const { return is_last ? 2 : 3; }
  [[nodiscard]] int channel_axis() const { return is_last ? 3 : 1; }
  static float place(int64_t frequency, int64_t n) {
    return n == 1 ? 0.0F : static_cast<float>(static_cast<double>(frequency) / static_cast<double>(n - 1));
  }
};

}  // namespace

const LayerSpec layer_concatenate_frequency_map = make_spec<ConcatenateFrequencyMap>("ConcatenateFrequencyMap");

}  // namespace hoarfrost::keras
