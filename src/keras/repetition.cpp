#include "keras/repetition.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/data_format.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {

Factors parse_factors(const Config& config, int n_spatial_axes) {
  expect_channels_last(config);
  Factors factors = config.get_ints({"size", "length"}, static_cast<size_t>(n_spatial_axes), 2);
  for (const int64_t factor : factors) {
    if (factor < 1) config.fail("size must be at least 1");
  }
  return factors;
}

Shapes infer_repetition(const Factors& factors, const Shapes& in) {
  expect_inputs(in, 1);
  expect_rank(in[0], static_cast<int>(factors.size()) + 2);
  Shape out = in[0];
  for (size_t i = 0; i < factors.size(); ++i) {
    int64_t& size = out[static_cast<int>(i) + 1];
    if (size != kUnknown) size *= factors[i];
  }
  return {out};
}

Value lower_repetition(const Factors& factors, std::string_view name, Lowering& lowering, const Value& x) {
  const Shape out = infer_repetition(factors, {x.shape})[0];
  Value rows = x;
  int64_t n_inner = x.shape.last();
  for (size_t i = factors.size(); i > 0; --i) {
    if (n_inner == kUnknown) {
      throw Error(ErrorCode::kUnsupported, lowering.scope(),
                  fmt::format("the sizes of {} must be known; give --input-shape", x.shape.to_string()));
    }
    if (factors[i - 1] > 1) {
      rows = lowering.reshape(rows, {kUnknown, n_inner});
      rows = lowering.op("Tile", {rows, lowering.ints("Tile/multiples", {1, factors[i - 1]})},
                         {{"Tmultiples", DType::kInt32}});
    }
    const int64_t size = out[static_cast<int>(i)];
    n_inner = size == kUnknown ? kUnknown : n_inner * size;
  }
  return reshape_keeping_batch(lowering, rows, x, out, name);
}

Formula repetition_reference(const Factors& factors, const Array& x) {
  const auto at = [x, factors](const Index& o) {
    Index i = o;
    for (size_t axis = 0; axis < factors.size(); ++axis) i[static_cast<int>(axis) + 1] /= factors[axis];
    return x[i];
  };
  return {infer_repetition(factors, {x.shape()})[0], at, 0};
}

}  // namespace hoarfrost::keras
