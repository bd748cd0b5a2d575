// AutoContrast: each channel of each image stretched over value_range, at inference too; a channel of one value stays
// as it is. Keras 3.15: a + (b − a) · (x − least) / (largest − least), which needs no clipping.
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/data_format.h"
#include "keras/layers/registry.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct AutoContrast {
  double low = 0;
  double high = 255;
  DType dtype = DType::kFloat32;

  static AutoContrast parse(const Config& config) {
    expect_channels_last(config);
    config.ignore({"bounding_box_format"});
    const Span range = value_range(config);
    return {range.low, range.high, config.dtype()};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 4);
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value x = lower_cast(dtype, lowering, in)[0];
    const auto extreme = [&](std::string_view op) {
      return lowering.op(op, {x, lowering.ints("reduction_indices", {1, 2})},
                         {{"keep_dims", true}, {"Tidx", DType::kInt32}});
    };
    const Value least = extreme("Min");
    const Value span = lowering.named_op("sub", "Sub", {extreme("Max"), least});
    Value y = lowering.named_op("truediv", "RealDiv", {lowering.named_op("sub_1", "Sub", {x, least}), span});
    y = lowering.named_op("mul", "Mul", {y, lowering.scalar("mul/y", high - low, y)});
    y = lowering.named_op("add", "Add", {y, lowering.scalar("add/y", low, y)});
    const Value is_flat = lowering.raw_op("IsNan", "IsNan", {y}, DType::kBool, {{"T", y.dtype}});
    return {lowering.raw_op("Select", "Select", {is_flat, x, y}, y.dtype, {{"T", y.dtype}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], layer = *this](const Index& o) {
      double least = x[o];
      double largest = least;
      for (int64_t row = 0; row < x.size(1); ++row) {
        for (int64_t column = 0; column < x.size(2); ++column) {
          const double value = x[Index{o[0], row, column, o[3]}];
          least = std::min(least, value);
          largest = std::max(largest, value);
        }
      }
      return least == largest ? x[o] : layer.low + (layer.high - layer.low) * (x[o] - least) / (largest - least);
    };
    return {{in[0].shape(), at, static_cast<double>(in[0].size(1) * in[0].size(2))}};
  }
};

}  // namespace

const LayerSpec layer_auto_contrast = make_spec<AutoContrast>("AutoContrast");

}  // namespace hoarfrost::keras
