#include "training/targets.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

namespace hoarfrost::training {
namespace {

std::vector<int64_t> sizes_without_ones(const Shape& shape) {
  std::vector<int64_t> sizes;
  std::ranges::copy_if(shape.sizes(), std::back_inserter(sizes), [](int64_t size) { return size != 1; });
  return sizes;
}

// The same but for axes of size 1 (Keras lets [n] meet [n, 1]); unknown sizes are taken as they come.
bool meets(const Shape& raw, const Shape& wanted) {
  if (!wanted.has_rank()) return true;
  const auto equal = [](int64_t a, int64_t b) { return b == kUnknown || a == b; };
  if (std::ranges::equal(raw.sizes(), wanted.sizes(), equal)) return true;
  return wanted.is_static() && sizes_without_ones(raw) == sizes_without_ones(wanted);
}

Shape without_last(const Shape& shape) {
  std::vector<int64_t> sizes = shape.sizes();
  if (!sizes.empty()) sizes.pop_back();
  return Shape(std::move(sizes));
}

// The raw sizes where the wanted ones are open.
Shape filled(const Shape& wanted, const Shape& raw) { return wanted.has_rank() && wanted.is_static() ? wanted : raw; }

int64_t class_of(double value, int64_t n_classes, const std::string& place) {
  const bool is_whole = value == std::floor(value) && std::abs(value) < 1e9;
  if (is_whole && value >= 0 && (n_classes == 0 || value < static_cast<double>(n_classes)))
    return static_cast<int64_t>(value);
  throw Error(ErrorCode::kCorrupt, place,
              n_classes == 0 ? fmt::format("expected a class number of 0 or more, found {}", value)
                             : fmt::format("expected a class number of 0 to {}, found {}", n_classes - 1, value));
}

}  // namespace

Targets::Targets(const TargetFormat& wanted, const Shape& raw, const std::string& where) {
  choose_form(wanted.shape, wanted.labels, raw, where);
  n_in_ = raw.n_elements();
  n_held_ = form_ == Form::kFromOneHot ? n_in_ / std::max<int64_t>(n_classes_, 1) : n_in_;
}

void Targets::choose_form(const Shape& wanted, Labels labels, const Shape& raw, const std::string& where) {
  const bool has_classes = wanted.has_rank() && wanted.rank() > 0;
  const Shape numbers = has_classes ? without_last(wanted) : wanted;
  n_classes_ = has_classes && wanted.last() != kUnknown ? wanted.last() : 0;
  if (labels == Labels::kSparse && meets(raw, numbers)) {
    form_ = Form::kClasses;
    shape_ = filled(numbers, raw);
  } else if (labels == Labels::kSparse && n_classes_ > 1 && meets(raw, wanted)) {
    form_ = Form::kFromOneHot;
    shape_ = filled(numbers, without_last(raw));
  } else if (labels == Labels::kDense && meets(raw, wanted)) {
    form_ = Form::kValues;
    shape_ = filled(wanted, raw);
  } else if (labels == Labels::kDense && n_classes_ > 1 && meets(raw, numbers)) {
    form_ = Form::kOneHot;
    shape_ = filled(numbers, raw);
    shape_.push_back(n_classes_);
  } else {
    throw Error(
        ErrorCode::kMismatch, where,
        fmt::format("expected labels {}{} for each example, as the model's output {} wants them, found {}",
                    labels == Labels::kSparse ? numbers.to_string() : wanted.to_string(),
                    n_classes_ > 1 ? fmt::format(", class numbers {} or one-hot rows", numbers.to_string()) : "",
                    wanted.to_string(), raw.to_string()));
  }
}

void Targets::append(const Tensor& y, const std::function<std::string(int64_t)>& place) {
  const Reader reader(y);
  const int64_t n = y.shape()[0];
  for (int64_t i = 0; i < n; ++i, ++n_) {
    for (int64_t k = 0; k < n_in_; k += form_ == Form::kFromOneHot ? n_classes_ : 1) {
      const int64_t at = i * n_in_ + k;
      if (form_ == Form::kValues) {
        const double value = reader[at];
        if (!std::isfinite(value))
          throw Error(ErrorCode::kCorrupt, place(n_), fmt::format("expected numbers as labels, found {}", value));
        values_.push_back(static_cast<float>(value));
      } else if (form_ == Form::kFromOneHot) {
        int64_t found = -1;
        for (int64_t c = 0; c < n_classes_; ++c) {
          const double value = reader[at + c];
          if (value == 1 && found < 0)
            found = c;
          else if (value != 0)
            throw Error(ErrorCode::kCorrupt, place(n_), "expected a one-hot row: a single 1 among zeros");
        }
        if (found < 0) throw Error(ErrorCode::kCorrupt, place(n_), "expected a one-hot row: a single 1 among zeros");
        classes_.push_back(static_cast<int32_t>(found));
      } else {
        const double value = reader[at];
        const bool is_plain = value >= 0 && value < static_cast<double>(n_classes_) && value == std::floor(value);
        classes_.push_back(
            static_cast<int32_t>(is_plain ? static_cast<int64_t>(value) : class_of(value, n_classes_, place(n_))));
      }
    }
  }
}

void Targets::write(int64_t i, float* target) const {
  const auto first = static_cast<size_t>(i * n_held_);
  const auto n = static_cast<size_t>(n_held_);
  if (form_ == Form::kValues) {
    std::copy_n(values_.data() + first, n, target);
  } else if (form_ == Form::kOneHot) {
    std::fill_n(target, n_held_ * n_classes_, 0.0F);
    for (size_t k = 0; k < n; ++k) target[static_cast<int64_t>(k) * n_classes_ + classes_[first + k]] = 1;
  } else {
    std::copy_n(classes_.data() + first, n, target);
  }
}

}  // namespace hoarfrost::training
