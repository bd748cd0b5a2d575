// FakeQuantWithMinMaxArgs, FakeQuantWithMinMaxVars and FakeQuantWithMinMaxVarsPerChannel: numbers rounded to the levels
// that so many bits have, by which quantization-aware training says what a quantized network will compute
// (TensorFlow 2.15). Float32 alone, as there.
#include "ops/fake_quant.h"

#include "ops/known.h"

namespace hoarfrost::ops {
namespace {

void expect_bits(const Node& node) {
  const auto n_bits = node.get_or<int64_t>("num_bits", 8);
  if (n_bits < 2 || n_bits > 16) mismatch(node, "expected num_bits from 2 to 16, found {}", n_bits);
}

std::vector<Known> infer_args(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  need_type(node, inputs[0], DType::kFloat32);
  expect_bits(node);
  const float min = node.get_or<float>("min", -6.0F);
  const float max = node.get_or<float>("max", 6.0F);
  if (!(min < max)) mismatch(node, "expected min below max, found {} and {}", min, max);
  return infer_as_first(node, inputs);
}

std::vector<Known> infer_vars(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  for (const Known& input : inputs) need_type(node, input, DType::kFloat32);
  for (const size_t i : {1, 2}) shape_of_rank(node, inputs, i, 0);
  expect_bits(node);
  return infer_as_first(node, inputs);
}

std::vector<Known> infer_per_channel(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  for (const Known& input : inputs) need_type(node, input, DType::kFloat32);
  expect_bits(node);
  const int64_t n_ranges = merged(node, shape_of_rank(node, inputs, 1, 1)[0], shape_of_rank(node, inputs, 2, 1)[0],
                                  "as many maxima as minima, one for each channel:");
  Shape shape = inputs[0].shape;
  if (!shape.has_rank()) return {of_type(DType::kFloat32, shape)};
  if (shape.rank() == 0) mismatch(node, "expected a value with 1 axis or more, found a number");
  shape[-1] = merged(node, n_ranges, shape[-1], "channels, one for each range:");
  return {of_type(DType::kFloat32, shape)};
}

std::vector<Tensor> quantize_args(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_args(node, known(inputs))[0]);
  const FakeQuantLevels levels =
      fake_quant_levels(node, node.get_or<float>("min", -6.0F), node.get_or<float>("max", 6.0F));
  std::ranges::transform(inputs[0].values<float>(), output.mutable_values<float>().begin(),
                         [&](float x) { return levels.by_product(x); });
  return {output};
}

std::vector<Tensor> quantize_vars(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_vars(node, known(inputs))[0]);
  const FakeQuantLevels levels = fake_quant_levels(node, inputs[1].values<float>()[0], inputs[2].values<float>()[0]);
  std::ranges::transform(inputs[0].values<float>(), output.mutable_values<float>().begin(),
                         [&](float x) { return levels.by_division(x); });
  return {output};
}

std::vector<Tensor> quantize_per_channel(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_per_channel(node, known(inputs))[0]);
  std::vector<FakeQuantLevels> levels;
  for (int64_t c = 0; c < inputs[1].n_elements(); ++c) {
    const auto i = static_cast<size_t>(c);
    levels.push_back(fake_quant_levels(node, inputs[1].values<float>()[i], inputs[2].values<float>()[i]));
  }
  const auto x = inputs[0].values<float>();
  const auto y = output.mutable_values<float>();
  for (size_t i = 0; i < y.size(); ++i) y[i] = levels[i % levels.size()].by_product(x[i]);
  return {output};
}

}  // namespace

std::span<const OpSpec> fake_quant_ops() {
  static constexpr OpSpec kOps[] = {
      {"FakeQuantWithMinMaxArgs", infer_args, quantize_args},
      {"FakeQuantWithMinMaxVars", infer_vars, quantize_vars},
      {"FakeQuantWithMinMaxVarsPerChannel", infer_per_channel, quantize_per_channel},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
