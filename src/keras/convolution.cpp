#include "keras/convolution.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/depthwise.h"

namespace hoarfrost::keras {

Convolution parse_convolution(const Config& config, size_t rank) {
  config.ignore({"input_dim", "input_length", "lora_rank", "lora_alpha", "quantization_config"});
  Convolution c{config.get_int({"filters", "nb_filter"}), parse_kernel(config, rank, {.theano = true}),
                config.get_int({"groups"}, 1), config.get_bool({"use_bias", "bias"}, true), Activation::parse(config)};
  if (c.filters < 1 || c.groups < 1 || c.filters % c.groups != 0) {
    config.fail(fmt::format("`filters` ({}) must be a positive multiple of `groups` ({})", c.filters, c.groups));
  }
  return c;
}

Shapes infer_convolution(const Convolution& c, const Shapes& in) {
  expect_inputs(in, 1);
  return {c.activation.infer(slide(c.window, in[0], c.filters))};
}

std::vector<WeightSpec> convolution_weights(const Convolution& c, const Shapes& in) {
  const int64_t channels = in.at(0).last();
  if (channels < 1 || channels % c.groups != 0) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("the input {} must have a known number of channels that {} groups divide",
                            in[0].to_string(), c.groups));
  }
  Shape kernel(c.window.size);
  kernel.push_back(channels / c.groups);
  kernel.push_back(c.filters);
  std::vector<WeightSpec> result{{"kernel", kernel}};
  if (c.use_bias) result.push_back({"bias", {c.filters}});
  return result;
}

Tensor pairs(const std::vector<std::pair<int64_t, int64_t>>& rows) {
  std::vector<int32_t> values;
  for (const auto& [first, second] : rows) {
    values.push_back(static_cast<int32_t>(first));
    values.push_back(static_cast<int32_t>(second));
  }
  return Tensor::of<int32_t>({static_cast<int64_t>(rows.size()), 2}, std::span<const int32_t>(values));
}

Value expand_dims(Lowering& lowering, std::string_view name, const Value& x, int64_t axis) {
  return lowering.named_op(name, "ExpandDims", {x, lowering.int_scalar(fmt::format("{}/dim", name), axis)},
                           {{"Tdim", DType::kInt32}});
}

Value squeeze(Lowering& lowering, std::string_view name, const Value& x, int64_t axis) {
  return lowering.named_op(name, "Squeeze", {x}, {{"squeeze_dims", std::vector<int64_t>{axis}}});
}

Value bias_add(Lowering& lowering, const Value& x, const Value& bias) {
  return lowering.op("BiasAdd", {x, bias}, {{"data_format", std::string("NHWC")}});
}

Value pad_ahead(Lowering& lowering, const Value& x, const Window& window, std::optional<float> value) {
  if (window.padding != Padding::kCausal && window.padding != Padding::kTheano) return x;
  std::vector<std::pair<int64_t, int64_t>> paddings{{0, 0}};
  Shape shape = x.shape;
  int64_t n = 0;
  for (size_t axis = 0; axis < window.rank(); ++axis) {
    paddings.push_back(zeros_around(window, axis, x.shape[static_cast<int>(axis) + 1]));
    const int64_t added = paddings.back().first + paddings.back().second;
    int64_t& size = shape[static_cast<int>(axis) + 1];
    if (size >= 0) size += added;
    n += added;
  }
  if (n == 0) return x;
  paddings.emplace_back(0, 0);
  const std::string op = value ? "PadV2" : "Pad";
  Values inputs{x, lowering.constant(op + "/paddings", pairs(paddings))};
  if (value) inputs.push_back(lowering.scalar(op + "/constant_values", *value, x));
  Value padded = lowering.op(op, inputs, {{"Tpaddings", DType::kInt32}});
  padded.shape = shape;
  return padded;
}

Value lower_dilated(Lowering& lowering, std::string_view name, const Value& x, const Window& window,
                    const Operation& operation) {
  if (!window.is_dilated()) return operation(x, window.tensorflow_padding());
  std::vector<std::pair<int64_t, int64_t>> paddings;
  std::vector<std::pair<int64_t, int64_t>> crops;
  for (size_t axis = 0; axis < window.rank(); ++axis) {
    const int64_t size = x.shape[static_cast<int>(axis) + 1];
    const int64_t block = window.dilation[axis];
    if (size < 0 && (block != 1 || window.padding == Padding::kSame)) {
      throw Error(ErrorCode::kUnsupported, lowering.scope(),
                  fmt::format("a dilated convolution needs to know its input's size, found {}; give --input-shape",
                              x.shape.to_string()));
    }
    // pad_ahead has put the other paddings' zeros in already.
    const auto [before, after] =
        window.padding == Padding::kSame ? zeros_around(window, axis, size) : std::pair<int64_t, int64_t>{0, 0};
    const int64_t rest = block == 1 ? 0 : (block - (size + before + after) % block) % block;
    paddings.emplace_back(before, after + rest);
    crops.emplace_back(0, rest);
  }
  const auto in_scope = [&](std::string_view part) { return fmt::format("{}/{}", name, part); };
  Value batch = lowering.named_op(in_scope("SpaceToBatchND"), "SpaceToBatchND",
                                  {x, lowering.ints(in_scope("SpaceToBatchND/block_shape"), window.dilation),
                                   lowering.constant(in_scope("SpaceToBatchND/paddings"), pairs(paddings))},
                                  {{"Tblock_shape", DType::kInt32}, {"Tpaddings", DType::kInt32}});
  const Value y = operation(batch, "VALID");
  return lowering.named_op(in_scope("BatchToSpaceND"), "BatchToSpaceND",
                           {y, lowering.ints(in_scope("BatchToSpaceND/block_shape"), window.dilation),
                            lowering.constant(in_scope("BatchToSpaceND/crops"), pairs(crops))},
                           {{"Tblock_shape", DType::kInt32}, {"Tcrops", DType::kInt32}});
}

Value lower_conv(Lowering& lowering, std::string_view name, const Value& x, const Value& kernel,
                 const std::vector<int64_t>& strides, const std::string& padding) {
  if (strides.size() == 1) {
    const Value rows = expand_dims(lowering, fmt::format("{}/ExpandDims", name), x, 1);
    const Value filter = expand_dims(lowering, fmt::format("{}/ExpandDims_1", name), kernel, 0);
    const Value y = lower_conv(lowering, name, rows, filter, {strides[0], strides[0]}, padding);
    return squeeze(lowering, fmt::format("{}/Squeeze", name), y, 1);
  }
  std::vector<int64_t> all{1};
  all.insert(all.end(), strides.begin(), strides.end());
  all.push_back(1);
  const bool is_volume = strides.size() == 3;
  return lowering.named_op(
      name, is_volume ? "Conv3D" : "Conv2D", {x, kernel},
      {{"strides", all}, {"padding", padding}, {"data_format", std::string(is_volume ? "NDHWC" : "NHWC")}});
}

namespace {

std::vector<Value> split(Lowering& lowering, const std::string& name, const Value& x, int64_t n) {
  const Value first = lowering.raw_op(name, "Split", {lowering.int_scalar(name + "/split_dim", -1), x}, x.dtype,
                                      {{"T", x.dtype}, {"num_split", n}});
  std::vector<Value> parts(static_cast<size_t>(n), first);
  for (size_t i = 0; i < parts.size(); ++i) parts[i].tensor.index = static_cast<int>(i);
  return parts;
}

// A group for each channel (ConvNeXt), in an image: what every TensorFlow has one operation for.
bool is_depthwise(const Convolution& c, const Shape& x) {
  return c.groups > 1 && c.groups == x.last() && c.window.size.size() == 2 &&
         c.window.strides[0] == c.window.strides[1];
}

Values finish(const Convolution& c, Lowering& lowering, const Shape& x, Value y) {
  if (c.use_bias) y = bias_add(lowering, y, lowering.weight(1));
  y.shape = slide(c.window, x, c.filters);
  return {c.activation.lower(lowering, y)};
}

}  // namespace

Values lower_convolution(const Convolution& c, std::string_view name, Lowering& lowering, const Values& in) {
  const Value x = pad_ahead(lowering, in[0], c.window);
  const Value kernel = lowering.weight(0);
  if (is_depthwise(c, in[0].shape)) {
    // [rows, columns, 1, channels · multiplier] in memory is [rows, columns, channels, multiplier].
    const Value by_channel =
        lowering.reshape(kernel, {c.window.size[0], c.window.size[1], c.groups, c.filters / c.groups});
    return finish(c, lowering, in[0].shape, lower_depthwise(lowering, name, x, by_channel, c.window));
  }
  Value y = lower_dilated(lowering, name, x, c.window, [&](const Value& v, const std::string& padding) {
    if (c.groups == 1) return lower_conv(lowering, name, v, kernel, c.window.strides, padding);
    // A convolution of each group: old TensorFlow has no grouped Conv2D, and new ones none on the CPU.
    const auto inputs = split(lowering, fmt::format("{}/split", name), v, c.groups);
    const auto kernels = split(lowering, fmt::format("{}/split_1", name), kernel, c.groups);
    std::vector<Value> parts;
    for (size_t i = 0; i < inputs.size(); ++i) {
      parts.push_back(
          lower_conv(lowering, fmt::format("{}/{}", name, name), inputs[i], kernels[i], c.window.strides, padding));
    }
    parts.push_back(lowering.int_scalar(fmt::format("{}/axis", name), -1));
    return lowering.named_op(name, "ConcatV2", parts, {{"N", c.groups}, {"Tidx", DType::kInt32}});
  });
  return finish(c, lowering, in[0].shape, y);
}

Formulas convolution_reference(const Convolution& c, const Arrays& weights, const Arrays& in) {
  const int64_t depth = in[0].shape().last() / c.groups;
  const auto at = [=, window = c.window, filters = c.filters, groups = c.groups, use_bias = c.use_bias,
                   x = in[0]](const Index& o) {
    const int64_t first_channel = o[-1] / (filters / groups) * depth;
    double sum = use_bias ? weights[1].at_offset(o[-1]) : 0;
    for_each_cell(window, x.shape(), o, [&](const Index& position, int64_t cell) {
      const int64_t x_at = position.with(-1, first_channel).offset(x.shape());
      const int64_t kernel_at = cell * depth * filters + o[-1];
      for (int64_t k = 0; k < depth; ++k) sum += x.at_offset(x_at + k) * weights[0].at_offset(kernel_at + k * filters);
    });
    return sum;
  };
  return {c.activation.reference(
      {slide(c.window, in[0].shape(), c.filters), at, static_cast<double>(c.window.n_cells() * depth)})};
}

}  // namespace hoarfrost::keras
