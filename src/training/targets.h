// What an output of the model should have given for each example, held as compactly as it comes.
#pragma once

#include <hoarfrost/examples.h>
#include <hoarfrost/tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hoarfrost::training {

class Targets {
 public:
  // raw: one example's labels as the data has them; where begins the text of errors. Throws Error{kMismatch} naming
  // both shapes when they cannot become what the output wants.
  Targets(const TargetFormat& wanted, const Shape& raw, const std::string& where);

  // The next ones, [n, …]. place names example i of all. Throws Error{kCorrupt} for what is no class number of the
  // output, or no one-hot row, and for values that are not finite.
  void append(const Tensor& y, const std::function<std::string(int64_t)>& place);
  // Of one, as write() gives it.
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] bool are_classes() const { return form_ != Form::kValues; }
  // shape().n_elements() values.
  void write(int64_t i, float* target) const;
  [[nodiscard]] uint64_t n_bytes() const { return values_.size() * sizeof(float) + classes_.size() * sizeof(int32_t); }

 private:
  // Values as they are; class numbers as they are, made one-hot, or made from one-hot rows.
  enum class Form { kValues, kClasses, kOneHot, kFromOneHot };
  void choose_form(const Shape& wanted, Labels labels, const Shape& raw, const std::string& where);

  Form form_ = Form::kValues;
  Shape shape_;
  int64_t n_classes_ = 0;  // 0: not known
  int64_t n_in_ = 1;       // numbers of one example, as the data has them
  int64_t n_held_ = 1;     // as they are held
  int64_t n_ = 0;
  std::vector<float> values_;
  std::vector<int32_t> classes_;
};

}  // namespace hoarfrost::training
