#include "keras/dropout.h"

#include <fmt/format.h>

#include "keras/lowering.h"

namespace hoarfrost::keras {

double dropout_rate(const Config& config) {
  const double rate = config.get_float({"rate", "p"}, 0.5);
  if (rate < 0 || rate > 1) config.fail(fmt::format("expected a rate in [0, 1], found {}", rate));
  return rate;
}

// tf.nn.dropout of TensorFlow 2.15: a value stays where a uniform number is at least the rate.
Values lower_dropout(Lowering& lowering, const Value& x, double rate, const Shape& noise_shape) {
  if (!lowering.is_training() || rate == 0) return {x};
  if (rate == 1) return {lowering.named_op("dropout/zeros_like", "ZerosLike", {x})};
  const Value numbers = lowering.random_uniform(x, noise_shape);
  const Value stays =
      lowering.named_op("dropout/GreaterEqual", "GreaterEqual", {numbers, lowering.scalar("dropout/rate", rate, x)});
  const Value mask =
      lowering.raw_op("dropout/Cast", "Cast", {stays}, x.dtype, {{"SrcT", DType::kBool}, {"DstT", x.dtype}});
  const Value scaled =
      lowering.named_op("dropout/Mul", "Mul", {x, lowering.scalar("dropout/Const", 1 / (1 - rate), x)});
  return {lowering.named_op("dropout/Mul_1", "Mul", {scaled, mask})};
}

}  // namespace hoarfrost::keras
