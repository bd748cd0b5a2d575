// What a model is trained on: examples at random access, so that they can be shuffled.
#pragma once

#include <hoarfrost/tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace hoarfrost::training {

class Examples {
 public:
  virtual ~Examples() = default;
  [[nodiscard]] virtual int64_t size() const = 0;
  // Of one example, without the batch, in the order of the model's inputs and outputs. Classes as numbers have the shape [].
  [[nodiscard]] virtual const std::vector<Shape>& x_shapes() const = 0;
  [[nodiscard]] virtual const std::vector<Shape>& y_shapes() const = 0;
  // Examples indices[i] into row i of each x [n, …] and y [n, …], which are there already and have the model's types; y is
  // float32. `seed` is that of the step: what augmentation draws for a row depends on it and the row alone. Reentrant.
  virtual void gather(std::span<const int64_t> indices, uint64_t seed, std::span<Tensor> x, std::span<Tensor> y) const = 0;
};

}  // namespace hoarfrost::training
