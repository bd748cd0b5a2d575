#include "training/class_weight.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace hoarfrost::training {
namespace {

constexpr std::string_view kWhere = "--class-weight";
constexpr int64_t kMostClasses = 10'000'000;

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorCode::kInvalidArgument, kWhere, message); }

template <typename T>
T number(std::string_view text, std::string_view what) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    fail(fmt::format("expected CLASS:WEIGHT pairs such as 0:1,1:2.5, found `{}` for a {}", text, what));
  return value;
}

using Weights = std::map<int64_t, double>;

void add(Weights& weights, int64_t label, double weight) {
  if (label < 0 || label >= kMostClasses) fail(fmt::format("expected class numbers of 0 or more, found {}", label));
  if (!std::isfinite(weight) || weight < 0)
    fail(fmt::format("class {}: expected a weight of 0 or more, found {}", label, weight));
  if (!weights.emplace(label, weight).second) fail(fmt::format("class {} is named twice", label));
}

Weights parse_pairs(std::string_view text) {
  Weights weights;
  while (true) {
    const std::string_view pair = text.substr(0, text.find(','));
    const size_t colon = pair.find(':');
    if (colon == std::string_view::npos)
      fail(fmt::format("expected CLASS:WEIGHT pairs such as 0:1,1:2.5, found `{}`", pair));
    add(weights, number<int64_t>(pair.substr(0, colon), "class"), number<double>(pair.substr(colon + 1), "weight"));
    if (pair.size() == text.size()) return weights;
    text.remove_prefix(pair.size() + 1);
  }
}

Weights parse_json(std::string_view text) {
  const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  if (json.is_discarded() || !(json.is_object() || json.is_array()))
    fail(fmt::format("expected JSON such as {{\"0\": 1, \"1\": 2.5}}, found `{}`", text));
  Weights weights;
  int64_t place = 0;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_number()) fail(fmt::format("class {}: expected a weight of 0 or more, found {}", key, value.dump()));
    add(weights, json.is_array() ? place++ : number<int64_t>(key, "class"), value.get<double>());
  }
  return weights;
}

}  // namespace

ClassWeight ClassWeight::parse(std::string_view text, int64_t n_classes) {
  const size_t first = text.find_first_not_of(" \t\n");
  const bool is_json = first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
  const Weights weights = is_json ? parse_json(text) : parse_pairs(text);
  if (weights.empty()) fail("expected a weight for each class, found none");
  const int64_t n = n_classes == 0 ? weights.rbegin()->first + 1 : n_classes;
  if (weights.rbegin()->first >= n)
    fail(fmt::format("expected classes of 0 to {}, found {}", n - 1, weights.rbegin()->first));
  ClassWeight result;
  for (int64_t label = 0; label < n; ++label) {
    const auto found = weights.find(label);
    if (found == weights.end())
      fail(fmt::format("expected a weight for each of {} classes, found none for class {}", n, label));
    result.weights_.push_back(static_cast<float>(found->second));
  }
  return result;
}

std::vector<float> ClassWeight::of(const Tensor& y) const {
  const Shape& shape = y.shape();
  const int64_t n = shape[0];
  if (empty()) return std::vector<float>(static_cast<size_t>(n), 1);
  if (shape.rank() > 2)
    throw Error(ErrorCode::kMismatch, kWhere,
                fmt::format("expected one class for each example, found targets {}", shape.to_string()));
  const int64_t width = shape.rank() == 2 ? shape[1] : 1;
  const auto values = y.values<float>();
  std::vector<float> result;
  for (int64_t i = 0; i < n; ++i) {
    const auto row = values.subspan(static_cast<size_t>(i * width), static_cast<size_t>(width));
    const auto label = width > 1 ? std::ranges::max_element(row) - row.begin() : static_cast<int64_t>(row[0]);
    const bool is_class =
        (width > 1 || row[0] == std::floor(row[0])) && label >= 0 && label < static_cast<int64_t>(weights_.size());
    if (!is_class) {
      throw Error(ErrorCode::kMismatch, kWhere,
                  fmt::format("expected targets that are classes of 0 to {}, found {}", weights_.size() - 1,
                              width > 1 ? static_cast<float>(label) : row[0]));
    }
    result.push_back(weights_[static_cast<size_t>(label)]);
  }
  return result;
}

}  // namespace hoarfrost::training
