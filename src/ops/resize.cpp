// ResizeBilinear and ResizeNearestNeighbor, images [N, H, W, C]. Where a source lies is computed in float32 exactly as
// TensorFlow 2.15 does (image_resizer_state.h, resize_bilinear_op.cc, resize_nearest_neighbor_op.cc), for it decides
// which pixels are read: 1.x's `align_corners`, 2.x's `half_pixel_centers`, or neither.
#include <cmath>

#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

struct Scale {
  bool align_corners, half_pixel_centers;
  explicit Scale(const Node& node)
      : align_corners(node.get_or<bool>("align_corners", false)),
        half_pixel_centers(node.get_or<bool>("half_pixel_centers", false)) {
    if (align_corners && half_pixel_centers)
      unsupported(node, "align_corners and half_pixel_centers exclude each other");
  }
  [[nodiscard]] float factor(int64_t in, int64_t out) const {
    if (align_corners && out > 1) return static_cast<float>(in - 1) / static_cast<float>(out - 1);
    return static_cast<float>(in) / static_cast<float>(out);
  }
};

template <bool is_bilinear>
std::vector<Known> infer_resize(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  (void)Scale(node);
  Shape shape = shape_of_rank(node, inputs, 0, 4);
  const auto sizes = partial_integers(node, inputs[1]);
  if (sizes && sizes->size() != 2) mismatch(node, "expected a size [height, width], found {} numbers", sizes->size());
  for (int i = 0; i < 2; ++i) {
    const int64_t in = shape[1 + i];
    shape[1 + i] = sizes ? (*sizes)[static_cast<size_t>(i)] : kUnknown;
    const bool is_told = !inputs[1].value.empty();
    if (is_told && shape[1 + i] < 1) mismatch(node, "expected an output of at least 1 pixel, found {}", shape[1 + i]);
    if (in == 0) mismatch(node, "expected an image of at least 1 pixel, found {}", inputs[0].shape.to_string());
  }
  return {of_type(is_bilinear ? DType::kFloat32 : inputs[0].dtype, shape)};
}

struct Sample {
  int64_t lower = 0, upper = 0;
  double weight = 0;  // of the upper one
};

std::vector<Sample> bilinear_samples(const Scale& scale, int64_t in, int64_t out) {
  const float factor = scale.factor(in, out);
  std::vector<Sample> samples(static_cast<size_t>(out));
  for (int64_t i = 0; i < out; ++i) {
    const auto x = static_cast<float>(i);
    const float at = scale.half_pixel_centers ? (x + 0.5f) * factor - 0.5f : x * factor;
    const float below = std::floor(at);
    samples[static_cast<size_t>(i)] = {std::max<int64_t>(static_cast<int64_t>(below), 0),
                                       std::min(static_cast<int64_t>(std::ceil(at)), in - 1),
                                       static_cast<double>(at - below)};
  }
  return samples;
}

std::vector<int64_t> nearest_samples(const Scale& scale, int64_t in, int64_t out) {
  const float factor = scale.factor(in, out);
  std::vector<int64_t> samples(static_cast<size_t>(out));
  for (int64_t i = 0; i < out; ++i) {
    const float at = (static_cast<float>(i) + (scale.half_pixel_centers ? 0.5f : 0.0f)) * factor;
    const float chosen = scale.align_corners ? std::round(at) : std::floor(at);
    samples[static_cast<size_t>(i)] = std::clamp<int64_t>(static_cast<int64_t>(chosen), 0, in - 1);
  }
  return samples;
}

std::vector<Tensor> resize_bilinear(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_resize<true>(node, known(inputs))[0]);
  const Tensor images = is_half(inputs[0].dtype()) ? inputs[0].cast(DType::kFloat32) : inputs[0];
  const Shape& in = images.shape();
  const Shape& out = output.shape();
  const auto rows = bilinear_samples(Scale(node), in[1], out[1]);
  const auto columns = bilinear_samples(Scale(node), in[2], out[2]);
  float* target = output.mutable_values<float>().data();
  with_numbers(node, images.dtype(), [&]<typename T>() {
    const T* source = images.values<T>().data();
    for (int64_t n = 0; n < in[0]; ++n, source += in[1] * in[2] * in[3]) {
      for (const Sample& row : rows) {
        for (const Sample& column : columns) {
          const auto at = [&](int64_t y, int64_t x, int64_t c) {
            return static_cast<double>(source[(y * in[2] + x) * in[3] + c]);
          };
          const auto blend = [&](int64_t y, int64_t c) {
            return at(y, column.lower, c) + (at(y, column.upper, c) - at(y, column.lower, c)) * column.weight;
          };
          for (int64_t c = 0; c < in[3]; ++c) {
            *target++ =
                static_cast<float>(blend(row.lower, c) + (blend(row.upper, c) - blend(row.lower, c)) * row.weight);
          }
        }
      }
    }
  });
  return {output};
}

std::vector<Tensor> resize_nearest(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_resize<false>(node, known(inputs))[0]);
  const Shape& in = inputs[0].shape();
  const Shape& out = output.shape();
  const auto rows = nearest_samples(Scale(node), in[1], out[1]);
  const auto columns = nearest_samples(Scale(node), in[2], out[2]);
  const int64_t pixel = in[3] * static_cast<int64_t>(dtype_size(output.dtype()));
  const std::byte* source = inputs[0].bytes().data();
  std::byte* target = output.mutable_bytes().data();
  for (int64_t n = 0; n < in[0]; ++n, source += in[1] * in[2] * pixel) {
    for (const int64_t row : rows) {
      for (const int64_t column : columns) target = std::copy_n(source + (row * in[2] + column) * pixel, pixel, target);
    }
  }
  return {output};
}

}  // namespace

std::span<const OpSpec> resize_ops() {
  static constexpr OpSpec kOps[] = {
      {"ResizeBilinear", infer_resize<true>, resize_bilinear},
      {"ResizeNearestNeighbor", infer_resize<false>, resize_nearest},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
