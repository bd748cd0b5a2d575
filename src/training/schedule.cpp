#include "training/schedule.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hoarfrost::training {
namespace {

double exponential(const Json& c, double n) {
  double exponent = n / number_in(c, {"decay_steps"}, 1);
  if (flag_in(c, "staircase", false)) exponent = std::floor(exponent);
  return number_in(c, {"initial_learning_rate"}, 0) * std::pow(number_in(c, {"decay_rate"}, 1), exponent);
}

double inverse_time(const Json& c, double n) {
  double steps = n / number_in(c, {"decay_steps"}, 1);
  if (flag_in(c, "staircase", false)) steps = std::floor(steps);
  return number_in(c, {"initial_learning_rate"}, 0) / (1 + number_in(c, {"decay_rate"}, 0) * steps);
}

double polynomial(const Json& c, double n) {
  double steps = number_in(c, {"decay_steps"}, 1);
  if (flag_in(c, "cycle", false)) {
    steps *= n == 0 ? 1 : std::ceil(n / steps);
  } else {
    n = std::min(n, steps);
  }
  const double end = number_in(c, {"end_learning_rate"}, 0.0001);
  return (number_in(c, {"initial_learning_rate"}, 0) - end) * std::pow(1 - n / steps, number_in(c, {"power"}, 1)) + end;
}

double piecewise(const Json& c, double n) {
  const auto boundaries = c.at("boundaries").get<std::vector<double>>();
  const auto values = c.at("values").get<std::vector<double>>();
  size_t i = 0;
  while (i < boundaries.size() && n > boundaries[i]) ++i;
  return values.at(i);
}

double cosine(const Json& c, double n) {
  const double initial = number_in(c, {"initial_learning_rate"}, 0);
  const double warmup = number_in(c, {"warmup_steps"}, 0);
  double top = initial;
  if (c.contains("warmup_target") && c.at("warmup_target").is_number()) {
    top = c.at("warmup_target").get<double>();
    if (n < warmup) return initial + (top - initial) * n / warmup;
    n -= warmup;
  }
  const double steps = number_in(c, {"decay_steps"}, 1);
  const double alpha = number_in(c, {"alpha"}, 0);
  const double wave = 0.5 * (1 + std::cos(std::numbers::pi * std::min(n, steps) / steps));
  return top * ((1 - alpha) * wave + alpha);
}

double cosine_restarts(const Json& c, double n) {
  const double t_mul = number_in(c, {"t_mul"}, 2), alpha = number_in(c, {"alpha"}, 0);
  double done = n / number_in(c, {"first_decay_steps"}, 1), restart = 0;
  if (t_mul == 1) {
    restart = std::floor(done);
    done -= restart;
  } else {
    restart = std::floor(std::log(1 - done * (1 - t_mul)) / std::log(t_mul));
    done = (done - (1 - std::pow(t_mul, restart)) / (1 - t_mul)) / std::pow(t_mul, restart);
  }
  const double wave = 0.5 * std::pow(number_in(c, {"m_mul"}, 1), restart) * (1 + std::cos(std::numbers::pi * done));
  return number_in(c, {"initial_learning_rate"}, 0) * ((1 - alpha) * wave + alpha);
}

struct Row {
  std::string_view class_name;
  double (*at)(const Json& config, double iterations);
};
constexpr Row kRows[] = {
    {"ExponentialDecay", exponential}, {"InverseTimeDecay", inverse_time},
    {"PolynomialDecay", polynomial},   {"PiecewiseConstantDecay", piecewise},
    {"CosineDecay", cosine},           {"CosineDecayRestarts", cosine_restarts},
};

const Row* find_row(const Json& json) {
  const std::string name = text_in(json, "class_name");
  const auto* found = std::ranges::find(kRows, name, &Row::class_name);
  return found == std::end(kRows) ? nullptr : found;
}

}  // namespace

Schedule::Schedule(Json learning_rate) : json_(std::move(learning_rate)) {
  if (json_.is_number()) return;
  if (!json_.is_object() || !json_.contains("config")) {
    throw Error(ErrorCode::kCorrupt, "learning_rate",
                fmt::format("expected a number or a schedule, found {}", json_.dump()));
  }
  if (find_row(json_) == nullptr) {
    throw Error(
        ErrorCode::kUnsupported, "learning_rate",
        fmt::format("`{}` is none of keras.optimizers.schedules: give --learning-rate", text_in(json_, "class_name")));
  }
}

double Schedule::at(int64_t iterations) const {
  if (json_.is_number()) return json_.get<double>();
  return find_row(json_)->at(json_.at("config"), static_cast<double>(iterations));
}

Json decayed(double learning_rate, double decay) {
  if (decay == 0) return learning_rate;
  return {{"module", "keras.optimizers.schedules"},
          {"class_name", "InverseTimeDecay"},
          {"config",
           {{"initial_learning_rate", learning_rate},
            {"decay_steps", 1},
            {"decay_rate", decay},
            {"staircase", false},
            {"name", nullptr}}},
          {"registered_name", nullptr}};
}

}  // namespace hoarfrost::training
