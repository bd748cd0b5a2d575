#include "training/held_examples.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "runtime/parallel.h"
#include "training/augment_picture.h"

namespace hoarfrost::training {
namespace {

constexpr int64_t kBlockBytes = 4 << 20;  // of values, before any become bytes
constexpr int64_t kMostBlockRows = 4096;

// The same values as bytes, when they all are.
Tensor in_bytes(const Tensor& values) {
  if (values.dtype() != DType::kFloat32) return values;
  const auto from = values.values<float>();
  Tensor bytes(DType::kUInt8, values.shape());
  uint8_t* to = bytes.mutable_values<uint8_t>().data();
  for (size_t i = 0; i < from.size(); ++i) {
    if (!(from[i] >= 0 && from[i] <= 255)) return values;
    to[i] = static_cast<uint8_t>(from[i]);
    if (static_cast<float>(to[i]) != from[i]) return values;
  }
  return bytes;
}

Shape as_batch(const Shape& example, int64_t n) {
  Shape shape{n};
  for (const int64_t size : example.sizes()) shape.push_back(size);
  return shape;
}

void expect_place(std::span<Tensor> tensors, const std::vector<Shape>& shapes, int64_t n, std::string_view what) {
  if (tensors.size() != shapes.size())
    throw Error(ErrorCode::kInvalidArgument, what,
                fmt::format("expected {} tensors, found {}", shapes.size(), tensors.size()));
  for (size_t i = 0; i < shapes.size(); ++i) {
    if (tensors[i].n_elements() == n * shapes[i].n_elements()) continue;
    throw Error(ErrorCode::kInvalidArgument, fmt::format("{} {}", what, i),
                fmt::format("expected a tensor {}, found {}", as_batch(shapes[i], n).to_string(),
                            tensors[i].shape().to_string()));
  }
}

}  // namespace

HeldInput::HeldInput(data::Transform transform) : transform_(std::move(transform)) {
  const int64_t n_row_bytes = std::max<int64_t>(transform_.format().shape.n_elements(), 1) * int64_t{sizeof(float)};
  n_block_rows_ = std::clamp<int64_t>(kBlockBytes / n_row_bytes, 1, kMostBlockRows);
}

void HeldInput::append(const Tensor& kept) {
  blocks_.push_back(in_bytes(kept));
  (void)blocks_.back().bytes();  // a view of a file is mapped now, by one thread
  n_rows_ += kept.shape()[0];
  n_bytes_ += blocks_.back().n_bytes();
}

HeldExamples::HeldExamples(std::shared_ptr<const Held> held, int64_t first, int64_t n)
    : held_(std::move(held)), first_(first), n_(n) {
  for (const HeldInput& input : held_->inputs) x_shapes_.push_back(input.transform().format().shape);
  for (const Targets& targets : held_->targets) y_shapes_.push_back(targets.shape());
}

void HeldExamples::write_input(const HeldInput& input, int64_t i, uint64_t seed, int64_t row, std::byte* target) const {
  if (!augmentation_) return input.write(i, target);
  const data::Extent extent = input.transform().extent();
  const PictureSize size{extent[0], extent[1], input.transform().n_channels()};
  thread_local std::vector<float> picture, spare;
  picture.resize(static_cast<size_t>(size.n_values()));
  input.pixels(i, picture.data());
  change_picture(*augmentation_, draw_change(*augmentation_, size, seed, row), size, picture.data(), spare);
  input.transform().finish(picture.data(), target);
}

void HeldExamples::gather(std::span<const int64_t> indices, uint64_t seed, std::span<Tensor> x,
                          std::span<Tensor> y) const {
  const auto n = static_cast<int64_t>(indices.size());
  expect_place(x, x_shapes_, n, "input");
  expect_place(y, y_shapes_, n, "target");
  struct Column {
    std::byte* target;
    size_t n_row_bytes;
  };
  std::vector<Column> inputs, targets;
  size_t n_bytes = 0;
  const auto add = [&](std::vector<Column>& columns, Tensor& tensor) {
    n_bytes += tensor.n_bytes();
    columns.push_back({tensor.mutable_bytes().data(), n == 0 ? 0 : tensor.n_bytes() / indices.size()});
  };
  for (Tensor& tensor : x) add(inputs, tensor);
  for (Tensor& tensor : y) add(targets, tensor);
  runtime::parallel_parts(n, static_cast<int64_t>(n_bytes), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t i = first_ + indices[static_cast<size_t>(row)];
      const auto at = static_cast<size_t>(row);
      for (size_t k = 0; k < inputs.size(); ++k)
        write_input(held_->inputs[k], i, seed, row, inputs[k].target + at * inputs[k].n_row_bytes);
      for (size_t k = 0; k < targets.size(); ++k)
        held_->targets[k].write(i, reinterpret_cast<float*>(targets[k].target + at * targets[k].n_row_bytes));
    }
  });
}

HeldExamples HeldExamples::part(int64_t first, int64_t n) const {
  if (first < 0 || n < 0 || first > n_ || n > n_ - first)
    throw Error(ErrorCode::kInvalidArgument, "",
                fmt::format("expected a part of {} examples, found {} from {} on", n_, n, first));
  HeldExamples result = *this;
  result.first_ += first;
  result.n_ = n;
  return result;
}

HeldExamples HeldExamples::changed_by(const Augmentation& augmentation) const {
  HeldExamples result = *this;
  if (augmentation.is_none()) return result;
  const HeldInput& input = held_->inputs[0];
  if (held_->inputs.size() != 1 || !input.are_pictures()) {
    throw Error(
        ErrorCode::kMismatch, "",
        fmt::format("expected pictures [height, width, channels] to change at random ({}), found {}",
                    augmentation.to_string(),
                    held_->inputs.size() == 1 ? "examples " + x_shapes_[0].to_string() : "a model of several inputs"));
  }
  result.augmentation_ = augmentation;
  return result;
}

}  // namespace hoarfrost::training
