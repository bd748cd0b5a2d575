// Normalization2D: (x − mean) / (standard deviation + 1e-10), both taken over all axes but one, or over all; but for
// the batch's axis that is over the batch, so that an example's answer depends on the others. kapre 0.1 and 0.2.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cmath>

#include "keras/layers/registry.h"
#include "keras/normalization.h"

namespace hoarfrost::keras {
namespace {

struct Normalization2D {
  static constexpr double kEpsilon = 1e-10;  // which kapre does not save
  int64_t axis = -1;

  static Normalization2D parse(const Config& config) {
    config.ignore({"str_axis", "image_data_format"});  // int_axis is what they come to
    const Normalization2D layer{config.get_int({"int_axis"})};
    if (layer.axis < -1 || layer.axis > 3)
      config.fail(fmt::format("int_axis must be from -1 to 3, found {}", layer.axis));
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    expect_rank(in[0], 4);
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Moments moments = lower_moments(lowering, in[0], axes());
    const Value deviation = lowering.op("Sqrt", {moments.variance});
    const Value divisor = lowering.named_op("add", "Add", {deviation, lowering.scalar("add/y", kEpsilon, deviation)});
    return {lowering.named_op("truediv", "RealDiv", {lowering.named_op("sub", "Sub", {in[0], moments.mean}), divisor})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const int64_t n = axis < 0 ? in[0].shape().n_elements() : in[0].shape().n_elements() / in[0].size(axis_of());
    const auto at = [x = in[0], n, axes = axes()](const Index& o) {
      double sum = 0;
      for_each_along(axes, x.shape(), o, [&](const Index& place) { sum += x[place]; });
      const double mean = sum / static_cast<double>(n);
      double squares = 0;
      for_each_along(axes, x.shape(), o, [&](const Index& place) { squares += (x[place] - mean) * (x[place] - mean); });
      return (x[o] - mean) / (std::sqrt(squares / static_cast<double>(n)) + kEpsilon);
    };
    return {{in[0].shape(), at, 2 * static_cast<double>(n)}};
  }

 private:
  [[nodiscard]] int axis_of() const { return static_cast<int>(axis); }
  [[nodiscard]] std::vector<int64_t> axes() const {
    std::vector<int64_t> result;
    for (int64_t i = 0; i < 4; ++i) {
      if (i != axis) result.push_back(i);
    }
    return result;
  }
};

}  // namespace

const LayerSpec layer_normalization2d = make_spec<Normalization2D>("Normalization2D");

}  // namespace hoarfrost::keras
