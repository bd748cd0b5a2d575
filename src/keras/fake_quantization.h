// What quantization-aware training rounds numbers to, so that a network in floating point computes what a quantized
// one will: the quantizers of the TensorFlow Model Optimization Toolkit 0.8 (LastValueQuantizer,
// MovingAverageQuantizer, AllValuesQuantizer, FixedQuantizer, NoQuantizer). After training they differ only in where
// their range comes from.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "keras/lowering.h"

namespace hoarfrost::keras {

class FakeQuantizer {
 public:
  FakeQuantizer() = default;  // none: numbers stay as they are
  // n_bits: 2 to 16. is_per_channel: a range for each element of the last axis. is_narrow: without the lowest level.
  // scope: the toolkit's name for the node's ("MovingAvgQuantize").
  FakeQuantizer(std::string scope, int64_t n_bits, bool is_per_channel, bool is_narrow);
  // As a layer's configuration holds one: null, or class_name and config. Throws Error{kUnsupported} for another class,
  // which is its author's Python.
  static FakeQuantizer parse(const Config& where, const Json* quantizer);

  [[nodiscard]] bool is_on() const { return !scope_.empty(); }
  // NAME_min and NAME_max of what has this shape; none for a fixed range.
  [[nodiscard]] std::vector<WeightSpec> weights(const std::string& name, const Shape& x) const;
  // first: the first of its weights among the layer's.
  [[nodiscard]] Value lower(Lowering& lowering, const Value& x, size_t first) const;
  // An element by its number and its position on the last axis.
  using Of = std::function<double(double x, int64_t channel)>;
  [[nodiscard]] Of reference(const Arrays& weights, size_t first) const;

 private:
  std::string scope_;
  int64_t n_bits_ = 8;
  bool is_per_channel_ = false;
  bool is_narrow_ = false;
  bool is_fixed_ = false;
  double low_ = 0, high_ = 0;  // of a fixed range
};

}  // namespace hoarfrost::keras
