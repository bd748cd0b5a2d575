// BiasAdd: a bias [C] on the channels, which are last, or second in data_format NCHW (whatever the rank); BiasAddGrad:
// its gradient by the bias, the sum over all other axes.
#include "ops/arithmetic.h"
#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

bool is_channels_first(const Node& node) {
  const auto format = node.get_or<std::string>("data_format", "NHWC");
  if (format != "NHWC" && format != "NCHW") unsupported(node, "expected data_format NHWC or NCHW, found {}", format);
  return format == "NCHW";
}

std::vector<Known> infer_bias_add(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  need_same_type(node, inputs);
  const int64_t n_biases = shape_of_rank(node, inputs, 1, 1)[0];
  Shape shape = inputs[0].shape;
  if (!shape.has_rank()) return {of_type(inputs[0].dtype, shape)};
  if (shape.rank() < 2) mismatch(node, "expected a value with 2 axes or more, found {}", shape.to_string());
  const int axis = is_channels_first(node) ? 1 : -1;
  shape[axis] = merged(node, n_biases, shape[axis], "channels, one per bias:");
  return {of_type(inputs[0].dtype, shape)};
}

std::vector<Tensor> bias_add(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_bias_add(node, known(inputs))[0]);
  const Shape& shape = output.shape();
  Sizes bias_strides(static_cast<size_t>(shape.rank()), 0);
  bias_strides[is_channels_first(node) ? 1 : bias_strides.size() - 1] = 1;
  with_numbers(node, output.dtype(), [&]<typename T>() {
    const T* value = inputs[0].values<T>().data();
    const T* bias = inputs[1].values<T>().data();
    T* out = output.mutable_values<T>().data();
    for_each_run<2>(shape.sizes(), {strides_of(shape), bias_strides},
                    [&](const auto& offsets, const auto& steps, int64_t n) {
                      out = zip_run(out, n, value + offsets[0], steps[0], bias + offsets[1], steps[1], wrapping_sum<T>);
                    });
  });
  return {output};
}

std::vector<Known> infer_bias_add_grad(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  const Shape& shape = inputs[0].shape;
  if (!shape.has_rank()) return {of_type(inputs[0].dtype, {kUnknown})};
  if (shape.rank() < 2) mismatch(node, "expected a value with 2 axes or more, found {}", shape.to_string());
  return {of_type(inputs[0].dtype, {shape[is_channels_first(node) ? 1 : -1]})};
}

std::vector<Tensor> bias_add_grad(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_bias_add_grad(node, known(inputs))[0]);
  const Shape& shape = inputs[0].shape();
  Sizes bias_strides(static_cast<size_t>(shape.rank()), 0);
  bias_strides[is_channels_first(node) ? 1 : bias_strides.size() - 1] = 1;
  with_floats(node, output.dtype(), [&]<typename T>() {
    const T* value = inputs[0].values<T>().data();
    std::vector<double> sums(static_cast<size_t>(output.n_elements()), 0.0);
    for_each_run<1>(shape.sizes(), {bias_strides}, [&](const auto& offsets, const auto& steps, int64_t n) {
      for (int64_t i = 0; i < n; ++i)
        sums[static_cast<size_t>(offsets[0] + i * steps[0])] += static_cast<double>(*value++);
    });
    std::ranges::transform(sums, output.mutable_values<T>().begin(), [](double sum) { return static_cast<T>(sum); });
  });
  return {output};
}

}  // namespace

std::span<const OpSpec> bias_add_ops() {
  static constexpr OpSpec kOps[] = {
      {"BiasAdd", infer_bias_add, through_float<bias_add>},
      {"BiasAddV1", infer_bias_add, through_float<bias_add>},
      {"BiasAddGrad", infer_bias_add_grad, through_float<bias_add_grad>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
