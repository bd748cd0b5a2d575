// The scale that QKeras' quantizers find for a weight by themselves (`alpha` "auto" and "auto_po2"), one for each
// channel, which is the last axis.
#pragma once

#include <vector>

#include "keras/quantizer.h"
#include "keras/quantizer_nodes.h"

namespace hoarfrost::keras {

struct Alpha {
  enum class Kind { kNone, kNumber, kAuto, kPowerOfTwo };
  Kind kind = Kind::kNone;
  double number = 1;
  [[nodiscard]] bool is_auto() const { return kind == Kind::kAuto || kind == Kind::kPowerOfTwo; }
};
// Throws Error{kUnsupported} for a list, and for "auto" of an activation.
Alpha parse_alpha(const Config& config, QuantizerUse use);

// QKeras' _get_scale: the least squares of x by q in each channel, mean(x·q) / (mean(q·q) + 1e-7), or the power of two
// next to it. A weight of one axis has each element for a channel.
Value lower_least_squares(const QuantizerNodes& nodes, const Alpha& alpha, const Value& x, const Value& q);
// 2^round(log2(scale + 1e-7)).
Value lower_power_of_two(const QuantizerNodes& nodes, const Value& scale);
// The largest |x| of each channel, or of all of a weight of one axis.
Value lower_largest(const QuantizerNodes& nodes, const Value& x);

// The same with numbers, row-major [rows, channels].
struct Channels {
  explicit Channels(const Array& weight, double factor = 1);
  [[nodiscard]] std::vector<double> largest() const;
  [[nodiscard]] std::vector<double> least_squares(const Alpha& alpha, const std::vector<double>& q) const;

  Shape shape;
  std::vector<double> x;
  size_t n = 1;  // of channels
};
double next_power_of_two(double scale);

}  // namespace hoarfrost::keras
