// How Keras 3 keeps the kernel of a quantized Dense or EinsumDense (`model.quantize`), and what comes of it in a
// product: int8 (int8_quantization.h), int4 (3.14 and 3.15), float8, and the calibrated GPTQ (3.12 and 3.13; later ones
// do not save its zero points).
#pragma once

#include <optional>

#include "keras/int8_quantization.h"

namespace hoarfrost::keras {

struct KernelQuantization {
  enum class Mode { kNone, kInt8, kInt4, kFloat8, kGptq };
  Mode mode = Mode::kNone;
  bool is_packed = false;      // two numbers of four bits in a byte, the first in its lower half
  int64_t group_size = 0;      // rows that share a scale and a zero point; 0: int4's columns have a scale each
  int64_t history_length = 0;  // of float8's largest magnitudes, which training keeps
  Int8Quantization inputs;     // of int8 and int4, where numbers are rounded on their way into the product

  // The dtype policy and quantization_config. Throws Error{kUnsupported} for a mode that it does not know, for int4 of
  // a Keras before 3.14, which packs along the other axis, and for AWQ, whose files lack the zero points.
  static KernelQuantization parse(const Config& config);
  [[nodiscard]] bool is_on() const { return mode != Mode::kNone; }

  // In the order of Keras' files; none is trainable. kernel: the shape that it stands for; flattened it has `n_rows`.
  // scale: of int8's columns, as the layer keeps it.
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& kernel, int64_t n_rows, const std::optional<Shape>& bias,
                                                const Shape& scale) const;
  // The places of these among the weights.
  [[nodiscard]] size_t bias() const { return mode == Mode::kGptq ? 0 : 1; }
  [[nodiscard]] size_t scale(bool has_bias) const;

  // Not of int8. The kernel as floats; the input as it enters the product, and what that is divided by afterwards,
  // [..., 1] (no tensor: nothing); the bias, which float8 rounds to bfloat16 under float32.
  [[nodiscard]] Value lower_kernel(Lowering& lowering, const Shape& kernel, int64_t n_rows, bool has_bias,
                                   const Value& like) const;
  [[nodiscard]] Value lower_float8_input(Lowering& lowering, const Value& x, bool has_bias) const;
  [[nodiscard]] Value lower_bias(Lowering& lowering) const;

  // The same with numbers: the kernel, an element of the input, an element of the bias.
  [[nodiscard]] Array kernel(const Arrays& weights, const Shape& kernel, int64_t n_rows, bool has_bias) const;
  [[nodiscard]] double float8_input(const Arrays& weights, double x, bool has_bias) const;
  [[nodiscard]] double bias_value(const Arrays& weights, int64_t offset) const;
};

// The group that a file's g_idx says of row or column i, of n. Throws Error{kCorrupt} for none of them.
int64_t group_of(const Array& groups, int64_t i, int64_t n);

// [rows, bytes] of two numbers each -> [rows, n] floats; they are from 0 to 15 unless `is_signed`, from −8 to 7 then.
// The number of rows may be unknown.
Value lower_unpacked(Lowering& lowering, const Value& bytes, int64_t n, bool is_signed);
// Number i of a row of bytes.
double unpacked(const Array& bytes, int64_t row, int64_t i, bool is_signed);

// x rounded to float8_e4m3fn, as x / scale within ±448, times scale.
Value lower_float8(Lowering& lowering, const Value& x, const Value& scale);
double float8(double x, double scale);

}  // namespace hoarfrost::keras
