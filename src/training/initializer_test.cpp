// Every name of keras.initializers, from a layer's configuration: the moments and bounds that Keras 2.15's
// initializers.py documents, worked out by hand from its formulas.
#include "training/initializer.h"

#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "keras/model.h"
#include "training/initialize.h"

namespace hoarfrost::training {
namespace {

constexpr int64_t kIn = 256, kOut = 400;

struct Moments {
  std::string name;
  Json initializer;
  double mean = 0;
  double deviation = 0;
  double low = -INFINITY;  // no value lies beyond
  double high = INFINITY;
  friend std::ostream& operator<<(std::ostream& out, const Moments& moments) { return out << moments.name; }
};

// The kernel of a Dense layer in a model that comes from a JSON file.
Tensor kernel_by(const Json& initializer) {
  const Json input{{"class_name", "InputLayer"},
                   {"config", {{"batch_input_shape", {nullptr, kIn}}, {"dtype", "float32"}, {"name", "input_1"}}}};
  const Json dense{{"class_name", "Dense"},
                   {"config", {{"name", "dense"}, {"units", kOut}, {"kernel_initializer", initializer}}}};
  const Json model{{"class_name", "Sequential"},
                   {"keras_version", "2.15.0"},
                   {"config", {{"name", "s"}, {"layers", {input, dense}}}}};
  const auto path = std::filesystem::temp_directory_path() / ("initializer_" + std::to_string(::getpid()) + ".json");
  std::ofstream(path) << model.dump();
  keras::LoadOptions how;
  how.architecture_only = true;
  const auto made = initialized(*keras::load(path, how), 5);
  std::filesystem::remove(path);
  for (const auto& layer : made->layers) {
    if (layer.name == "dense") return layer.weights.at(0);
  }
  throw Error(ErrorCode::kCorrupt, "", "no dense layer");
}

Json object(const char* class_name, const Json& config = Json::object()) {
  return {
      {"module", "keras.initializers"}, {"class_name", class_name}, {"config", config}, {"registered_name", nullptr}};
}

Moments uniform(const std::string& name, const Json& initializer, double low, double high) {
  return {name, initializer, (low + high) / 2, (high - low) / std::sqrt(12.0), low, high};
}
// A normal of this deviation, cut at two of its own: what is left varies less by 0.8796.
Moments cut(const std::string& name, const Json& initializer, double mean, double deviation) {
  return {name, initializer, mean, deviation * 0.87962566103423978, mean - 2 * deviation, mean + 2 * deviation};
}
// Keras widens the normal so that after the cut it has the wanted deviation.
Moments widened(const std::string& name, const Json& initializer, double variance) {
  return cut(name, initializer, 0, std::sqrt(variance) / 0.87962566103423978);
}
Moments limited(const std::string& name, const Json& initializer, double variance) {
  return uniform(name, initializer, -std::sqrt(3 * variance), std::sqrt(3 * variance));
}

std::vector<Moments> all() {
  const double average = (kIn + kOut) / 2.0;
  return {
      limited("glorot_uniform", "glorot_uniform", 1 / average),
      limited("GlorotUniform", object("GlorotUniform", {{"seed", nullptr}}), 1 / average),
      widened("glorot_normal", "glorot_normal", 1 / average),
      widened("GlorotNormal", object("GlorotNormal"), 1 / average),
      limited("he_uniform", "he_uniform", 2.0 / kIn),
      limited("HeUniform", object("HeUniform"), 2.0 / kIn),
      widened("he_normal", "he_normal", 2.0 / kIn),
      widened("HeNormal", object("HeNormal"), 2.0 / kIn),
      limited("lecun_uniform", "lecun_uniform", 1.0 / kIn),
      limited("LecunUniform", object("LecunUniform"), 1.0 / kIn),
      widened("lecun_normal", "lecun_normal", 1.0 / kIn),
      widened("LecunNormal", object("LecunNormal"), 1.0 / kIn),
      widened("VarianceScaling", object("VarianceScaling"), 1.0 / kIn),
      widened("variance_scaling", "variance_scaling", 1.0 / kIn),
      widened("VarianceScalingFanOut",
              object("VarianceScaling", {{"scale", 3.0}, {"mode", "fan_out"}, {"distribution", "truncated_normal"}}),
              3.0 / kOut),
      widened("VarianceScalingOldNormal",
              object("VarianceScaling", {{"scale", 0.5}, {"mode", "fan_avg"}, {"distribution", "normal"}}),
              0.5 / average),
      limited("VarianceScalingUniform",
              object("VarianceScaling", {{"scale", 0.5}, {"mode", "fan_avg"}, {"distribution", "uniform"}}),
              0.5 / average),
      {"VarianceScalingUntruncated", object("VarianceScaling", {{"distribution", "untruncated_normal"}}), 0,
       std::sqrt(1.0 / kIn)},
      uniform("random_uniform", "random_uniform", -0.05, 0.05),
      uniform("uniform", "uniform", -0.05, 0.05),
      uniform("RandomUniform", object("RandomUniform", {{"minval", 0.25}, {"maxval", 2.0}, {"seed", 3}}), 0.25, 2),
      {"random_normal", "random_normal", 0, 0.05},
      {"normal", "normal", 0, 0.05},
      {"RandomNormal", object("RandomNormal", {{"mean", -1.0}, {"stddev", 0.5}}), -1, 0.5},
      cut("truncated_normal", "truncated_normal", 0, 0.05),
      cut("TruncatedNormal", object("TruncatedNormal", {{"mean", 2.0}, {"stddev", 0.25}}), 2, 0.25),
      {"zeros", "zeros", 0, 0, 0, 0},
      {"Zeros", object("Zeros"), 0, 0, 0, 0},
      {"zero", "zero", 0, 0, 0, 0},
      {"ones", "ones", 1, 0, 1, 1},
      {"Ones", object("Ones"), 1, 0, 1, 1},
      {"one", "one", 1, 0, 1, 1},
      {"constant", "constant", 0, 0, 0, 0},
      {"Constant", object("Constant", {{"value", -0.75}}), -0.75, 0, -0.75, -0.75},
  };
}

class Initializer : public testing::TestWithParam<Moments> {};

TEST_P(Initializer, HasItsFormulasMoments) {
  const Moments& wanted = GetParam();
  const Tensor kernel = kernel_by(wanted.initializer);
  ASSERT_EQ(kernel.shape(), (Shape{kIn, kOut}));
  const auto values = kernel.values<float>();
  const auto n = static_cast<double>(values.size());
  double mean = 0, square = 0;
  for (const float x : values) mean += x / n;
  for (const float x : values) square += (x - mean) * (x - mean) / n;
  EXPECT_NEAR(mean, wanted.mean, 5 * wanted.deviation / std::sqrt(n) + 1e-9);
  EXPECT_NEAR(std::sqrt(square), wanted.deviation, 5 * wanted.deviation / std::sqrt(2 * n) + 1e-9);
  const double slack = 1e-6 * std::max(std::abs(wanted.low), std::abs(wanted.high));
  EXPECT_GE(*std::ranges::min_element(values), wanted.low - slack);
  EXPECT_LE(*std::ranges::max_element(values), wanted.high + slack);
}

INSTANTIATE_TEST_SUITE_P(Keras, Initializer, testing::ValuesIn(all()), [](const auto& one) { return one.param.name; });

// A tall matrix has orthonormal columns, a wide one orthonormal rows, times gain; both halves of the numbers' signs
// occur.
void expect_orthogonal(const Tensor& matrix, int64_t rows, int64_t columns, double gain) {
  const auto values = matrix.values<float>();
  const auto at = [&](int64_t i, int64_t j) {
    return static_cast<double>(values[static_cast<size_t>(rows >= columns ? i * columns + j : j * columns + i)]);
  };
  const int64_t tall = std::max(rows, columns), wide = std::min(rows, columns);
  for (int64_t a = 0; a < wide; ++a) {
    for (int64_t b = 0; b <= a; ++b) {
      double dot = 0;
      for (int64_t i = 0; i < tall; ++i) dot += at(i, a) * at(i, b);
      ASSERT_NEAR(dot, a == b ? gain * gain : 0, 1e-6 * gain * gain) << a << ", " << b;
    }
  }
  const auto n_positive = std::ranges::count_if(values, [](float x) { return x > 0; });
  EXPECT_NEAR(static_cast<double>(n_positive), static_cast<double>(values.size()) / 2,
              3 * std::sqrt(static_cast<double>(values.size())));
}

TEST(Initializers, OrthogonalIsOrthogonal) {
  expect_orthogonal(initialized("orthogonal", {40, 24}, 1), 40, 24, 1);
  expect_orthogonal(initialized(object("Orthogonal", {{"gain", 1.5}}), {12, 48}, 2), 12, 48, 1.5);
  expect_orthogonal(initialized(object("OrthogonalInitializer"), {3, 3, 4, 16}, 3), 36, 16,
                    1);  // rows: all but the last axis
}

TEST(Initializers, IdentityIsTheIdentity) {
  const Tensor matrix = initialized(object("Identity", {{"gain", 2.0}}), {3, 4}, 1);
  const std::vector<float> expected{2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0};
  EXPECT_TRUE(std::ranges::equal(matrix.values<float>(), expected));
  EXPECT_THROW((void)initialized("identity", {2, 2, 2}, 1), Error);
  EXPECT_THROW((void)initialized("orthogonal", {4}, 1), Error);
}

// A convolution's fans are its window's cells times its channels.
TEST(Initializers, CountTheWindowsCells) {
  const auto largest = [](const char* name) {
    const Tensor kernel = initialized(name, {3, 5, 16, 64}, 9);
    return static_cast<double>(*std::ranges::max_element(kernel.values<float>()));
  };
  const double in = std::sqrt(6.0 / (15 * 16)), both = std::sqrt(6.0 / (15 * 16 + 15 * 64));
  EXPECT_GT(largest("he_uniform"), 0.99 * in);
  EXPECT_LE(largest("he_uniform"), in);
  EXPECT_GT(largest("glorot_uniform"), 0.99 * both);
  EXPECT_LE(largest("glorot_uniform"), both);
}

TEST(Initializers, AnotherSeedAndAnotherWeightDrawOtherNumbers) {
  const Tensor a = initialized("he_normal", {8, 8}, 1), b = initialized("he_normal", {8, 8}, 2),
               again = initialized("he_normal", {8, 8}, 1);
  EXPECT_FALSE(std::ranges::equal(a.values<float>(), b.values<float>()));
  EXPECT_TRUE(std::ranges::equal(a.values<float>(), again.values<float>()));
}

TEST(Initializers, AStrangersIsNamed) {
  try {
    (void)initialized("my_own", {2, 2}, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "initializer: `my_own` is none of keras.initializers");
  }
}

}  // namespace
}  // namespace hoarfrost::training
