// Examples that are arrays in memory.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/examples.h>

#include <cstring>

namespace hoarfrost::training {
namespace {

// Without the batch.
Shape shape_of_row(const Tensor& array) {
  return Shape(std::vector<int64_t>(array.shape().sizes().begin() + 1, array.shape().sizes().end()));
}

class ArrayExamples final : public Examples {
 public:
  ArrayExamples(std::vector<Tensor> x, std::vector<Tensor> y) : x_(std::move(x)), y_(std::move(y)) {
    for (const Tensor& array : x_) x_shapes_.push_back(shape_of_row(array));
    for (Tensor& array : y_) {
      if (array.dtype() != DType::kFloat32) array = array.cast(DType::kFloat32);
      y_shapes_.push_back(shape_of_row(array));
    }
  }
  [[nodiscard]] int64_t size() const override { return x_.front().shape()[0]; }
  [[nodiscard]] const std::vector<Shape>& x_shapes() const override { return x_shapes_; }
  [[nodiscard]] const std::vector<Shape>& y_shapes() const override { return y_shapes_; }
  void gather(std::span<const int64_t> indices, uint64_t, std::span<Tensor> x, std::span<Tensor> y) const override {
    for (size_t i = 0; i < x_.size(); ++i) copy_rows(x_[i], indices, x[i]);
    for (size_t i = 0; i < y_.size(); ++i) copy_rows(y_[i], indices, y[i]);
  }

 private:
  static void copy_rows(const Tensor& from, std::span<const int64_t> indices, Tensor& to) {
    if (to.dtype() != from.dtype()) {
      throw Error(ErrorCode::kMismatch, "examples",
                  fmt::format("the model takes {}, the array holds {}: cast it", dtype_name(to.dtype()),
                              dtype_name(from.dtype())));
    }
    const size_t n_bytes = from.n_bytes() / static_cast<size_t>(from.shape()[0]);
    std::byte* target = to.mutable_bytes().data();
    for (const int64_t index : indices) {
      std::memcpy(target, from.bytes().data() + static_cast<size_t>(index) * n_bytes, n_bytes);
      target += n_bytes;
    }
  }

  std::vector<Tensor> x_, y_;
  std::vector<Shape> x_shapes_, y_shapes_;
};

}  // namespace

std::shared_ptr<const Examples> examples_of(std::vector<Tensor> x, std::vector<Tensor> y) {
  int64_t n = -1;
  for (const auto* arrays : {&x, &y}) {
    for (const Tensor& array : *arrays) {
      if (array.shape().rank() == 0 || array.shape()[0] == 0)
        throw Error(ErrorCode::kMismatch, "examples",
                    fmt::format("expected [n, …], found {}", array.shape().to_string()));
      if (n >= 0 && array.shape()[0] != n)
        throw Error(ErrorCode::kMismatch, "examples",
                    fmt::format("arrays of {} and of {} examples", n, array.shape()[0]));
      n = array.shape()[0];
    }
  }
  if (x.empty() || y.empty())
    throw Error(ErrorCode::kMismatch, "examples", "expected an array for each input and each output of the model");
  return std::make_shared<ArrayExamples>(std::move(x), std::move(y));
}

}  // namespace hoarfrost::training
