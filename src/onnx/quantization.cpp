// FakeQuant nodes on what flows through a network, as arithmetic: behind QuantizeLinear and DequantizeLinear ONNX
// Runtime 1.32 quantizes weights and biases anew, and answers some levels off. On weights they are constants
// (Translation::constant).
#include "onnx/translation.h"
#include "ops/fake_quant.h"

namespace hoarfrost::onnx {
namespace {

using graph::Node;

const Tensor& range_of(Translation& t, const Node& node, size_t input) {
  const Tensor* range = t.constant(node.input(input));
  if (range == nullptr) refuse(node, "its range is computed");
  return *range;
}

// By one number for all, or by one for each element of the last axis.
void as_arithmetic(Translation& t, Node& node, const std::vector<ops::FakeQuantLevels>& levels) {
  const auto each = [&](const char* name, auto of) {
    Tensor values(DType::kFloat32, levels.size() == 1 ? Shape{} : Shape{static_cast<int64_t>(levels.size())});
    for (size_t i = 0; i < levels.size(); ++i) values.mutable_values<float>()[i] = of(levels[i]);
    return t.initializer(node.name() + "/" + name, values);
  };
  using Levels = ops::FakeQuantLevels;
  const auto bound = [](const Levels& l, float x) { return l.is_zero ? 0.0F : x; };
  const std::string least = each("least", [&](const Levels& l) { return bound(l, l.least); });
  const std::string most = each("most", [&](const Levels& l) { return bound(l, l.most); });
  const std::string divisor = each("divisor", [](const Levels& l) { return l.is_zero ? 1.0F : l.scale; });
  const std::string zero = each("zero", [&](const Levels& l) { return bound(l, l.zero); });
  const std::string scale = each("scale", [&](const Levels& l) { return bound(l, l.scale); });
  const bool first = levels.size() == 1 && t.is_channels_first(node.input(0));
  const std::string x = first ? t.channels_first(node.input(0)) : t.value(node.input(0));
  const std::string within = t.step("Max", {t.step("Min", {x, most}), least});
  const std::string level = t.step("Sub", {t.step("Div", {t.step("Sub", {within, least}), divisor}), zero});
  const std::string whole = t.step("Floor", {t.step("Add", {level, t.scalar(DType::kFloat32, 0.5)})});
  if (first)
    t.emit_channels_first(node.output(), "Mul", {whole, scale});
  else
    t.emit(node.output(), "Mul", {whole, scale});
}

void args(Translation& t, Node& node) {
  const float min = node.get_or<float>("min", -6.0F);
  const float max = node.get_or<float>("max", 6.0F);
  as_arithmetic(t, node, {ops::fake_quant_levels(node, min, max)});
}

void vars(Translation& t, Node& node) {
  const float min = range_of(t, node, 1).values<float>()[0];
  const float max = range_of(t, node, 2).values<float>()[0];
  as_arithmetic(t, node, {ops::fake_quant_levels(node, min, max)});
}

void per_channel(Translation& t, Node& node) {
  const auto min = range_of(t, node, 1).values<float>();
  const auto max = range_of(t, node, 2).values<float>();
  std::vector<ops::FakeQuantLevels> levels;
  for (size_t i = 0; i < min.size(); ++i) levels.push_back(ops::fake_quant_levels(node, min[i], max[i]));
  as_arithmetic(t, node, levels);
}

constexpr OpTranslation kOps[] = {{"FakeQuantWithMinMaxArgs", args},
                                  {"FakeQuantWithMinMaxVars", vars},
                                  {"FakeQuantWithMinMaxVarsPerChannel", per_channel}};

}  // namespace

// What quantization-aware training rounds weights to.
void Translation::fold_quantized_weights() {
  for (const auto& node : graph_.nodes()) {
    if (!node->op().starts_with("FakeQuantWithMinMax")) continue;
    std::vector<Tensor> inputs;
    for (const graph::Endpoint& input : node->inputs) {
      if (const Tensor* tensor = constant(input)) inputs.push_back(tensor->aligned());
    }
    if (inputs.size() == node->inputs.size()) known_.at(node->output()).value = ops::run_node(*node, inputs).at(0);
  }
}

std::span<const OpTranslation> quantization_translations() { return kOps; }

}  // namespace hoarfrost::onnx
