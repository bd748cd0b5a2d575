#include "keras/transposed_convolution.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "keras/convolution.h"

namespace hoarfrost::keras {
namespace {

// deconv_output_length: size · stride + this. Without output_padding, `same` gives exactly size · stride, and `valid`
// what the last window needs.
int64_t added_length(const TransposedConvolution& c, size_t axis) {
  const int64_t extent = c.window.extent(axis);
  const int64_t stride = c.window.strides[axis];
  const bool is_same = c.window.padding == Padding::kSame;
  if (!c.output_padding) return is_same ? 0 : std::max<int64_t>(extent - stride, 0);
  return extent - stride - (is_same ? 2 * (extent / 2) : 0) + (*c.output_padding)[axis];
}

Shape space_of(const TransposedConvolution& c, const Shape& in) {
  expect_rank(in, static_cast<int>(c.window.rank()) + 2);
  Shape out = in;
  out[-1] = c.filters;
  for (size_t axis = 0; axis < c.window.rank(); ++axis) {
    int64_t& size = out[static_cast<int>(axis) + 1];
    if (size < 0) continue;
    const int64_t input_size = size;
    size = c.output_size.empty() ? size * c.window.strides[axis] + added_length(c, axis) : c.output_size[axis];
    // The convolution that this one transposes must lead back, or TensorFlow refuses to run it.
    const int64_t room = c.window.padding == Padding::kSame ? size : size - c.window.extent(axis) + 1;
    if (room < 1 || (room + c.window.strides[axis] - 1) / c.window.strides[axis] != input_size) {
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("the output has {} elements along axis {}, from which no convolution leads back to {}",
                              size, axis + 1, input_size));
    }
  }
  return out;
}

// The output's shape for the op: constants, and the batch and what else is unknown from x's own shape.
Value output_sizes(const TransposedConvolution& c, Lowering& lowering, const Value& x, const Shape& out) {
  std::vector<int64_t> sizes = out.sizes();
  if (sizes.size() == 3) sizes.insert(sizes.begin() + 1, 1);  // [batch, 1, time, filters]
  if (out.is_static()) return lowering.ints("stack", sizes);
  const Value shape =
      lowering.raw_op("Shape", "Shape", {x}, DType::kInt32, {{"T", x.dtype}, {"out_type", DType::kInt32}});
  const auto size_of_x = [&](int64_t axis) {
    return lowering.raw_op(
        "strided_slice", "StridedSlice",
        {shape, lowering.ints("strided_slice/stack", {axis}), lowering.ints("strided_slice/stack_1", {axis + 1}),
         lowering.ints("strided_slice/stack_2", {1})},
        DType::kInt32,
        {{"T", DType::kInt32},
         {"Index", DType::kInt32},
         {"shrink_axis_mask", int64_t{1}},
         {"begin_mask", int64_t{0}},
         {"end_mask", int64_t{0}},
         {"ellipsis_mask", int64_t{0}},
         {"new_axis_mask", int64_t{0}}});
  };
  std::vector<Value> stack;
  for (int axis = 0; axis < out.rank(); ++axis) {
    if (axis == 1 && out.rank() == 3) stack.push_back(lowering.int_scalar("stack/1", 1));
    if (out[axis] >= 0) {
      stack.push_back(lowering.int_scalar(fmt::format("stack/{}", stack.size()), out[axis]));
      continue;
    }
    Value size = size_of_x(axis);
    if (axis > 0) {
      const auto spatial = static_cast<size_t>(axis) - 1;
      size = lowering.named_op("mul", "Mul", {size, lowering.int_scalar("mul/y", c.window.strides[spatial])});
      if (const int64_t more = added_length(c, spatial); more != 0)
        size = lowering.named_op("add", "Add", {size, lowering.int_scalar("add/y", more)});
    }
    stack.push_back(size);
  }
  return lowering.raw_op("stack", "Pack", stack, DType::kInt32,
                         {{"T", DType::kInt32}, {"N", static_cast<int64_t>(stack.size())}, {"axis", int64_t{0}}});
}

// The kernel with dilation − 1 zeros between its elements along that axis of it. TensorFlow's own kernels of a
// transposed convolution take no dilations on a CPU.
Value dilated(Lowering& lowering, const Value& kernel, int axis, int64_t dilation) {
  const std::vector<int64_t>& sizes = kernel.shape.sizes();
  const int64_t outer = std::accumulate(sizes.begin(), sizes.begin() + axis, int64_t{1}, std::multiplies<>());
  const int64_t inner = std::accumulate(sizes.begin() + axis + 1, sizes.end(), int64_t{1}, std::multiplies<>());
  Shape shape = kernel.shape;
  shape[axis] = (sizes[static_cast<size_t>(axis)] - 1) * dilation + 1;
  const Attributes types{{"T", kernel.dtype}, {"Tshape", DType::kInt32}};
  const auto reshape = [&](const Value& x, const std::vector<int64_t>& to) {
    return lowering.raw_op("dilate/Reshape", "Reshape", {x, lowering.ints("dilate/Reshape/shape", to)}, x.dtype, types);
  };
  const Value apart = reshape(kernel, {outer, sizes[static_cast<size_t>(axis)], 1, inner});
  const Tensor widths =
      Tensor::vector(std::vector<int32_t>{0, 0, 0, 0, 0, static_cast<int32_t>(dilation) - 1, 0, 0}).reshaped({4, 2});
  Value x = lowering.raw_op("dilate/Pad", "Pad", {apart, lowering.constant("dilate/Pad/paddings", widths)},
                            kernel.dtype, {{"T", kernel.dtype}, {"Tpaddings", DType::kInt32}});
  x = reshape(x, {outer, sizes[static_cast<size_t>(axis)] * dilation, inner});
  x = lowering.raw_op("dilate/Slice", "Slice",
                      {x, lowering.ints("dilate/Slice/begin", {0, 0, 0}),
                       lowering.ints("dilate/Slice/size", {outer, shape[axis], inner})},
                      kernel.dtype, {{"T", kernel.dtype}, {"Index", DType::kInt32}});
  x = reshape(x, shape.sizes());
  x.shape = shape;
  return x;
}

// [batch, space…, filters].
std::vector<int64_t> output_size(const Config& config, size_t rank) {
  if (config.find({"output_shape"}) == nullptr) return {};
  const Shape shape = config.get_shape({"output_shape"});
  if (shape.rank() != static_cast<int>(rank) + 2)
    config.fail(fmt::format("`output_shape` must have {} sizes, found {}", rank + 2, shape.to_string()));
  std::vector<int64_t> result(shape.sizes().begin() + 1, shape.sizes().end() - 1);
  for (const int64_t size : result) {
    if (size < 1) config.unsupported("`output_shape` with unknown sizes");
  }
  return result;
}

}  // namespace

TransposedConvolution parse_transposed(const Config& config, size_t rank) {
  if (config.get_int({"groups"}, 1) != 1)
    config.unsupported("transposed convolutions in groups are not converted, in Keras neither");
  TransposedConvolution c{
      config.get_int({"filters", "nb_filter"}),    parse_kernel(config, rank), {}, output_size(config, rank),
      config.get_bool({"use_bias", "bias"}, true), Activation::parse(config)};
  if (config.find({"output_padding"}) != nullptr) c.output_padding = config.get_ints({"output_padding"}, rank);
  if (c.filters < 1) config.fail("`filters` must be 1 or more");
  if (c.window.padding == Padding::kCausal) config.fail("padding must be valid or same, found causal");
  return c;
}

Shapes infer_transposed(const TransposedConvolution& c, const Shapes& in) {
  expect_inputs(in, 1);
  return {c.activation.infer(space_of(c, in[0]))};
}

std::vector<WeightSpec> transposed_weights(const TransposedConvolution& c, const Shapes& in) {
  Shape kernel(c.window.size);
  kernel.push_back(c.filters);
  kernel.push_back(in.at(0).last());
  std::vector<WeightSpec> result{{"kernel", kernel}};
  if (c.use_bias) result.push_back({"bias", {c.filters}});
  return result;
}

Values lower_transposed(const TransposedConvolution& c, std::string_view name, Lowering& lowering, const Values& in) {
  const bool is_sequence = c.window.rank() == 1;
  const Value sizes = output_sizes(c, lowering, in[0], space_of(c, in[0].shape));
  Value x = in[0];
  Value kernel = lowering.weight(0);
  for (size_t axis = 0; axis < c.window.rank(); ++axis) {
    if (c.window.dilation[axis] > 1 && c.window.size[axis] > 1)
      kernel = dilated(lowering, kernel, static_cast<int>(axis), c.window.dilation[axis]);
  }
  std::vector<int64_t> strides{1};
  if (is_sequence) {
    x = expand_dims(lowering, fmt::format("{}/ExpandDims", name), x, 1);
    kernel = expand_dims(lowering, fmt::format("{}/ExpandDims_1", name), kernel, 0);
    strides.push_back(c.window.strides[0]);  // over the one row there is, TensorFlow wants the same stride
  }
  strides.insert(strides.end(), c.window.strides.begin(), c.window.strides.end());
  strides.push_back(1);
  const bool is_volume = c.window.rank() == 3;
  Value y =
      lowering.raw_op(name, is_volume ? "Conv3DBackpropInputV2" : "Conv2DBackpropInput", {sizes, kernel, x}, x.dtype,
                      {{"T", x.dtype},
                       {"strides", strides},
                       {"padding", c.window.tensorflow_padding()},
                       {"data_format", std::string(is_volume ? "NDHWC" : "NHWC")}});
  if (is_sequence) y = squeeze(lowering, fmt::format("{}/Squeeze", name), y, 1);
  if (c.use_bias) y = bias_add(lowering, y, lowering.weight(1));
  y.shape = space_of(c, in[0].shape);
  return {c.activation.lower(lowering, y)};
}

Formulas transposed_reference(const TransposedConvolution& c, const Arrays& weights, const Arrays& in) {
  const Shape out = space_of(c, in[0].shape());
  const int64_t depth = in[0].shape().last();
  const auto at = [=, window = c.window, filters = c.filters, use_bias = c.use_bias, x = in[0]](const Index& o) {
    const Shape cells(window.size);
    double sum = use_bias ? weights[1].at_offset(o[-1]) : 0;
    for (int64_t cell = 0; cell < cells.n_elements(); ++cell) {
      const Index k = Index::at_offset(cells, cell);
      Index position = o.with(-1, 0);
      bool is_met = true;
      for (int axis = 0; axis < cells.rank() && is_met; ++axis) {
        const auto spatial = static_cast<size_t>(axis);
        const int64_t steps =
            o[axis + 1] + zeros_around(window, spatial, out[axis + 1]).first - k[axis] * window.dilation[spatial];
        position[axis + 1] = steps / window.strides[spatial];
        is_met = steps >= 0 && steps % window.strides[spatial] == 0 && position[axis + 1] < x.size(axis + 1);
      }
      if (!is_met) continue;
      const int64_t x_at = position.offset(x.shape());
      const int64_t kernel_at = (cell * filters + o[-1]) * depth;
      for (int64_t channel = 0; channel < depth; ++channel)
        sum += x.at_offset(x_at + channel) * weights[0].at_offset(kernel_at + channel);
    }
    return sum;
  };
  return {c.activation.reference({out, at, static_cast<double>(c.window.n_cells() * depth)})};
}

}  // namespace hoarfrost::keras
