// Elementwise ops, which compute in whichever layout their inputs have.
#include "onnx/translation.h"

namespace hoarfrost::onnx {
namespace {

using graph::Endpoint;
using graph::Node;

// Emits the node's output in the layout of its input 0.
void emit_like(Translation& t, Node& node, bool first, const std::string& op, std::vector<std::string> inputs,
               Attributes attributes = {}) {
  if (first)
    t.emit_channels_first(node.output(), op, std::move(inputs), std::move(attributes));
  else
    t.emit(node.output(), op, std::move(inputs), std::move(attributes));
}

std::string take(Translation& t, Node& node, bool first) {
  return first ? t.channels_first(node.input(0)) : t.value(node.input(0));
}

std::string_view unary_name(std::string_view op) {
  static const std::map<std::string_view, std::string_view> kNames = {
      {"Relu", "Relu"},      {"Sigmoid", "Sigmoid"}, {"Tanh", "Tanh"},         {"Neg", "Neg"},
      {"Sqrt", "Sqrt"},      {"Exp", "Exp"},         {"Log", "Log"},           {"Abs", "Abs"},
      {"Elu", "Elu"},        {"Selu", "Selu"},       {"Softplus", "Softplus"}, {"Softsign", "Softsign"},
      {"Erf", "Erf"},        {"Floor", "Floor"},     {"Ceil", "Ceil"},         {"Sin", "Sin"},
      {"Cos", "Cos"},        {"Tan", "Tan"},         {"Atan", "Atan"},         {"Asin", "Asin"},
      {"Acos", "Acos"},      {"Sinh", "Sinh"},       {"Cosh", "Cosh"},         {"Asinh", "Asinh"},
      {"Acosh", "Acosh"},    {"Atanh", "Atanh"},     {"Sign", "Sign"},         {"Reciprocal", "Reciprocal"},
      {"Inv", "Reciprocal"}, {"LogicalNot", "Not"},  {"IsNan", "IsNaN"},       {"Round", "Round"},
      {"Rint", "Round"}};
  return kNames.at(op);
}

void unary(Translation& t, Node& node) {
  const bool first = t.is_channels_first(node.input(0));
  emit_like(t, node, first, std::string(unary_name(node.op())), {take(t, node, first)});
}

// What ONNX says in several nodes.
void composed(Translation& t, Node& node) {
  const bool first = t.is_channels_first(node.input(0));
  const std::string x = take(t, node, first);
  const DType type = t.known(node.input(0)).dtype;
  const std::string& op = node.op();
  if (op == "Relu6")
    emit_like(t, node, first, "Clip", {x, t.scalar(type, 0), t.scalar(type, 6)});
  else if (op == "Rsqrt")
    emit_like(t, node, first, "Reciprocal", {t.step("Sqrt", {x})});
  else if (op == "Square")
    emit_like(t, node, first, "Mul", {x, x});
  else if (op == "Log1p")
    emit_like(t, node, first, "Log", {t.step("Add", {x, t.scalar(type, 1)})});
  else if (op == "Expm1")
    emit_like(t, node, first, "Sub", {t.step("Exp", {x}), t.scalar(type, 1)});
  else if (op == "LeakyRelu")
    emit_like(t, node, first, "LeakyRelu", {x}, {{"alpha", node.get_or<float>("alpha", 0.2F)}});
  else
    emit_like(t, node, first, "Mul", {t.step("Sigmoid", {x}), x});  // Silu
}

void alias(Translation& t, Node& node) {
  for (size_t i = 0; i < node.inputs.size(); ++i) t.alias(node.output(static_cast<int>(i)), node.inputs[i]);
}

void pass_on(Translation& t, Node& node) { t.alias(node.output(), node.input(0)); }

void nothing(Translation& /*t*/, Node& /*node*/) {}

void cast(Translation& t, Node& node) {
  const bool first = t.is_channels_first(node.input(0));
  emit_like(t, node, first, "Cast", {take(t, node, first)}, {{"to", int64_t{element_type(node.get<DType>("DstT"))}}});
}

void filled_like(Translation& t, Node& node) {
  const DType type = t.known(node.input(0)).dtype;
  const std::string shape = t.step("Shape", {t.value(node.input(0))});
  t.emit(node.output(), "Expand", {t.scalar(type, node.op() == "OnesLike" ? 1 : 0), shape});
}

// The inputs in one layout. Channels first where one of them is so alone, and the others can be.
struct Pair {
  std::string a;
  std::string b;
  bool first = false;
};

// A constant of fewer axes, as it meets an input whose channels stand first.
std::string constant_channels_first(Translation& t, Endpoint endpoint, int rank) {
  const Tensor& tensor = *t.constant(endpoint);
  if (tensor.shape().n_elements() == 1 && tensor.shape().rank() == 0) return t.value(endpoint);
  std::vector<int64_t> sizes(static_cast<size_t>(rank) - static_cast<size_t>(tensor.shape().rank()), 1);
  sizes.insert(sizes.end(), tensor.shape().sizes().begin(), tensor.shape().sizes().end());
  const Tensor whole(tensor.dtype(), Shape(sizes), tensor.bytes(), std::make_shared<Tensor>(tensor));
  return t.initializer(endpoint.name() + "__nchw", transposed(whole, order_channels_first(rank)));
}

Pair meet(Translation& t, Endpoint a, Endpoint b) {
  const Shape of_a = t.shape(a);
  const Shape of_b = t.shape(b);
  const auto reaches = [&](Endpoint e, const Shape& shape, int rank) {
    return shape.rank() == rank || (t.constant(e) != nullptr && shape.rank() < rank);
  };
  const int rank = std::max(of_a.rank(), of_b.rank());
  const bool wants = t.is_channels_first(a) || t.is_channels_first(b);
  if (!wants || rank < 3 || !of_a.has_rank() || !of_b.has_rank() || !reaches(a, of_a, rank) || !reaches(b, of_b, rank))
    return {t.value(a), t.value(b), false};
  const auto one = [&](Endpoint e) {
    return t.constant(e) != nullptr ? constant_channels_first(t, e, rank) : t.channels_first(e);
  };
  const std::string x = one(a);
  return {x, one(b), true};
}

// ONNX' Equal takes strings since opset 19, which is not written here.
void expect_numbers(Translation& t, Node& node) {
  if (t.known(node.input(0)).dtype == DType::kString) refuse(node, "a comparison of text");
}

void binary(Translation& t, Node& node) {
  static const std::map<std::string_view, std::string_view> kNames = {{"Add", "Add"},
                                                                      {"AddV2", "Add"},
                                                                      {"Sub", "Sub"},
                                                                      {"Mul", "Mul"},
                                                                      {"RealDiv", "Div"},
                                                                      {"Maximum", "Max"},
                                                                      {"Minimum", "Min"},
                                                                      {"Pow", "Pow"},
                                                                      {"Greater", "Greater"},
                                                                      {"Less", "Less"},
                                                                      {"GreaterEqual", "GreaterOrEqual"},
                                                                      {"LessEqual", "LessOrEqual"},
                                                                      {"Equal", "Equal"},
                                                                      {"LogicalAnd", "And"},
                                                                      {"LogicalOr", "Or"}};
  expect_numbers(t, node);
  const auto [a, b, first] = meet(t, node.input(0), node.input(1));
  emit_like(t, node, first, std::string(kNames.at(node.op())), {a, b});
}

bool is_float(DType type) {
  return type == DType::kFloat32 || type == DType::kFloat64 || type == DType::kFloat16 || type == DType::kBFloat16;
}

void binary_composed(Translation& t, Node& node) {
  expect_numbers(t, node);
  const auto [a, b, first] = meet(t, node.input(0), node.input(1));
  const DType type = t.known(node.input(0)).dtype;
  const std::string& op = node.op();
  if (op == "NotEqual") return emit_like(t, node, first, "Not", {t.step("Equal", {a, b})});
  if (op == "SquaredDifference") {
    const std::string difference = t.step("Sub", {a, b});
    return emit_like(t, node, first, "Mul", {difference, difference});
  }
  if (op == "DivNoNan") {
    const std::string zero = t.scalar(type, 0);
    return emit_like(t, node, first, "Where", {t.step("Equal", {b, zero}), zero, t.step("Div", {a, b})});
  }
  // ONNX' Div of whole numbers cuts towards zero; its Mod has the divisor's sign, as TensorFlow's FloorMod.
  if (op == "FloorDiv") {
    if (is_float(type)) return emit_like(t, node, first, "Floor", {t.step("Div", {a, b})});
    return emit_like(t, node, first, "Div", {t.step("Sub", {a, t.step("Mod", {a, b})}), b});
  }
  if (!is_float(type)) return emit_like(t, node, first, "Mod", {a, b});
  emit_like(t, node, first, "Sub", {a, t.step("Mul", {b, t.step("Floor", {t.step("Div", {a, b})})})});
}

void bias_add(Translation& t, Node& node) {
  const Endpoint x = node.input(0);
  const int rank = t.shape(x).rank();
  if (node.get_or<std::string>("data_format", "NHWC") == "NCHW") {
    std::vector<int64_t> sizes(static_cast<size_t>(rank), 1);
    sizes[1] = -1;
    return t.emit(node.output(), "Add",
                  {t.value(x), t.step("Reshape", {t.value(node.input(1)), t.integers_initializer(sizes)})});
  }
  if (!t.is_channels_first(x) || t.constant(node.input(1)) == nullptr)
    return t.emit(node.output(), "Add", {t.value(x), t.value(node.input(1))});
  t.emit_channels_first(node.output(), "Add", {t.channels_first(x), constant_channels_first(t, node.input(1), rank)});
}

void add_n(Translation& t, Node& node) {
  std::vector<std::string> inputs;
  for (const Endpoint& input : node.inputs) inputs.push_back(t.value(input));
  t.emit(node.output(), "Sum", inputs);
}

void clip(Translation& t, Node& node) {
  const std::string low = t.step("Max", {t.value(node.input(0)), t.value(node.input(1))});
  t.emit(node.output(), "Min", {low, t.value(node.input(2))});
}

// TensorFlow's Select takes a condition of one axis for whole rows.
void select(Translation& t, Node& node) {
  const Shape of_condition = t.shape(node.input(0));
  const Shape of_value = t.shape(node.input(1));
  std::string condition = t.value(node.input(0));
  if (node.op() == "Select" && of_condition.rank() == 1 && of_value.rank() > 1) {
    std::vector<int64_t> axes;
    for (int64_t axis = 1; axis < of_value.rank(); ++axis) axes.push_back(axis);
    condition = t.step("Unsqueeze", {condition, t.integers_initializer(axes)});
  }
  t.emit(node.output(), "Where", {condition, t.value(node.input(1)), t.value(node.input(2))});
}

constexpr OpTranslation kOps[] = {{"Relu", unary},
                                  {"Sigmoid", unary},
                                  {"Tanh", unary},
                                  {"Neg", unary},
                                  {"Sqrt", unary},
                                  {"Exp", unary},
                                  {"Log", unary},
                                  {"Abs", unary},
                                  {"Elu", unary},
                                  {"Selu", unary},
                                  {"Softplus", unary},
                                  {"Softsign", unary},
                                  {"Erf", unary},
                                  {"Floor", unary},
                                  {"Ceil", unary},
                                  {"Sin", unary},
                                  {"Cos", unary},
                                  {"Tan", unary},
                                  {"Atan", unary},
                                  {"Asin", unary},
                                  {"Acos", unary},
                                  {"Sinh", unary},
                                  {"Cosh", unary},
                                  {"Asinh", unary},
                                  {"Acosh", unary},
                                  {"Atanh", unary},
                                  {"Sign", unary},
                                  {"Reciprocal", unary},
                                  {"Inv", unary},
                                  {"LogicalNot", unary},
                                  {"IsNan", unary},
                                  {"Round", unary},
                                  {"Rint", unary},
                                  {"Relu6", composed},
                                  {"Rsqrt", composed},
                                  {"Square", composed},
                                  {"Log1p", composed},
                                  {"Expm1", composed},
                                  {"LeakyRelu", composed},
                                  {"Silu", composed},
                                  {"Identity", pass_on},
                                  {"StopGradient", pass_on},
                                  {"CheckNumerics", pass_on},
                                  {"PreventGradient", pass_on},
                                  {"Snapshot", pass_on},
                                  {"PlaceholderWithDefault", pass_on},
                                  {"IdentityN", alias},
                                  {"NoOp", nothing},
                                  {"Cast", cast},
                                  {"OnesLike", filled_like},
                                  {"ZerosLike", filled_like},
                                  {"Add", binary},
                                  {"AddV2", binary},
                                  {"Sub", binary},
                                  {"Mul", binary},
                                  {"RealDiv", binary},
                                  {"Maximum", binary},
                                  {"Minimum", binary},
                                  {"Pow", binary},
                                  {"Greater", binary},
                                  {"Less", binary},
                                  {"GreaterEqual", binary},
                                  {"LessEqual", binary},
                                  {"Equal", binary},
                                  {"LogicalAnd", binary},
                                  {"LogicalOr", binary},
                                  {"NotEqual", binary_composed},
                                  {"SquaredDifference", binary_composed},
                                  {"DivNoNan", binary_composed},
                                  {"FloorDiv", binary_composed},
                                  {"FloorMod", binary_composed},
                                  {"BiasAdd", bias_add},
                                  {"AddN", add_n},
                                  {"ClipByValue", clip},
                                  {"Select", select},
                                  {"SelectV2", select}};

}  // namespace

std::span<const OpTranslation> elementwise_translations() { return kOps; }

}  // namespace hoarfrost::onnx
