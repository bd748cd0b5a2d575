// SinePositionEncoding: sines and cosines of waves along the steps of [batch, …, steps, features], the same in each
// example (Vaswani et al. 2017). keras-nlp 0.5 to 0.6.4, keras-hub 0.32.0, which compute their angles in float32.
#include <cmath>

#include "keras/layers/registry.h"
#include "keras/position.h"

namespace hoarfrost::keras {
namespace {

struct SinePositionEncoding {
  double max_wavelength = 1e4;
  int64_t start = 0;

  static SinePositionEncoding parse(const Config& config) {
    return {config.get_float({"max_wavelength"}, 1e4), parse_start_index(config)};
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const int64_t n = in[0].shape[-2], n_features = in[0].shape.last();
    if (n != kUnknown) {
      Tensor table(DType::kFloat32, {n, n_features});
      const auto values = table.mutable_values<float>();
      for (int64_t i = 0; i < n * n_features; ++i)
        values[static_cast<size_t>(i)] = static_cast<float>(wave(i / n_features, i % n_features, n_features));
      return {lower_repeated(lowering, lowering.constant("waves", table.cast(in[0].dtype)), in[0])};
    }
    const auto row = [&](std::string_view name, const auto& of) {
      Tensor values(DType::kFloat32, {1, n_features});
      for (int64_t k = 0; k < n_features; ++k)
        values.mutable_values<float>()[static_cast<size_t>(k)] = static_cast<float>(of(k));
      return lowering.constant(name, values.cast(in[0].dtype));
    };
    const Value positions = lower_positions(lowering, in[0], in[0].shape.rank() - 2, start);
    const Value column =
        lowering.op("ExpandDims", {positions, lowering.int_scalar("ExpandDims/dim", 1)}, {{"Tdim", DType::kInt32}});
    const Value angles = lowering.named_op(
        "mul", "Mul", {column, row("timescales", [&](int64_t k) { return timescale(k, n_features); })});
    const Value sines = lowering.named_op(
        "mul_1", "Mul", {lowering.op("Sin", {angles}), row("sin_mask", [](int64_t k) { return 1 - k % 2; })});
    const Value cosines = lowering.named_op(
        "mul_2", "Mul", {lowering.op("Cos", {angles}), row("cos_mask", [](int64_t k) { return k % 2; })});
    return {lower_repeated(lowering, lowering.named_op("add", "Add", {sines, cosines}), in[0])};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [n = in[0].shape().last(), layer = *this](const Index& o) { return layer.wave(o[-2], o[-1], n); };
    return {{in[0].shape(), at, 4}};
  }

 private:
  [[nodiscard]] float timescale(int64_t feature, int64_t n_features) const {
    return std::pow(static_cast<float>(1 / max_wavelength),
                    static_cast<float>(feature / 2 * 2) / static_cast<float>(n_features));
  }
  [[nodiscard]] double wave(int64_t step, int64_t feature, int64_t n_features) const {
    const float angle = static_cast<float>(step + start) * timescale(feature, n_features);
    return feature % 2 == 0 ? std::sin(static_cast<double>(angle)) : std::cos(static_cast<double>(angle));
  }
};

}  // namespace

const LayerSpec layer_sine_position_encoding =
    make_spec<SinePositionEncoding>("keras_hub>SinePositionEncoding", "keras_nlp>SinePositionEncoding");

}  // namespace hoarfrost::keras
