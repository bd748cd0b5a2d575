// RotaryEmbedding: pairs of features turned by an angle that grows with the step (Su et al. 2021), its frequencies
// stretched for longer sequences (YaRN, Peng et al. 2023). keras-nlp 0.6.4, keras-hub 0.32.0, which compute their
// angles in float32.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "keras/layers/registry.h"
#include "keras/position.h"

namespace hoarfrost::keras {
namespace {

struct RotaryEmbedding {
  float max_wavelength = 1e4F;
  float scaling_factor = 1;
  std::string rope_type = "linear";
  float beta_fast = 32;
  float beta_slow = 1;
  float original_length = 4096;
  bool truncates = true;
  int64_t sequence_axis = 1;
  int64_t feature_axis = -1;
  int64_t denominator = 0;  // 0: the features themselves
  int64_t start = 0;

  static RotaryEmbedding parse(const Config& config) {
    const auto number = [&](const char* key, double fallback) {
      return static_cast<float>(config.get_float({key}, fallback));
    };
    RotaryEmbedding layer{number("max_wavelength", 1e4),
                          number("scaling_factor", 1),
                          config.get_string({"rope_type"}, "linear"),
                          number("beta_fast", 32),
                          number("beta_slow", 1),
                          number("original_max_position_embeddings", 4096),
                          config.get_bool({"truncate"}, true),
                          config.get_int({"sequence_axis"}, 1),
                          config.get_int({"feature_axis"}, -1),
                          config.get_int({"denominator_dim"}, 0),
                          parse_start_index(config)};
    if (!config.has("rope_type")) {  // before KerasHub 0.21
      if (layer.scaling_factor != 1)
        config.unsupported(
            "a scaling_factor without a rope_type meant one thing in KerasNLP 0.6 and another later, and the file does "
            "not say which; save the model with KerasHub");
      if (layer.feature_axis != -1)
        config.unsupported("a feature_axis other than the last is converted of KerasHub's RotaryEmbedding alone");
    }
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    const int features = axis_of(feature_axis, in[0]);
    if (features == axis_of(sequence_axis, in[0]))
      throw Error(ErrorCode::kMismatch, "", "sequence_axis and feature_axis must differ");
    if (in[0][features] < 1 || in[0][features] % 2 != 0)
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("expected an even number of features along axis {} of {}", features, in[0].to_string()));
    return in;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    const auto [cosines, sines] = lower_waves(lowering, x);
    const int axis = axis_of(feature_axis, x.shape);
    const Value half = lowering.raw_op("split", "Split", {lowering.int_scalar("split/split_dim", axis), x}, x.dtype,
                                       {{"T", x.dtype}, {"num_split", int64_t{2}}});
    Value other = half;
    other.tensor.index = 1;
    const Value turned = lowering.named_op(
        "concat", "ConcatV2", {lowering.op("Neg", {other}), half, lowering.int_scalar("concat/axis", axis)},
        {{"N", int64_t{2}}, {"Tidx", DType::kInt32}});
    return {lowering.named_op(
        "add", "Add",
        {lowering.named_op("mul", "Mul", {x, cosines}), lowering.named_op("mul_1", "Mul", {turned, sines})})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const int features = axis_of(feature_axis, in[0].shape()), steps = axis_of(sequence_axis, in[0].shape());
    const int64_t half = in[0].size(features) / 2;
    const auto at = [=, x = in[0], layer = *this, frequencies = inverse_frequencies(2 * half)](const Index& o) {
      const int64_t k = o[features];
      const double angle = layer.angle(o[steps], frequencies[static_cast<size_t>(k % half)]);
      const double turned = k < half ? -x[o.with(features, k + half)] : x[o.with(features, k - half)];
      return layer.length() * (x[o] * std::cos(angle) + turned * std::sin(angle));
    };
    return {{in[0].shape(), at, 4}};
  }

 private:
  struct Waves {
    Value cosines, sines;  // of x's rank, one along the axes that are neither steps nor features
  };
  [[nodiscard]] Waves lower_waves(Lowering& lowering, const Value& x) const {
    const int features = axis_of(feature_axis, x.shape), steps = axis_of(sequence_axis, x.shape);
    const int64_t n = x.shape[features], n_steps = x.shape[steps];
    const std::vector<float> frequencies = inverse_frequencies(n);
    Shape ones(std::vector<int64_t>(static_cast<size_t>(x.shape.rank()), 1)), shape = ones, of_steps = ones;
    shape[features] = n;
    of_steps[steps] = kUnknown;
    if (n_steps != kUnknown) {
      shape[steps] = n_steps;
      const auto table = [&](std::string_view name, double (*of)(double)) {
        Tensor values(DType::kFloat32, shape);
        for (int64_t i = 0; i < n * n_steps; ++i) {
          const Index o = Index::at_offset(shape, i);
          values.mutable_values<float>()[static_cast<size_t>(i)] = static_cast<float>(
              length() * of(angle(o[steps], frequencies[static_cast<size_t>(o[features] % (n / 2))])));
        }
        return lowering.constant(name, values.cast(x.dtype));
      };
      return {table("cosines", [](double a) { return std::cos(a); }),
              table("sines", [](double a) { return std::sin(a); })};
    }
    Tensor turns(DType::kFloat32, shape);
    for (int64_t k = 0; k < n; ++k)
      turns.mutable_values<float>()[static_cast<size_t>(k)] = frequencies[static_cast<size_t>(k % (n / 2))];
    const Value positions = lowering.reshape(lower_positions(lowering, x, steps, start), of_steps);
    const Value angles =
        lowering.named_op("angles", "Mul", {positions, lowering.constant("frequencies", turns.cast(x.dtype))});
    Waves waves{lowering.op("Cos", {angles}), lowering.op("Sin", {angles})};
    if (length() != 1) {
      for (Value* wave : {&waves.cosines, &waves.sines})
        *wave = lowering.named_op("mul", "Mul", {*wave, lowering.scalar("mul/y", length(), x)});
    }
    return waves;
  }

  static int axis_of(int64_t axis, const Shape& x) {
    const int64_t result = axis < 0 ? axis + x.rank() : axis;
    if (result < 0 || result >= x.rank())
      throw Error(ErrorCode::kMismatch, "", fmt::format("axis {} is none of {}", axis, x.to_string()));
    return static_cast<int>(result);
  }

  [[nodiscard]] double angle(int64_t step, float frequency) const {
    return static_cast<double>(static_cast<float>(step + start) * frequency);
  }
  [[nodiscard]] double length() const { return rope_type == "yarn" ? 0.1F * std::log(scaling_factor) + 1.0F : 1.0F; }

  // One for each pair of features.
  [[nodiscard]] std::vector<float> inverse_frequencies(int64_t n) const {
    std::vector<float> result;
    const auto size = static_cast<float>(n);
    for (int64_t i = 0; i < n; i += 2) {
      const float place = static_cast<float>(i) / static_cast<float>(denominator != 0 ? denominator : n);
      const float plain = std::pow(max_wavelength, -place);
      if (rope_type == "linear")
        result.push_back(plain / scaling_factor);
      else if (rope_type == "dynamic")
        result.push_back(plain / std::pow(scaling_factor, size / std::max(1.0F, size - 2)));
      else if (rope_type == "yarn")
        result.push_back(yarn_frequency(i / 2, size));
      else
        result.push_back(plain);
    }
    return result;
  }

  // Fast waves stay, slow ones are stretched, and between them it goes over from the one to the other.
  [[nodiscard]] float yarn_frequency(int64_t pair, float size) const {
    const float wave = std::pow(max_wavelength, static_cast<float>(2 * pair) / size);
    const auto turning = [&](float n_turns) {
      return size * std::log(original_length / (n_turns * 2 * std::numbers::pi_v<float>)) /
             (2 * std::log(max_wavelength));
    };
    float low = turning(beta_fast), high = turning(beta_slow);
    if (truncates) {
      low = std::floor(low);
      high = std::ceil(high);
    }
    low = std::max(low, 0.0F);
    high = std::min(high, size - 1);
    const float slow = std::clamp((static_cast<float>(pair) - low) / std::max(high - low, 0.001F), 0.0F, 1.0F);
    return slow / (scaling_factor * wave) + (1 - slow) / wave;
  }
};

}  // namespace

const LayerSpec layer_rotary_embedding =
    make_spec<RotaryEmbedding>("keras_hub>RotaryEmbedding", "keras_nlp>RotaryEmbedding");

}  // namespace hoarfrost::keras
