#include "training/initializer.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "keras/weight_setting.h"
#include "ops/op.h"

namespace hoarfrost::training {
namespace {

// Numbers of TensorFlow's stateless generators.
std::vector<float> random(std::string_view op, int64_t n, uint64_t seed, uint64_t stream) {
  graph::Graph graph;
  graph::Node& node = graph.add(std::string(op), "random");
  const Tensor inputs[] = {
      Tensor::vector(std::vector<int64_t>{n}),
      Tensor::vector(std::vector<int64_t>{static_cast<int64_t>(seed), static_cast<int64_t>(stream)})};
  const Tensor numbers = ops::run_node(node, inputs).at(0);
  return {numbers.values<float>().begin(), numbers.values<float>().end()};
}

struct Wanted {
  Shape shape;
  int64_t n;
  uint64_t seed;
  const Json& config;
};

std::vector<float> uniform(const Wanted& w, double low, double high) {
  auto values = random("StatelessRandomUniform", w.n, w.seed, 0);
  for (float& x : values) x = static_cast<float>(low + (high - low) * x);
  return values;
}

std::vector<float> normal(const Wanted& w, double mean, double stddev) {
  auto values = random("StatelessRandomNormal", w.n, w.seed, 0);
  for (float& x : values) x = static_cast<float>(mean + stddev * x);
  return values;
}

// Redrawn where it lies more than two deviations away.
std::vector<float> truncated(const Wanted& w, double mean, double stddev) {
  auto values = random("StatelessRandomNormal", w.n, w.seed, 0);
  for (uint64_t stream = 1; std::ranges::any_of(values, [](float x) { return std::abs(x) > 2; }); ++stream) {
    const auto others = random("StatelessRandomNormal", w.n, w.seed, stream);
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::abs(values[i]) > 2) values[i] = others[i];
    }
  }
  for (float& x : values) x = static_cast<float>(mean + stddev * x);
  return values;
}

// Keras' compute_fans.
std::pair<double, double> fans(const Shape& shape) {
  if (shape.rank() == 0) return {1, 1};
  if (shape.rank() == 1) return {shape[0], shape[0]};
  double receptive = 1;
  for (int axis = 0; axis < shape.rank() - 2; ++axis) receptive *= static_cast<double>(shape[axis]);
  return {static_cast<double>(shape[-2]) * receptive, static_cast<double>(shape[-1]) * receptive};
}

std::vector<float> variance_scaling(const Wanted& w, double scale, const std::string& mode,
                                    const std::string& distribution) {
  const auto [in, out] = fans(w.shape);
  const double fan = mode == "fan_in" ? in : mode == "fan_out" ? out : (in + out) / 2;
  const double variance = scale / std::max(1.0, fan);
  constexpr double kTruncation = 0.87962566103423978;  // the deviation of a normal cut at two deviations
  if (distribution == "uniform") return uniform(w, -std::sqrt(3 * variance), std::sqrt(3 * variance));
  if (distribution == "untruncated_normal") return normal(w, 0, std::sqrt(variance));
  return truncated(w, 0, std::sqrt(variance) / kTruncation);
}

// Gram and Schmidt on the columns of a tall normal matrix, twice for exactness (Saxe et al. 2014).
std::vector<float> orthogonal(const Wanted& w) {
  if (w.shape.rank() < 2) throw Error(ErrorCode::kUnsupported, "initializer", "Orthogonal needs two axes or more");
  const int64_t columns = w.shape.last(), rows = w.n / std::max<int64_t>(columns, 1);
  const int64_t tall = std::max(rows, columns), wide = std::min(rows, columns);
  const auto numbers = random("StatelessRandomNormal", w.n, w.seed, 0);
  std::vector<std::vector<double>> q;
  for (int64_t j = 0; j < wide; ++j) {
    std::vector<double> v(numbers.begin() + j * tall, numbers.begin() + (j + 1) * tall);
    for (int pass = 0; pass < 2; ++pass) {
      for (const auto& u : q) {
        double dot = 0;
        for (size_t i = 0; i < v.size(); ++i) dot += u[i] * v[i];
        for (size_t i = 0; i < v.size(); ++i) v[i] -= dot * u[i];
      }
    }
    double norm = 0;
    for (const double x : v) norm += x * x;
    for (double& x : v) x /= std::sqrt(norm);
    q.push_back(std::move(v));
  }
  const double gain = number_in(w.config, {"gain"}, 1);
  std::vector<float> values(static_cast<size_t>(w.n));
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      const auto [i, j] = rows < columns ? std::pair{c, r} : std::pair{r, c};
      values[static_cast<size_t>(r * columns + c)] =
          static_cast<float>(gain * q[static_cast<size_t>(j)][static_cast<size_t>(i)]);
    }
  }
  return values;
}

std::vector<float> identity(const Wanted& w) {
  if (w.shape.rank() != 2) throw Error(ErrorCode::kUnsupported, "initializer", "Identity needs two axes");
  std::vector<float> values(static_cast<size_t>(w.n), 0.0F);
  const auto gain = static_cast<float>(number_in(w.config, {"gain"}, 1));
  for (int64_t i = 0; i < std::min(w.shape[0], w.shape[1]); ++i) values[static_cast<size_t>(i * w.shape[1] + i)] = gain;
  return values;
}

std::vector<float> constant(const Wanted& w, double value) {
  return std::vector<float>(static_cast<size_t>(w.n), static_cast<float>(value));
}

struct Row {
  std::string_view spelling;  // lower case, without underscores
  std::vector<float> (*make)(const Wanted& w);
};
constexpr Row kRows[] = {
    {"zeros", [](const Wanted& w) { return constant(w, 0); }},
    {"zero", [](const Wanted& w) { return constant(w, 0); }},
    {"ones", [](const Wanted& w) { return constant(w, 1); }},
    {"one", [](const Wanted& w) { return constant(w, 1); }},
    {"constant", [](const Wanted& w) { return constant(w, number_in(w.config, {"value"}, 0)); }},
    {"randomuniform",
     [](const Wanted& w) {
       return uniform(w, number_in(w.config, {"minval"}, -0.05), number_in(w.config, {"maxval"}, 0.05));
     }},
    {"uniform", [](const Wanted& w) { return uniform(w, -0.05, 0.05); }},
    {"randomnormal",
     [](const Wanted& w) {
       return normal(w, number_in(w.config, {"mean"}, 0), number_in(w.config, {"stddev"}, 0.05));
     }},
    {"normal", [](const Wanted& w) { return normal(w, 0, 0.05); }},
    {"truncatednormal",
     [](const Wanted& w) {
       return truncated(w, number_in(w.config, {"mean"}, 0), number_in(w.config, {"stddev"}, 0.05));
     }},
    {"variancescaling",
     [](const Wanted& w) {
       const std::string mode = text_in(w.config, "mode"), distribution = text_in(w.config, "distribution");
       return variance_scaling(w, number_in(w.config, {"scale"}, 1), mode.empty() ? "fan_in" : mode, distribution);
     }},
    {"glorotuniform", [](const Wanted& w) { return variance_scaling(w, 1, "fan_avg", "uniform"); }},
    {"glorotnormal", [](const Wanted& w) { return variance_scaling(w, 1, "fan_avg", ""); }},
    {"heuniform", [](const Wanted& w) { return variance_scaling(w, 2, "fan_in", "uniform"); }},
    {"henormal", [](const Wanted& w) { return variance_scaling(w, 2, "fan_in", ""); }},
    {"lecununiform", [](const Wanted& w) { return variance_scaling(w, 1, "fan_in", "uniform"); }},
    {"lecunnormal", [](const Wanted& w) { return variance_scaling(w, 1, "fan_in", ""); }},
    {"orthogonal", orthogonal},
    {"orthogonalinitializer", orthogonal},
    {"identity", identity},
    {"identityinitializer", identity},
};

std::string spelled(const std::string& name) {
  std::string result;
  for (const char c : name.substr(name.rfind('>') + 1)) {
    if (c != '_') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

}  // namespace

Tensor initialized(const Json& initializer, const Shape& shape, uint64_t seed) {
  const std::string name =
      initializer.is_string() ? initializer.get<std::string>() : text_in(initializer, "class_name");
  const auto* row = std::ranges::find(kRows, spelled(name), &Row::spelling);
  if (row == std::end(kRows)) {
    throw Error(ErrorCode::kUnsupported, "initializer", fmt::format("`{}` is none of keras.initializers", name));
  }
  static const Json kNothing = Json::object();
  const bool has_config =
      initializer.is_object() && initializer.contains("config") && initializer.at("config").is_object();
  const auto values = row->make({shape, shape.n_elements(), seed, has_config ? initializer.at("config") : kNothing});
  return Tensor::of<float>(shape, std::span<const float>(values));
}

Json initializer_of(const Json& layer_config, const std::string& weight) {
  const Json* configured = keras::weight_setting(layer_config, weight, "initializer");
  if (configured != nullptr) return *configured;
  const std::string name = weight.substr(weight.rfind('/') + 1);
  if (name == "gamma" || name == "moving_variance") return "ones";
  if (name == "embeddings") return "uniform";
  if (name == "recurrent_kernel") return "orthogonal";
  return name.ends_with("kernel") ? "glorot_uniform" : "zeros";
}

}  // namespace hoarfrost::training
