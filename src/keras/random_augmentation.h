// Keras' random preprocessing layers: at inference the input in the layer's floating type, and nothing else; in
// training another picture at every step, as Keras 2.15's layers/preprocessing/image_preprocessing.py draws and makes
// it.
#pragma once

#include "keras/identity.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {

// Keras 2.15 casts (convert_inputs to the compute type) also when it does not augment.
inline Values lower_cast(DType dtype, Lowering& lowering, const Values& in) {
  if (in[0].dtype == dtype) return in;
  Value x = lowering.raw_op("Cast", "Cast", {in[0]}, dtype, {{"SrcT", in[0].dtype}, {"DstT", dtype}});
  x.shape = in[0].shape;
  return {x};
}

// What a random number lies between.
struct Span {
  double low = 0;
  double high = 0;
  // The key's two numbers; one number f stands for -f and f. Anything else is refused when numbers are drawn: inference
  // asks for none.
  static Span parse(const Config& config, std::string_view key);
  [[nodiscard]] Span plus(double x) const { return {low + x, high + x}; }
  [[nodiscard]] Span times(double x) const { return {low * x, high * x}; }
};

// `value_range`, which inference asks for: its two numbers, 0 and 255 where nothing is said.
Span value_range(const Config& config);

// Pictures of a model that trains, [batch, height, width, channels]. Throws Error{kUnsupported} for another rank, or
// when the configuration puts the channels first; random_of and random_of_all for a span that is none.
void expect_pictures(const Value& x, bool has_channels_first);
// A number of `span` for each picture, [batch, 1, 1, 1], or one for all, [1, 1, 1, 1]. x: float32 pictures.
Value random_of(Lowering& lowering, const Value& x, const Span& span);
Value random_of_all(Lowering& lowering, const Value& x, const Span& span);
// The number of rows (axis 1) or columns (2), a float32 number.
Value side_of(Lowering& lowering, const Value& x, int axis);

// What lies beyond the border, and between pixels.
struct Resampling {
  std::string fill_mode = "reflect";
  double fill_value = 0;
  std::string interpolation = "bilinear";
  static Resampling parse(const Config& config);
};

// The row of a projective transform that takes output places (x, y, 1) to the input's; each [batch, 1, 1, 1], or
// without a tensor 0.
struct PlaneMap {
  Value xx, xy, x0, yx, yy, y0;
};
// Throws Error{kUnsupported} for names that Keras 2.15 does not know.
Value lower_projective(Lowering& lowering, const Value& x, const PlaneMap& map, const Resampling& resampling);

}  // namespace hoarfrost::keras
