#include "keras/sample_normalization.h"

#include <cmath>

#include "keras/normalization.h"

namespace hoarfrost::keras {

Value lower_sample_normalization(const SampleNormalization& normalization, Lowering& lowering, const Value& x,
                                 const Value& gamma, const Value& beta) {
  const Moments moments = lower_moments(lowering, x, {x.shape.rank() - 1});
  const Value epsilon = lowering.scalar("epsilon", normalization.epsilon, x);
  Value variance = moments.variance;
  if (normalization.adds_to_variance) variance = lowering.named_op("add", "Add", {variance, epsilon});
  const Value deviation = lowering.named_op("add", "Add", {lowering.op("Sqrt", {variance}), epsilon});
  const Value difference = lowering.named_op("sub", "Sub", {x, moments.mean});
  const Value normalized = lowering.named_op("div", "RealDiv", {difference, deviation});
  return lowering.named_op("add", "Add", {lowering.named_op("mul", "Mul", {normalized, gamma}), beta});
}

Formula sample_normalization_reference(const SampleNormalization& normalization, const Arrays& weights,
                                       const Array& x) {
  const int64_t n = x.shape().last();
  const auto at = [normalization, w = weights, x, n](const Index& o) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += x[o.with(-1, i)];
    const double mean = sum / static_cast<double>(n);
    double squares = 0;
    for (int64_t i = 0; i < n; ++i) squares += (x[o.with(-1, i)] - mean) * (x[o.with(-1, i)] - mean);
    const double variance =
        squares / static_cast<double>(n) + (normalization.adds_to_variance ? normalization.epsilon : 0);
    return w[0].at_offset(o[-1]) * (x[o] - mean) / (std::sqrt(variance) + normalization.epsilon) +
           w[1].at_offset(o[-1]);
  };
  return {x.shape(), at, 2 * static_cast<double>(n)};
}

}  // namespace hoarfrost::keras
