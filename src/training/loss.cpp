#include "training/loss.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hoarfrost::training {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon()

struct Given {
  Builder& builder;
  Term t, p;  // labels, predictions
  const Json& config;
};

Term clipped(const Term& x, double low, double high) {
  return binary("Minimum", binary("Maximum", x, x.number(low)), x.number(high));
}
Term sum_last(const Term& x, bool is_kept = false) {
  return {x.builder, x.builder->reduce("Sum", x, {x.builder->shape(x).rank() - 1}, is_kept)};
}
Term mean_last(const Term& x) { return {x.builder, x.builder->reduce("Mean", x, {x.builder->shape(x).rank() - 1})}; }
Term square(const Term& x) { return x.apply("Square"); }
Term positive(const Term& x) { return binary("Maximum", x, x.number(0)); }
Term floored(const Term& x) { return binary("Maximum", x, x.number(kEpsilon)); }

// The input of the node that made this prediction, when its op is `op`.
std::optional<Term> made_by(const Term& x, std::string_view op) {
  const Node* node = x.at.node;
  while (node->op() == "Identity") node = node->input(0).node;
  if (node->op() != op) return {};
  return Term{x.builder, node->input(0)};
}

Term log_probabilities(const Given& g) {
  if (flag_in(g.config, "from_logits", false)) return g.p.apply("LogSoftmax");
  if (const auto logits = made_by(g.p, "Softmax")) return logits->apply("LogSoftmax");
  return clipped(g.p / sum_last(g.p, true), kEpsilon, 1 - kEpsilon).apply("Log");
}

Term categorical(const Given& g) {
  const double smoothing = number_in(g.config, {"label_smoothing"}, 0);
  const auto n_classes = static_cast<double>(g.builder.shape(g.p).last());
  const Term t = smoothing == 0 ? g.t : g.t * (1 - smoothing) + smoothing / n_classes;
  return -sum_last(t * log_probabilities(g));
}

// Keras 2.15's takes clipped probabilities for logits, whose LogSoftmax is the same again but for what clipping
// changed.
Term sparse(const Given& g) {
  Term logs = log_probabilities(g);
  if (!flag_in(g.config, "from_logits", false) && !made_by(g.p, "Softmax")) {
    logs = clipped(g.p, kEpsilon, 1 - kEpsilon).apply("Log").apply("LogSoftmax");
  }
  const DType dtype = g.builder.dtype(g.p);
  const Endpoint depth = g.builder.constant(Tensor::scalar(static_cast<int32_t>(g.builder.shape(g.p).last())));
  const Endpoint chosen = g.builder.add(
      "OneHot", {g.builder.cast(g.t, DType::kInt32), depth, g.builder.scalar(1, dtype), g.builder.scalar(0, dtype)},
      {{"T", dtype}, {"TI", DType::kInt32}, {"axis", int64_t{-1}}});
  return -sum_last(Term{&g.builder, chosen} * logs);
}

// max(x, 0) − x · t + log(1 + exp(−|x|))
Term sigmoid_crossentropy(const Term& x, const Term& t) {
  return positive(x) - x * t + (-x.apply("Abs")).apply("Exp").apply("Log1p");
}

Term binary_crossentropy(const Given& g) {
  const double smoothing = number_in(g.config, {"label_smoothing"}, 0);
  const Term t = smoothing == 0 ? g.t : g.t * (1 - smoothing) + 0.5 * smoothing;
  if (flag_in(g.config, "from_logits", false)) return mean_last(sigmoid_crossentropy(g.p, t));
  if (const auto logits = made_by(g.p, "Sigmoid")) return mean_last(sigmoid_crossentropy(*logits, t));
  const Term p = clipped(g.p, kEpsilon, 1 - kEpsilon);
  return mean_last(-(t * (p + kEpsilon).apply("Log") + (1.0 - t) * ((1.0 - p) + kEpsilon).apply("Log")));
}

Term huber(const Given& g) {
  const double delta = number_in(g.config, {"delta"}, 1);
  const Term error = (g.p - g.t).apply("Abs");
  const Term near = binary("Minimum", error, error.number(delta));  // 0.5 · near² + delta · (error − near)
  return mean_last(square(near) * 0.5 + (error - near) * delta);
}

// Labels of 0 and 1 become −1 and 1; others stay (Keras' _maybe_convert_labels, which looks at all of them).
Term signed_labels(const Given& g) {
  const Term is_binary{&g.builder,
                       g.builder.cast(g.builder.add("LogicalOr", {g.builder.add("Equal", {g.t, g.t.number(0)}),
                                                                  g.builder.add("Equal", {g.t, g.t.number(1)})}),
                                      g.builder.dtype(g.t))};
  const Term all{&g.builder, g.builder.reduce_all("Min", is_binary)};
  return all * (g.t * 2.0 + -1.0) + (1.0 - all) * g.t;
}

Term kl_divergence(const Given& g) {
  const Term t = clipped(g.t, kEpsilon, 1), p = clipped(g.p, kEpsilon, 1);
  return sum_last(t * (t / p).apply("Log"));
}

// Keras' l2_normalize floors the square at 1e-12.
Term normalized(const Term& x) {
  const Term squares = sum_last(square(x), true);
  return x * binary("Maximum", squares, squares.number(1e-12)).apply("Rsqrt");
}

Term log_cosh(const Given& g) {
  const Term x = g.p - g.t;
  return mean_last(x + (x * -2.0).apply("Softplus") + -std::log(2.0));
}

Term categorical_hinge(const Given& g) {
  const Term negative{&g.builder, g.builder.reduce("Max", (1.0 - g.t) * g.p, {g.builder.shape(g.p).rank() - 1})};
  return positive(negative - sum_last(g.t * g.p) + 1.0);
}

struct LossRow {
  std::string_view name;
  std::string_view class_name;
  std::string_view alias;
  Labels labels;
  Term (*of)(const Given& g);
};

constexpr LossRow kLosses[] = {
    {"categorical_crossentropy", "CategoricalCrossentropy", "", Labels::kDense, categorical},
    {"sparse_categorical_crossentropy", "SparseCategoricalCrossentropy", "", Labels::kSparse, sparse},
    {"binary_crossentropy", "BinaryCrossentropy", "bce", Labels::kDense, binary_crossentropy},
    {"mean_squared_error", "MeanSquaredError", "mse", Labels::kDense,
     [](const Given& g) { return mean_last(square(g.p - g.t)); }},
    {"mean_absolute_error", "MeanAbsoluteError", "mae", Labels::kDense,
     [](const Given& g) { return mean_last((g.p - g.t).apply("Abs")); }},
    {"mean_absolute_percentage_error", "MeanAbsolutePercentageError", "mape", Labels::kDense,
     [](const Given& g) { return mean_last(((g.t - g.p) / floored(g.t.apply("Abs"))).apply("Abs")) * 100.0; }},
    {"mean_squared_logarithmic_error", "MeanSquaredLogarithmicError", "msle", Labels::kDense,
     [](const Given& g) {
       return mean_last(square((floored(g.p) + 1.0).apply("Log") - (floored(g.t) + 1.0).apply("Log")));
     }},
    {"huber", "Huber", "huber_loss", Labels::kDense, huber},
    {"hinge", "Hinge", "", Labels::kDense,
     [](const Given& g) { return mean_last(positive(1.0 - signed_labels(g) * g.p)); }},
    {"squared_hinge", "SquaredHinge", "", Labels::kDense,
     [](const Given& g) { return mean_last(square(positive(1.0 - signed_labels(g) * g.p))); }},
    {"categorical_hinge", "CategoricalHinge", "", Labels::kDense, categorical_hinge},
    {"kl_divergence", "KLDivergence", "kullback_leibler_divergence", Labels::kDense, kl_divergence},
    {"poisson", "Poisson", "", Labels::kDense,
     [](const Given& g) { return mean_last(g.p - g.t * (g.p + kEpsilon).apply("Log")); }},
    {"cosine_similarity", "CosineSimilarity", "cosine_proximity", Labels::kDense,
     [](const Given& g) { return -sum_last(normalized(g.t) * normalized(g.p)); }},
    {"log_cosh", "LogCosh", "logcosh", Labels::kDense, log_cosh},
};

const LossRow& row_of(const std::string& name) {
  const std::string plain = name.substr(name.rfind('>') + 1);
  std::vector<std::string_view> names;
  for (const LossRow& row : kLosses) {
    if (plain == row.name || plain == row.class_name || (!row.alias.empty() && plain == row.alias)) return row;
    names.push_back(row.name);
  }
  throw Error(ErrorCode::kUnsupported, "loss",
              fmt::format("`{}` is not known: give --loss, one of {}", name, fmt::join(names, ", ")));
}

}  // namespace

Loss::Loss(const Json& json)
    : name_(row_of(json.is_string() ? json.get<std::string>() : text_in(json, "class_name")).name),
      json_(json),
      config_(json.is_object() && json.contains("config") ? json.at("config") : Json::object()) {}

std::string Loss::class_name() const { return std::string(row_of(name_).class_name); }
Labels Loss::labels() const { return row_of(name_).labels; }

Endpoint Loss::of_examples(Builder& builder, Endpoint labels, Endpoint prediction) const {
  builder.enter("loss/" + name_);
  Endpoint result = row_of(name_).of({builder, {&builder, labels}, {&builder, prediction}, config_});
  std::vector<int64_t> inner;  // axes between batch and classes: their mean, as of one long batch
  for (int axis = 1; axis < builder.shape(result).rank(); ++axis) inner.push_back(axis);
  return inner.empty() ? result : builder.reduce("Mean", result, inner);
}

}  // namespace hoarfrost::training
