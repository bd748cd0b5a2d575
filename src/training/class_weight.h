// Keras' class_weight: what an example of a class counts in the loss.
#pragma once

#include <hoarfrost/tensor.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace hoarfrost::training {

class ClassWeight {
 public:
  ClassWeight() = default;  // every example counts 1
  // "0:1,1:2.5" or JSON ({"0": 1, "1": 2.5}, or a list). As Keras 2.15, it must name all classes. Throws
  // Error{kInvalidArgument} saying which class is missing, unknown or not a number of 0 or more. n_classes 0: not
  // known, then the classes are 0 … the last one named.
  static ClassWeight parse(std::string_view text, int64_t n_classes);
  [[nodiscard]] bool empty() const { return weights_.empty(); }
  [[nodiscard]] const std::vector<float>& weights() const { return weights_; }
  // Of each row of y, as Examples::gather gives it: class numbers [n] or [n, 1], or rows [n, classes] whose largest
  // value says the class (Keras' _make_class_weight_map_fn). Throws Error{kMismatch} for targets that are no classes.
  [[nodiscard]] std::vector<float> of(const Tensor& y) const;

 private:
  std::vector<float> weights_;  // by class
};

}  // namespace hoarfrost::training
