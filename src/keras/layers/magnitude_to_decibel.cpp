// MagnitudeToDecibel: 10 · log10(max(x, amin) / max(ref_value, amin)), no less than an example's largest value less
// dynamic_range. kapre 0.3.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "keras/layers/registry.h"
#include "keras/normalization.h"

namespace hoarfrost::keras {
namespace {

struct MagnitudeToDecibel {
  double reference_value = 1;
  double least = 1e-5;
  double dynamic_range = 80;

  static MagnitudeToDecibel parse(const Config& config) {
    return {config.get_float({"ref_value"}, 1.0), config.get_float({"amin"}, 1e-5),
            config.get_float({"dynamic_range"}, 80.0)};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    const Value bounded = lowering.op("Maximum", {x, lowering.scalar("Maximum/y", least, x)});
    const Value log10 = lowering.named_op(
        "truediv", "RealDiv", {lowering.op("Log", {bounded}), lowering.scalar("truediv/y", std::numbers::ln10, x)});
    const Value scaled = lowering.named_op("mul", "Mul", {log10, lowering.scalar("mul/y", 10, x)});
    const Value decibel = lowering.named_op("sub", "Sub", {scaled, lowering.scalar("sub/y", offset(), x)});
    std::vector<int64_t> axes(static_cast<size_t>(x.shape.rank() - 1));
    std::iota(axes.begin(), axes.end(), 1);
    const Value largest = lower_reduction(lowering, "Max", "Max", decibel, axes);
    const Value floor = lowering.named_op("sub_1", "Sub", {largest, lowering.scalar("sub_1/y", dynamic_range, x)});
    return {lowering.named_op("Maximum_1", "Maximum", {decibel, floor})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto decibel = [layer = *this](double x) {
      return 10 * std::log10(std::max(x, layer.least)) - layer.offset();
    };
    const auto n_examples = static_cast<size_t>(in[0].size(0));
    std::vector<double> largest(n_examples, -HUGE_VAL);
    const size_t n = static_cast<size_t>(in[0].shape().n_elements()) / std::max<size_t>(n_examples, 1);
    for (size_t i = 0; i < n * n_examples; ++i)
      largest[i / n] = std::max(largest[i / n], decibel(in[0].at_offset(static_cast<int64_t>(i))));
    const auto at = [=, x = in[0], range = dynamic_range](const Index& o) {
      return std::max(decibel(x[o]), largest[static_cast<size_t>(o[0])] - range);
    };
    return {{in[0].shape(), at, 3}};
  }

 private:
  [[nodiscard]] double offset() const { return 10 * std::log10(std::max(least, reference_value)); }
};

}  // namespace

const LayerSpec layer_magnitude_to_decibel = make_spec<MagnitudeToDecibel>("MagnitudeToDecibel");

}  // namespace hoarfrost::keras
