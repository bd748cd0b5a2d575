#include "keras/decibel.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "keras/normalization.h"

namespace hoarfrost::keras {

Value RelativeDecibel::lower(Lowering& lowering, const Value& x) const {
  const Value bounded = lowering.op("Maximum", {x, lowering.scalar("Maximum/y", least, x)});
  Value y = lowering.named_op("mul", "Mul", {lowering.scalar("mul/x", 10, x), lowering.op("Log", {bounded})});
  y = lowering.named_op("truediv", "RealDiv", {y, lowering.scalar("truediv/y", std::numbers::ln10, x)});
  y.shape = x.shape;
  std::vector<int64_t> axes(static_cast<size_t>(std::max(x.shape.rank() - 1, 0)));
  std::iota(axes.begin(), axes.end(), 1);
  y = lowering.named_op("sub", "Sub", {y, lower_reduction(lowering, "Max", "Max", y, axes)});
  y = lowering.op("Maximum", {y, lowering.scalar("Maximum/y", -range, y)});
  y.shape = x.shape;
  return y;
}

void RelativeDecibel::apply(std::vector<double>& values) const {
  for (double& value : values) value = 10 * std::log10(std::max(value, least));
  const double largest = values.empty() ? 0 : *std::ranges::max_element(values);
  for (double& value : values) value = std::max(value - largest, -range);
}

void RelativeDecibel::note_version(Lowering& lowering, const Version& version) {
  if (version.is_tf_keras || version >= Version{2, 4}) return;
  lowering.note(
      "its decibels are below each example's largest value, as since kapre 0.1.4; before that they were below "
      "the whole batch's, which is the same for one example at a time");
}

}  // namespace hoarfrost::keras
