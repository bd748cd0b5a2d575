#include "training/optimizer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::training {
namespace {

// What a rule needs to know of the step.
struct Step {
  float rate;
  double t;  // counted from 1
  const Json& config;
  [[nodiscard]] float get(std::string_view key, double fallback) const {
    return static_cast<float>(number_in(config, {key}, fallback));
  }
};

// Calls f(i) for each element, by all threads where there are many.
template <typename F>
void for_each(const Parameter& p, F f) {
  const auto n = static_cast<int64_t>(p.weight.size());
  constexpr int64_t kBytesPerElement = 28;
  runtime::parallel_parts(n, n * kBytesPerElement, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) f(static_cast<size_t>(i));
  });
}

void sgd(const Step& s, Parameter& p) {
  const float momentum = s.get("momentum", 0);
  const float* g = p.gradient.data();
  float* w = p.weight.data();
  float* m = p.slots[0].data();
  const bool is_nesterov = flag_in(s.config, "nesterov", false);
  for_each(p, [=](size_t i) {
    m[i] = m[i] * momentum - g[i] * s.rate;
    w[i] += is_nesterov ? m[i] * momentum - g[i] * s.rate : m[i];
  });
}

void rms_prop(const Step& s, Parameter& p) {
  const float rho = s.get("rho", 0.9), momentum = s.get("momentum", 0), epsilon = s.get("epsilon", 1e-7);
  const bool is_centered = flag_in(s.config, "centered", false);
  const float* g = p.gradient.data();
  float* w = p.weight.data();
  float* v = p.slots[0].data();
  float* m = momentum > 0 ? p.slots[1].data() : nullptr;
  float* average = is_centered ? p.slots.back().data() : nullptr;
  for_each(p, [=](size_t i) {
    v[i] = rho * v[i] + (1 - rho) * g[i] * g[i];
    float denominator = v[i] + epsilon;
    if (average != nullptr) {
      average[i] = rho * average[i] + (1 - rho) * g[i];
      denominator -= average[i] * average[i];
    }
    const float increment = s.rate * g[i] / std::sqrt(denominator);
    if (m != nullptr) m[i] = momentum * m[i] + increment;
    w[i] -= m != nullptr ? m[i] : increment;
  });
}

void adagrad(const Step& s, Parameter& p) {
  const float epsilon = s.get("epsilon", 1e-7);
  const float* g = p.gradient.data();
  float *w = p.weight.data(), *sum = p.slots[0].data();
  for_each(p, [=](size_t i) {
    sum[i] += g[i] * g[i];
    w[i] -= s.rate * g[i] / std::sqrt(sum[i] + epsilon);
  });
}

void adadelta(const Step& s, Parameter& p) {
  const float rho = s.get("rho", 0.95), epsilon = s.get("epsilon", 1e-7);
  const float* g = p.gradient.data();
  float *w = p.weight.data(), *gradients = p.slots[0].data(), *deltas = p.slots[1].data();
  for_each(p, [=](size_t i) {
    gradients[i] = rho * gradients[i] + (1 - rho) * g[i] * g[i];
    const float delta = -std::sqrt(deltas[i] + epsilon) * g[i] / std::sqrt(gradients[i] + epsilon);
    deltas[i] = rho * deltas[i] + (1 - rho) * delta * delta;
    w[i] += s.rate * delta;
  });
}

// What Adam does to each element.
struct AdamTerms {
  float to_m, to_v, alpha, epsilon;
};
HOARFROST_LOOP(adam_loop,
               (const AdamTerms& t, const float* __restrict g, float* __restrict w, float* __restrict m,
                float* __restrict v, int64_t n),
               (t, g, w, m, v, n)) {
  const float to_m = t.to_m, to_v = t.to_v, alpha = t.alpha, epsilon = t.epsilon;
  for (int64_t i = 0; i < n; ++i) {
    const float gradient = g[i];
    const float mean = m[i] + (gradient - m[i]) * to_m;
    const float square = v[i] + (gradient * gradient - v[i]) * to_v;
    m[i] = mean;
    v[i] = square;
    w[i] -= mean * alpha / (std::sqrt(square) + epsilon);
  }
}

void adam(const Step& s, Parameter& p) {
  const double b1 = number_in(s.config, {"beta_1"}, 0.9), b2 = number_in(s.config, {"beta_2"}, 0.999);
  const auto alpha = static_cast<float>(s.rate * std::sqrt(1 - std::pow(b2, s.t)) / (1 - std::pow(b1, s.t)));
  const auto to_m = static_cast<float>(1 - b1), to_v = static_cast<float>(1 - b2);
  const float epsilon = s.get("epsilon", 1e-7);
  const float* g = p.gradient.data();
  float *w = p.weight.data(), *m = p.slots[0].data(), *v = p.slots[1].data();
  float* largest = flag_in(s.config, "amsgrad", false) ? p.slots[2].data() : nullptr;
  if (largest == nullptr) {
    const auto n = static_cast<int64_t>(p.weight.size());
    runtime::parallel_parts(n, n * 28, [&](int64_t first, int64_t last) {
      adam_loop({to_m, to_v, alpha, epsilon}, g + first, w + first, m + first, v + first, last - first);
    });
    return;
  }
  for_each(p, [=](size_t i) {
    m[i] += (g[i] - m[i]) * to_m;
    v[i] += (g[i] * g[i] - v[i]) * to_v;
    largest[i] = std::max(largest[i], v[i]);
    w[i] -= m[i] * alpha / (std::sqrt(largest[i]) + epsilon);
  });
}

void adamax(const Step& s, Parameter& p) {
  const double b1 = number_in(s.config, {"beta_1"}, 0.9);
  const float b2 = s.get("beta_2", 0.999), epsilon = s.get("epsilon", 1e-7);
  const auto to_m = static_cast<float>(1 - b1);
  const auto rate = static_cast<float>(s.rate / (1 - std::pow(b1, s.t)));
  const float* g = p.gradient.data();
  float *w = p.weight.data(), *m = p.slots[0].data(), *u = p.slots[1].data();
  for_each(p, [=](size_t i) {
    m[i] += (g[i] - m[i]) * to_m;
    u[i] = std::max(b2 * u[i], std::abs(g[i]));
    w[i] -= rate * m[i] / (u[i] + epsilon);
  });
}

// Dozat, Incorporating Nesterov Momentum into Adam (2016); the decay of momentum is 0.96^t.
void nadam(const Step& s, Parameter& p) {
  const double b1 = number_in(s.config, {"beta_1"}, 0.9), b2 = number_in(s.config, {"beta_2"}, 0.999);
  const auto u_at = [&](double t) { return b1 * (1 - 0.5 * std::pow(0.96, t)); };
  double product = 1;
  for (double t = 1; t <= s.t && product > 1e-20; ++t) product *= u_at(t);  // below, 1 - product is 1
  const double u = u_at(s.t), u_next = u_at(s.t + 1);
  const auto of_m = static_cast<float>(u_next / (1 - product * u_next)),
             of_g = static_cast<float>((1 - u) / (1 - product));
  const auto of_v = static_cast<float>(1 / (1 - std::pow(b2, s.t)));
  const auto to_m = static_cast<float>(1 - b1), to_v = static_cast<float>(1 - b2);
  const float epsilon = s.get("epsilon", 1e-7);
  const float* g = p.gradient.data();
  float *w = p.weight.data(), *m = p.slots[0].data(), *v = p.slots[1].data();
  for_each(p, [=](size_t i) {
    m[i] += (g[i] - m[i]) * to_m;
    v[i] += (g[i] * g[i] - v[i]) * to_v;
    w[i] -= (of_m * m[i] + of_g * g[i]) * s.rate / (std::sqrt(v[i] * of_v) + epsilon);
  });
}

// McMahan et al., Ad Click Prediction (2013).
void ftrl(const Step& s, Parameter& p) {
  const float power = -s.get("learning_rate_power", -0.5);
  const float l1 = s.get("l1_regularization_strength", 0), shrinkage = s.get("l2_shrinkage_regularization_strength", 0);
  const float l2 = s.get("l2_regularization_strength", 0) + s.get("beta", 0) / (2 * s.rate);
  const float* g = p.gradient.data();
  float *w = p.weight.data(), *sum = p.slots[0].data(), *linear = p.slots[1].data();
  for_each(p, [=](size_t i) {
    const float next = sum[i] + g[i] * g[i];
    linear[i] += g[i] + 2 * shrinkage * w[i] - (std::pow(next, power) - std::pow(sum[i], power)) / s.rate * w[i];
    const float quadratic = std::pow(next, power) / s.rate + 2 * l2;
    w[i] = (std::clamp(linear[i], -l1, l1) - linear[i]) / quadratic;
    sum[i] = next;
  });
}

struct Rule {
  std::string_view class_name;
  double learning_rate;  // Keras 2.15's default
  std::vector<SlotSpec> (*slots)(const Json& config);
  void (*update)(const Step& step, Parameter& parameter);
};

std::vector<SlotSpec> adam_slots(const Json& c) {
  return flag_in(c, "amsgrad", false) ? std::vector<SlotSpec>{{"m"}, {"v"}, {"vhat"}}
                                      : std::vector<SlotSpec>{{"m"}, {"v"}};
}

const Rule kRules[] = {
    {"SGD", 0.01, [](const Json&) { return std::vector<SlotSpec>{{"m"}}; }, sgd},
    {"RMSprop", 0.001,
     [](const Json& c) {
       std::vector<SlotSpec> result{{"velocity"}};
       if (number_in(c, {"momentum"}, 0) > 0) result.push_back({"momentum"});
       if (flag_in(c, "centered", false)) result.push_back({"average_gradient"});
       return result;
     },
     rms_prop},
    {"Adagrad", 0.001,
     [](const Json& c) {
       return std::vector<SlotSpec>{
           {"accumulator", static_cast<float>(number_in(c, {"initial_accumulator_value"}, 0.1))}};
     },
     adagrad},
    {"Adadelta", 0.001,
     [](const Json&) {
       return std::vector<SlotSpec>{{"accumulated_grad"}, {"accumulated_delta_var"}};
     },
     adadelta},
    {"Adam", 0.001, adam_slots, adam},
    {"AdamW", 0.001, adam_slots, adam},
    {"Adamax", 0.001,
     [](const Json&) {
       return std::vector<SlotSpec>{{"m"}, {"u"}};
     },
     adamax},
    {"Nadam", 0.001,
     [](const Json&) {
       return std::vector<SlotSpec>{{"m"}, {"v"}};
     },
     nadam},
    {"Ftrl", 0.001,
     [](const Json& c) {
       return std::vector<SlotSpec>{
           {"accumulator", static_cast<float>(number_in(c, {"initial_accumulator_value"}, 0.1))}, {"linear"}};
     },
     ftrl},
};

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

const Rule& rule_of(const std::string& name) {
  const std::string plain = lower_case(name.substr(name.rfind('>') + 1));
  for (const Rule& rule : kRules) {
    if (lower_case(std::string(rule.class_name)) == plain) return rule;
  }
  throw Error(ErrorCode::kUnsupported, "optimizer",
              fmt::format("`{}` is not known: give --optimizer, one of {}", name, fmt::join(optimizer_names(), ", ")));
}

Json learning_rate_in(const Json& config, const Rule& rule) {
  for (const char* key : {"learning_rate", "lr"}) {
    const auto found = config.find(key);
    if (found == config.end() || found->is_null()) continue;
    const double decay = number_in(config, {"decay"}, 0);
    return found->is_number() && decay != 0 ? decayed(found->get<double>(), decay) : *found;
  }
  return rule.learning_rate;
}

double norm_of(std::span<const float> values) {
  double sum = 0;
  for (const float x : values) sum += static_cast<double>(x) * x;
  return std::sqrt(sum);
}

void scale(std::span<float> values, double by) {
  for (float& x : values) x = static_cast<float>(x * by);
}

}  // namespace

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const Rule& rule : kRules) names.push_back(lower_case(std::string(rule.class_name)));
  return names;
}

Optimizer::Optimizer(const Json& json)
    : class_name_(rule_of(json.is_string() ? json.get<std::string>() : text_in(json, "class_name")).class_name),
      config_(json.is_object() && json.contains("config") ? json.at("config") : Json::object()),
      schedule_(learning_rate_in(config_, rule_of(class_name_))) {
  if (class_name_ == "AdamW" && !config_.contains("weight_decay")) config_["weight_decay"] = 0.004;
}

std::vector<SlotSpec> Optimizer::slots() const { return rule_of(class_name_).slots(config_); }

void Optimizer::set_learning_rate(double rate) {
  const double now = schedule_.at(iterations_);
  if (schedule_.is_constant() || now == 0) {
    schedule_ = Schedule(rate);
    factor_ = 1;
  } else {
    factor_ = rate / now;
  }
}

Json Optimizer::json() const {
  Json config{{"name", class_name_}};
  for (const char* key : {"weight_decay", "clipnorm", "global_clipnorm", "clipvalue"}) {
    config[key] = config_.contains(key) ? config_.at(key) : Json();
  }
  config.update({{"use_ema", false},
                 {"ema_momentum", 0.99},
                 {"ema_overwrite_frequency", nullptr},
                 {"jit_compile", false},
                 {"is_legacy_optimizer", false}});
  config["learning_rate"] = schedule_.json();
  for (const char* key : {"momentum", "nesterov", "rho", "epsilon", "centered", "initial_accumulator_value", "beta_1",
                          "beta_2", "amsgrad", "learning_rate_power", "l1_regularization_strength",
                          "l2_regularization_strength", "l2_shrinkage_regularization_strength", "beta"}) {
    if (config_.contains(key)) config[key] = config_.at(key);
  }
  return {{"class_name", "Custom>" + class_name_}, {"config", config}};
}

void Optimizer::apply(std::span<Parameter> parameters, std::span<std::vector<float>> clipped) {
  const double clip_norm = number_in(config_, {"clipnorm"}, 0), global = number_in(config_, {"global_clipnorm"}, 0);
  const double clip_value = number_in(config_, {"clipvalue"}, 0),
               weight_decay = number_in(config_, {"weight_decay"}, 0);
  if (clip_norm > 0 || global > 0 || clip_value > 0) {
    double squares = 0;
    for (size_t i = 0; i < parameters.size(); ++i) {
      clipped[i].assign(parameters[i].gradient.begin(), parameters[i].gradient.end());
      const double norm = norm_of(clipped[i]);
      squares += norm * norm;
      if (clip_norm > 0 && norm > clip_norm) scale(clipped[i], clip_norm / norm);
      const auto limit = static_cast<float>(clip_value);
      for (float& x : clipped[i]) x = clip_value > 0 ? std::clamp(x, -limit, limit) : x;
      parameters[i].gradient = clipped[i];
    }
    if (global > 0 && std::sqrt(squares) > global) {
      for (auto& gradient : clipped) scale(gradient, global / std::sqrt(squares));
    }
  }
  const Step step{static_cast<float>(learning_rate()), static_cast<double>(iterations_ + 1), config_};
  const Rule& rule = rule_of(class_name_);
  for (Parameter& parameter : parameters) {
    if (weight_decay > 0) {
      for (float& w : parameter.weight) w -= w * static_cast<float>(weight_decay) * step.rate;
    }
    rule.update(step, parameter);
  }
  ++iterations_;
}

}  // namespace hoarfrost::training
