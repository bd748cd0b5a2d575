// Examples in memory: inputs as the data has them, made ready each time they are asked for.
#pragma once

#include <hoarfrost/examples.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/transform.h"
#include "training/targets.h"

namespace hoarfrost::training {

// One input of all examples, in blocks of rows. A block whose values are all 0, 1, … 255 is held in bytes, whatever
// type it came in; what becomes of them is the same.
class HeldInput {
 public:
  explicit HeldInput(data::Transform transform);
  // As Transform::keep gives them: n_block_rows() of them, fewer only at the end.
  void append(const Tensor& kept);
  [[nodiscard]] int64_t n_block_rows() const { return n_block_rows_; }
  [[nodiscard]] const data::Transform& transform() const { return transform_; }
  [[nodiscard]] int64_t n_rows() const { return n_rows_; }
  [[nodiscard]] uint64_t n_bytes() const { return n_bytes_; }
  [[nodiscard]] bool are_pictures() const { return transform_.extent()[0] > 0; }
  // Row i as the graph takes it.
  void write(int64_t i, std::byte* target) const { transform_.finish(block_of(i), i % n_block_rows_, target); }
  // The picture of row i, channels last and not yet scaled.
  void pixels(int64_t i, float* target) const { transform_.pixels(block_of(i), i % n_block_rows_, target); }

 private:
  [[nodiscard]] const Tensor& block_of(int64_t i) const { return blocks_[static_cast<size_t>(i / n_block_rows_)]; }

  data::Transform transform_;
  int64_t n_block_rows_ = 1;
  std::vector<Tensor> blocks_;
  int64_t n_rows_ = 0;
  uint64_t n_bytes_ = 0;
};

struct Held {
  std::vector<HeldInput> inputs;
  std::vector<Targets> targets;
};

// Examples first … first + n - 1 of what is held. Copies are views of the same memory.
class HeldExamples final : public Examples {
 public:
  HeldExamples(std::shared_ptr<const Held> held, int64_t first, int64_t n);
  [[nodiscard]] int64_t size() const override { return n_; }
  [[nodiscard]] const std::vector<Shape>& x_shapes() const override { return x_shapes_; }
  [[nodiscard]] const std::vector<Shape>& y_shapes() const override { return y_shapes_; }
  void gather(std::span<const int64_t> indices, uint64_t seed, std::span<Tensor> x, std::span<Tensor> y) const override;

  // Throws Error{kInvalidArgument} outside the set.
  [[nodiscard]] HeldExamples part(int64_t first, int64_t n) const;
  // Throws Error{kMismatch} when the input is no picture.
  [[nodiscard]] HeldExamples changed_by(const Augmentation& augmentation) const;

 private:
  void write_input(const HeldInput& input, int64_t i, uint64_t seed, int64_t row, std::byte* target) const;

  std::shared_ptr<const Held> held_;
  int64_t first_;
  int64_t n_;
  std::optional<Augmentation> augmentation_;
  std::vector<Shape> x_shapes_;
  std::vector<Shape> y_shapes_;
};

}  // namespace hoarfrost::training
