#include "training/constraint.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace hoarfrost::training {
namespace {

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon()

std::string spelled(const Json& json) {
  const std::string name =
      json.is_string() ? json.get<std::string>() : text_in(json, json.contains("class_name") ? "class_name" : "name");
  std::string result;
  for (const char c : name.substr(name.rfind('>') + 1)) {
    if (c != '_') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

// For each element, the number of the slice over which its norm is taken.
class Slices {
 public:
  Slices(const Shape& shape, const std::vector<int64_t>& axes) : sizes_(shape.sizes()), strides_(sizes_.size(), 0) {
    n_ = 1;
    for (size_t axis = sizes_.size(); axis-- > 0;) {
      const bool is_reduced = std::ranges::any_of(axes, [&](int64_t a) {
        return (a < 0 ? a + static_cast<int64_t>(sizes_.size()) : a) == static_cast<int64_t>(axis);
      });
      if (is_reduced) continue;
      strides_[axis] = n_;
      n_ *= sizes_[axis];
    }
  }
  [[nodiscard]] int64_t n() const { return n_; }
  [[nodiscard]] int64_t of(int64_t element) const {
    int64_t result = 0;
    for (size_t axis = sizes_.size(); axis-- > 0;) {
      result += element % sizes_[axis] * strides_[axis];
      element /= sizes_[axis];
    }
    return result;
  }

 private:
  std::vector<int64_t> sizes_;
  std::vector<int64_t> strides_;
  int64_t n_ = 1;
};

std::vector<int64_t> axes_in(const Json& config) {
  const auto found = config.find("axis");
  if (found == config.end() || found->is_null()) return {0};
  return found->is_array() ? found->get<std::vector<int64_t>>() : std::vector<int64_t>{found->get<int64_t>()};
}

// RadialConstraint (Keras 2.15's _kernel_constraint): a [k, k, in, out] kernel gets one value per ring about its
// middle, all taken from its diagonal: the innermost ring's from start - 1, where start = k / 2, ring r's from start +
// r (from start + r - 1 where k is odd).
void make_radial(const Shape& shape, std::span<float> values) {
  if (shape.rank() != 4 || shape[0] != shape[1])
    throw Error(ErrorCode::kUnsupported, "constraint",
                fmt::format("RadialConstraint needs a square kernel, found {}", shape.to_string()));
  const int64_t side = shape[0], n = shape[2] * shape[3], start = side / 2, is_odd = side % 2;
  const std::vector<float> old(values.begin(), values.end());
  for (int64_t row = 0; row < side; ++row) {
    for (int64_t column = 0; column < side; ++column) {
      const auto distance = [&](int64_t i) { return i < start ? start - i - (is_odd == 1 ? 0 : 1) : i - start; };
      const int64_t ring = std::max(distance(row), distance(column));
      const int64_t from = ring == 0 ? std::max<int64_t>(start - 1, 0) : start + ring - is_odd;
      std::copy_n(old.begin() + (from * side + from) * n, n, values.begin() + (row * side + column) * n);
    }
  }
}

}  // namespace

Constraint::Constraint(const Json& json) {
  const Json config = json.is_object() && json.contains("config") ? json.at("config")
                      : json.is_object()                          ? json
                                                                  : Json::object();
  const std::string name = spelled(json);
  axes_ = axes_in(config);
  if (name == "maxnorm") {
    kind_ = Kind::kMaxNorm;
    high_ = number_in(config, {"max_value", "m"}, 2);
  } else if (name == "nonneg") {
    kind_ = Kind::kNonNegative;
  } else if (name == "unitnorm") {
    kind_ = Kind::kUnitNorm;
  } else if (name == "minmaxnorm") {
    kind_ = Kind::kMinMaxNorm;
    low_ = number_in(config, {"min_value", "low"}, 0);
    high_ = number_in(config, {"max_value", "high"}, 1);
    rate_ = number_in(config, {"rate"}, 1);
  } else if (name == "radialconstraint") {
    kind_ = Kind::kRadial;
  } else {
    throw Error(
        ErrorCode::kUnsupported, "constraint",
        fmt::format("`{}` is not known: training knows MaxNorm, NonNeg, UnitNorm, MinMaxNorm and RadialConstraint",
                    json.dump()));
  }
}

void Constraint::apply(const Shape& shape, std::span<float> values) const {
  if (kind_ == Kind::kRadial) return make_radial(shape, values);
  if (kind_ == Kind::kNonNegative) {
    for (float& x : values) x = x >= 0 ? x : 0;
    return;
  }
  const Slices slices(shape, axes_);
  std::vector<double> factors(static_cast<size_t>(slices.n()), 0);
  for (size_t i = 0; i < values.size(); ++i)
    factors[static_cast<size_t>(slices.of(static_cast<int64_t>(i)))] += static_cast<double>(values[i]) * values[i];
  for (double& factor : factors) {
    const double norm = std::sqrt(factor);
    double wanted = 1;
    if (kind_ == Kind::kMaxNorm) wanted = std::clamp(norm, 0.0, high_);
    if (kind_ == Kind::kMinMaxNorm) wanted = rate_ * std::clamp(norm, low_, high_) + (1 - rate_) * norm;
    factor = wanted / (kEpsilon + norm);
  }
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(values[i] * factors[static_cast<size_t>(slices.of(static_cast<int64_t>(i)))]);
}

}  // namespace hoarfrost::training
