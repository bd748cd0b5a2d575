// QKeras' quantizers: the numbers that weights and activations are rounded to. QKeras 0.9.0 (Coelho et al. 2021), whose
// straight-through estimators, x + stop_gradient(q(x) − x), are q(x) at inference; stochastic rounding is of training
// alone.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "keras/lowering.h"

namespace hoarfrost::keras {

// What is said in training (Lowering::expect_inference).
inline constexpr std::string_view kTrainedByQKeras =
    "QKeras' layers are not trained here: train in QKeras, or with Keras' own layers";

struct Quantizer {
  std::function<Value(Lowering&, const Value&)> lower;  // null: there is none, and numbers stay as they are
  std::function<double(double)> of;                     // of one number; null where the scale is the whole weight's
  std::function<Tensor(const Array&)> of_weight;        // then this: the weight, quantized (float64)

  // The weight, quantized.
  [[nodiscard]] Array weight(const Array& w) const;
};

// A quantizer that scales by itself ("auto") takes the weight's channels together, which its layer must know to be a
// weight.
enum class QuantizerUse {
  kKernel,      // `alpha` null is "auto_po2" (QKeras' _set_trainable_parameter)
  kWeight,      // a bias and the like
  kActivation,  // "auto" is refused: the scale would be the batch's
};

// One function by its name, as the configuration or a text of QKeras' calls it: `quantized_bits(4, 0, alpha=1)`.
struct QuantizerSpec {
  std::string_view name;
  std::string_view parameters;  // in the order of its constructor, separated by blanks
  Quantizer (*make)(const Config& parameters, QuantizerUse use);
};
std::span<const QuantizerSpec> fixed_point_quantizers();
std::span<const QuantizerSpec> sigmoid_quantizers();
std::span<const QuantizerSpec> sign_quantizers();
std::span<const QuantizerSpec> power_quantizers();

// Whether the value under the key names one of them: a text, or {"class_name": …, "config": …}.
bool names_quantizer(const Config& config, std::string_view key);
// Reads the key; where it is null there is none, and where it is missing the fallback's text counts. Throws
// Error{kUnsupported} for a function that is not known, listing the known ones, and for a parameter that is not
// converted.
Quantizer parse_quantizer(const Config& config, std::string_view key, QuantizerUse use, std::string_view fallback = "");

// A parameter that Python writes as a truth or as a number.
bool parse_flag(const Config& config, std::string_view key, bool fallback);
// Error{kUnsupported} unless all of the noise is added; reads the parameters that inference does not depend on.
void expect_inference_form(const Config& config);

}  // namespace hoarfrost::keras
