// The meaning of a layer as mathematics says it: each element of an output as a function of its index, in double
// precision. verify plays it against the frozen graph, for all elements or for a sample. It shares no code with ops/ or
// runtime/.
#pragma once

#include <hoarfrost/tensor.h>

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hoarfrost::keras {

// A position in a tensor, outermost axis first. Up to 8 axes, on the stack.
class Index {
 public:
  Index() = default;
  Index(std::initializer_list<int64_t> positions) {
    for (const int64_t p : positions) positions_[static_cast<size_t>(rank_++)] = p;
  }
  [[nodiscard]] int rank() const { return rank_; }
  // axis may be negative, counted from the last.
  int64_t& operator[](int axis) { return positions_[static_cast<size_t>(axis < 0 ? axis + rank_ : axis)]; }
  int64_t operator[](int axis) const { return positions_[static_cast<size_t>(axis < 0 ? axis + rank_ : axis)]; }
  void push_back(int64_t position) { positions_[static_cast<size_t>(rank_++)] = position; }
  // This index with `position` in place of axis's.
  [[nodiscard]] Index with(int axis, int64_t position) const {
    Index copy = *this;
    copy[axis] = position;
    return copy;
  }
  // Row-major offset in a tensor of this shape, and back.
  [[nodiscard]] int64_t offset(const Shape& shape) const;
  static Index at_offset(const Shape& shape, int64_t offset);

 private:
  std::array<int64_t, 8> positions_{};
  int rank_ = 0;
};

struct Formula;

// A tensor read as doubles, whatever its type; one of strings has text() in place of numbers.
class Array {
 public:
  explicit Array(const Tensor& tensor);
  // The formula's elements, each computed when it is first asked for, and kept; perturbed as `like` is. For a layer
  // whose meaning is that of others: few elements of a large result need few of what it is made of. For one thread.
  static Array of(const Formula& formula, const Array& like);
  [[nodiscard]] const Shape& shape() const { return reader_->shape(); }
  [[nodiscard]] int64_t size(int axis) const { return shape()[axis]; }
  [[nodiscard]] DType dtype() const { return computed_ ? DType::kFloat64 : reader_->tensor().dtype(); }
  double operator[](const Index& index) const { return at_offset(index.offset(shape())); }
  // The element at this row-major offset.
  [[nodiscard]] double at_offset(int64_t offset) const {
    const double value = computed_ == nullptr ? (*reader_)[offset] : computed(offset);
    return perturbation_ == 0 ? value : perturbed(value, offset);
  }
  [[nodiscard]] bool is_text() const { return !strings_.empty(); }
  // The element of an array of strings. Throws Error{kInvalidArgument} for one of numbers, whose text this is not.
  [[nodiscard]] const std::string& text(const Index& index) const;
  // The same array with every value moved by a random part of it, at most `amount`: how far rounding may carry a
  // formula. Whole numbers stay as they are: they are indices, masks and exact zeros. Each read of a value moves it
  // anew, for each use of it is rounded: x less the mean of x alone is not exactly zero. The same seed moves alike
  // after restart_perturbations().
  [[nodiscard]] Array perturbed_by(double amount, uint64_t seed) const;
  static void restart_perturbations();  // in this thread
  // The elements with the axes in another order (NumPy's transpose: axis i of the result is order[i] of this), the mask
  // kept.
  [[nodiscard]] Array transposed(const std::vector<int64_t>& order) const;
  // The same elements in another shape, without the mask.
  [[nodiscard]] Array reshaped(const Shape& shape) const;
  // Keras' mask of this input ([batch, time], false where a step does not count), where it has one.
  std::shared_ptr<const Array> mask;

 private:
  struct Computed;
  [[nodiscard]] double perturbed(double value, int64_t offset) const;
  [[nodiscard]] double computed(int64_t offset) const;
  std::shared_ptr<const Reader> reader_;
  std::shared_ptr<Computed> computed_;  // of a formula; reader_ then sees zeros of its shape
  Tensor strings_;                      // of an array of strings; reader_ then sees zeros of its shape
  double perturbation_ = 0;
  uint64_t seed_ = 0;
};
using Arrays = std::vector<Array>;

struct Formula {
  Shape shape;
  std::function<double(const Index&)> at;
  double cost = 1;                                     // multiplications per element, for verify's budget
  std::function<std::string(const Index&)> text = {};  // of an output that is text, in place of `at`
};
using Formulas = std::vector<Formula>;

}  // namespace hoarfrost::keras
