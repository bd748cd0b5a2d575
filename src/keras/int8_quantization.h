// Keras 3's int8 quantization of Dense and Embedding (`model.quantize("int8")`): weights are whole numbers from -127 to
// 127 and a scale for each column, inputs are rounded to such numbers on the way.
#pragma once

#include <string>

#include "keras/lowering.h"

namespace hoarfrost::keras {

// What a layer's dtype policy and quantization_config say. Keras 3.4 to 3.15: QuantizedDTypePolicy,
// Int8QuantizationConfig, AbsMaxQuantizer.
struct Int8Quantization {
  bool is_on = false;
  bool has_quantized_inputs = false;
  double largest = 127;   // that a number is rounded to
  double epsilon = 1e-7;  // beside the largest magnitude

  // Throws Error{kUnsupported} for another mode (int4, float8, gptq, awq) and for an activation quantizer that is no
  // AbsMaxQuantizer of a symmetric range.
  static Int8Quantization parse(const Config& config);
  // Only how inputs are rounded, of int8 and int4; by_default: where the configuration does not say.
  static Int8Quantization parse_inputs(const Config& config, bool by_default);

  // x of floats to round(x · scale) and scale = largest / (max |x| + epsilon), [..., 1], of each row of the last axis.
  // Halves go to the even number. What the range would cut off is not there: |x| · scale never passes `largest`.
  struct Quantized {
    Value numbers;
    Value scale;
  };
  [[nodiscard]] Quantized lower(Lowering& lowering, const Value& x) const;
  // The same with one scale for all along these axes, which stay as ones.
  [[nodiscard]] Quantized lower(Lowering& lowering, const Value& x, const std::vector<int64_t>& axes) const;
  // The scale of one row, from its largest magnitude.
  [[nodiscard]] double scale(double largest_magnitude) const { return largest / (largest_magnitude + epsilon); }
};

// What the layer's dtype policy says: "int8", "int4/128", "float8", "gptq/4/128", "awq/4/128"; "" of one that is not
// quantized.
std::string quantization_mode(const Config& config);

// A weight that is stored as int8, as floats.
Value lower_int8_weight(Lowering& lowering, size_t i, const Value& like);

}  // namespace hoarfrost::keras
