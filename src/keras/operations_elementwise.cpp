// Operations element by element, with NumPy's broadcasting: TensorFlow's op of the same meaning, and the number it
// stands for.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

#include "keras/activations.h"
#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

struct UnaryRow {
  std::string_view name;
  std::string_view op;
  double (*of)(double);
  bool gives_bool = false;
};

double half_to_even(double x) { return std::nearbyint(x); }

constexpr UnaryRow kUnary[] = {
    {"Absolute", "Abs", [](double x) { return std::fabs(x); }},
    {"Negative", "Neg", [](double x) { return -x; }},
    {"Square", "Square", [](double x) { return x * x; }},
    {"Sqrt", "Sqrt", [](double x) { return std::sqrt(x); }},
    {"Rsqrt", "Rsqrt", [](double x) { return 1 / std::sqrt(x); }},
    {"Reciprocal", "Reciprocal", [](double x) { return 1 / x; }},
    {"Exp", "Exp", [](double x) { return std::exp(x); }},
    {"Expm1", "Expm1", [](double x) { return std::expm1(x); }},
    {"Log", "Log", [](double x) { return std::log(x); }},
    {"Log1p", "Log1p", [](double x) { return std::log1p(x); }},
    {"Sin", "Sin", [](double x) { return std::sin(x); }},
    {"Cos", "Cos", [](double x) { return std::cos(x); }},
    {"Tan", "Tan", [](double x) { return std::tan(x); }},
    {"Arctan", "Atan", [](double x) { return std::atan(x); }},
    {"Sinh", "Sinh", [](double x) { return std::sinh(x); }},
    {"Cosh", "Cosh", [](double x) { return std::cosh(x); }},
    {"Arcsin", "Asin", [](double x) { return std::asin(x); }},
    {"Arccos", "Acos", [](double x) { return std::acos(x); }},
    {"Arcsinh", "Asinh", [](double x) { return std::asinh(x); }},
    {"Arccosh", "Acosh", [](double x) { return std::acosh(x); }},
    {"Arctanh", "Atanh", [](double x) { return std::atanh(x); }},
    {"Tanh", "Tanh", [](double x) { return std::tanh(x); }},
    {"Floor", "Floor", [](double x) { return std::floor(x); }},
    {"Ceil", "Ceil", [](double x) { return std::ceil(x); }},
    {"Round", "Round", half_to_even},
    {"Sign", "Sign", [](double x) { return x > 0   ? 1.0
                                           : x < 0 ? -1.0
                                                   : 0.0; }},
    {"Erf", "Erf", [](double x) { return std::erf(x); }},
    {"Erfc", "Erfc", [](double x) { return std::erfc(x); }},
    {"Lgamma", "Lgamma", [](double x) { return std::lgamma(x); }},
    {"BitwiseInvert", "Invert", [](double x) { return -1 - x; }},
    {"BitwiseNot", "Invert", [](double x) { return -1 - x; }},
    {"LogicalNot", "LogicalNot", [](double x) { return x == 0 ? 1.0 : 0.0; }, true},
    {"Isnan", "IsNan", [](double x) { return std::isnan(x) ? 1.0 : 0.0; }, true},
    {"Isinf", "IsInf", [](double x) { return std::isinf(x) ? 1.0 : 0.0; }, true},
    {"Isfinite", "IsFinite", [](double x) { return std::isfinite(x) ? 1.0 : 0.0; }, true},
    {"ZerosLike", "ZerosLike", [](double) { return 0.0; }},
    {"OnesLike", "OnesLike", [](double) { return 1.0; }},
};

struct Unary {
  const UnaryRow* row;
  Shapes infer(const Shapes& in) const { return {in.at(0)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    if (row->op == "LogicalNot") return {lowering.raw_op("LogicalNot", "LogicalNot", {in[0]}, DType::kBool, {})};
    if (row->gives_bool) return {lowering.raw_op(row->op, row->op, {in[0]}, DType::kBool, {{"T", in[0].dtype}})};
    return {lowering.op(row->op, {in[0]})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {{in[0].shape(), [x = in[0], of = row->of](const Index& o) { return of(x[o]); }, 1}};
  }
};

std::shared_ptr<const Layer> parse_unary(OperationCall& call, std::string_view name) {
  call.operand(0, {"x", "input", "features", "input_tensor"});
  if (call.integer(1, {"decimals"}).value_or(0) != 0) call.config().unsupported("round to decimals is not converted");
  return make_operation(Unary{std::ranges::find(kUnary, name, &UnaryRow::name)});
}

// Zeros or ones of another's shape, in its type or one that is asked for.
struct FilledLike {
  Unary like;
  std::optional<DType> dtype;
  Shapes infer(const Shapes& in) const { return like.infer(in); }
  Values lower(Lowering& lowering, const Values& in) const {
    const Value filled = like.lower(lowering, in)[0];
    return {dtype ? cast_to(lowering, filled, *dtype) : filled};
  }
  Formulas reference(const Arrays& weights, const Arrays& in) const { return like.reference(weights, in); }
};

std::shared_ptr<const Layer> parse_filled_like(OperationCall& call, std::string_view name) {
  call.operand(0, {"x", "input", "tensor"});
  const std::string type = call.text(1, {"dtype"}, "");
  const auto dtype = dtype_from_name(type);
  if (!type.empty() && (!dtype || dtype_size(*dtype) == 0))
    call.config().unsupported(fmt::format("zeros or ones of `{}` are not converted", type));
  return make_operation(FilledLike{{std::ranges::find(kUnary, name, &UnaryRow::name)}, dtype});
}

enum class Result { kSame, kBool, kFloat };

struct BinaryRow {
  std::string_view name;
  std::string_view op;
  double (*of)(double, double);
  Result result = Result::kSame;
};

template <auto of>
double bits(double a, double b) {
  return static_cast<double>(of(static_cast<int64_t>(a), static_cast<int64_t>(b)));
}

constexpr BinaryRow kBinary[] = {
    {"Add", "Add", [](double a, double b) { return a + b; }},
    {"Subtract", "Sub", [](double a, double b) { return a - b; }},
    {"Multiply", "Mul", [](double a, double b) { return a * b; }},
    {"Divide", "RealDiv", [](double a, double b) { return a / b; }, Result::kFloat},
    {"TrueDivide", "RealDiv", [](double a, double b) { return a / b; }, Result::kFloat},
    {"FloorDivide", "FloorDiv", [](double a, double b) { return std::floor(a / b); }},
    {"Mod", "FloorMod", [](double a, double b) { return a - std::floor(a / b) * b; }},
    {"Fmod", "TruncateMod", [](double a, double b) { return std::fmod(a, b); }},
    {"BitwiseAnd", "BitwiseAnd", bits<[](int64_t a, int64_t b) { return a & b; }>},
    {"BitwiseOr", "BitwiseOr", bits<[](int64_t a, int64_t b) { return a | b; }>},
    {"BitwiseXor", "BitwiseXor", bits<[](int64_t a, int64_t b) { return a ^ b; }>},
    {"BitwiseLeftShift", "LeftShift", [](double a, double b) { return a * std::exp2(b); }},
    {"BitwiseRightShift", "RightShift", [](double a, double b) { return std::floor(a / std::exp2(b)); }},
    {"LeftShift", "LeftShift", [](double a, double b) { return a * std::exp2(b); }},
    {"RightShift", "RightShift", [](double a, double b) { return std::floor(a / std::exp2(b)); }},
    {"Power", "Pow", [](double a, double b) { return std::pow(a, b); }},
    {"Maximum", "Maximum", [](double a, double b) { return std::max(a, b); }},
    {"Minimum", "Minimum", [](double a, double b) { return std::min(a, b); }},
    {"SquaredDifference", "SquaredDifference", [](double a, double b) { return (a - b) * (a - b); }},
    {"DivideNoNan", "DivNoNan", [](double a, double b) { return b == 0 ? 0 : a / b; }},
    {"Arctan2", "Atan2", [](double a, double b) { return std::atan2(a, b); }},
    {"BiasAdd", "Add", [](double a, double b) { return a + b; }},
    {"Equal", "Equal", [](double a, double b) { return a == b ? 1.0 : 0.0; }, Result::kBool},
    {"NotEqual", "NotEqual", [](double a, double b) { return a != b ? 1.0 : 0.0; }, Result::kBool},
    {"Greater", "Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; }, Result::kBool},
    {"GreaterEqual", "GreaterEqual", [](double a, double b) { return a >= b ? 1.0 : 0.0; }, Result::kBool},
    {"Less", "Less", [](double a, double b) { return a < b ? 1.0 : 0.0; }, Result::kBool},
    {"LessEqual", "LessEqual", [](double a, double b) { return a <= b ? 1.0 : 0.0; }, Result::kBool},
    {"LogicalAnd", "LogicalAnd", [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }, Result::kBool},
    {"LogicalOr", "LogicalOr", [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }, Result::kBool},
};

// The element of x that meets the output's, by broadcasting from the last axis.
double element(const Array& x, const Index& o) {
  Index i;
  const int rank = x.shape().rank();
  for (int axis = 0; axis < rank; ++axis) i.push_back(x.size(axis) == 1 ? 0 : o[axis - rank]);
  return x[i];
}

struct Binary {
  const BinaryRow* row;
  bool is_keras3;

  Shapes infer(const Shapes& in) const { return {broadcast(in.at(0), in.at(1))}; }

  // TensorFlow divides int32 as float64, Keras 3 as float32.
  Values lower(Lowering& lowering, const Values& in) const {
    if (row->op.starts_with("Logical")) {
      return {lowering.raw_op(row->op, row->op,
                              {cast_to(lowering, in[0], DType::kBool), cast_to(lowering, in[1], DType::kBool)},
                              DType::kBool, {})};
    }
    DType dtype = promoted(in[0].dtype, in[1].dtype);
    const bool is_whole = dtype == DType::kBool || dtype == DType::kInt32 || dtype == DType::kInt64 ||
                          dtype == DType::kUInt8 || dtype == DType::kInt8 || dtype == DType::kInt16;
    if (row->result == Result::kFloat && is_whole)
      dtype = is_keras3 || dtype == DType::kUInt8 || dtype == DType::kInt8 || dtype == DType::kInt16 ? DType::kFloat32
                                                                                                     : DType::kFloat64;
    const Values same{cast_to(lowering, in[0], dtype), cast_to(lowering, in[1], dtype)};
    if (row->result == Result::kBool) return {lowering.raw_op(row->op, row->op, same, DType::kBool, {{"T", dtype}})};
    return {lowering.op(row->op, same)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [a = in[0], b = in[1], of = row->of](const Index& o) { return of(element(a, o), element(b, o)); };
    return {{broadcast(in[0].shape(), in[1].shape()), at, 1}};
  }
};

std::shared_ptr<const Layer> parse_binary(OperationCall& call, std::string_view name) {
  if (name == "Arctan2") {  // TensorFlow's atan2(y, x)
    call.operand(0, {"x1", "y"});
    call.operand(1, {"x2", "x"});
  } else {
    call.operand(0, {"x1", "x", "a", "value"});
    call.operand(1, {"x2", "y", "b", "bias"});
  }
  const std::string format = name == "BiasAdd" ? call.text(2, {"data_format"}, "NHWC") : "NHWC";
  if (format.starts_with("NC")) call.config().unsupported("bias_add with the channels first is not converted");
  return make_operation(Binary{std::ranges::find(kBinary, name, &BinaryRow::name), call.is_keras3()});
}

// A sum of all operands, whose shapes are one.
struct Total {
  Shapes infer(const Shapes& in) const { return {in.at(0)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    if (in.size() == 1) return {in[0]};
    return {lowering.op("AddN", in, {{"N", static_cast<int64_t>(in.size())}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [in](const Index& o) {
      double sum = 0;
      for (const Array& x : in) sum += x[o];
      return sum;
    };
    return {{in[0].shape(), at, static_cast<double>(in.size())}};
  }
};
std::shared_ptr<const Layer> parse_total(OperationCall& call, std::string_view /*name*/) {
  call.operands(0, {"inputs"});
  return make_operation(Total{});
}

struct Activated {
  Activation activation;
  Shapes infer(const Shapes& in) const { return {activation.infer(in.at(0))}; }
  Values lower(Lowering& lowering, const Values& in) const { return {activation.lower(lowering, in[0])}; }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {activation.reference({in[0].shape(), [x = in[0]](const Index& o) { return x[o]; }, 1})};
  }
};

// Keras 3's gelu is approximate unless told otherwise, TensorFlow's exact.
std::shared_ptr<const Layer> parse_activation(OperationCall& call, std::string_view name) {
  call.operand(0, {"x", "features", "logits", "input"});
  std::string activation;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool is_upper = name[i] >= 'A' && name[i] <= 'Z';
    if (is_upper && i > 0) activation += '_';
    activation += static_cast<char>(is_upper ? name[i] - 'A' + 'a' : name[i]);
  }
  if (name == "Gelu" && call.flag(1, {"approximate"}, call.is_keras3())) activation = "gelu_approximate";
  if ((name == "LeakyRelu" || name == "Elu") && !call.is_keras3()) (void)call.find(9, {"name"});
  if (name == "Silu" && call.number(1, {"beta"}).value_or(1) != 1)
    call.config().unsupported("silu with a beta is not converted");
  const double threshold = call.number(9, {"threshold"}).value_or(0.5);
  if (threshold != 0.5) call.config().unsupported(fmt::format("a threshold of {} is not converted; 0.5 is", threshold));
  if ((name == "Elu" || name == "Celu") && call.number(1, {"alpha"}).value_or(1) != 1)
    call.config().unsupported("elu with an alpha is not converted");
  return make_operation(Activated{Activation::named(activation, call.config().version(), call.config())});
}

struct LeakyRelu {
  double slope;
  Shapes infer(const Shapes& in) const { return {in.at(0)}; }
  Values lower(Lowering& lowering, const Values& in) const { return {lower_leaky_relu(lowering, in[0], slope)}; }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {{in[0].shape(), [x = in[0], s = slope](const Index& o) { return x[o] > 0 ? x[o] : s * x[o]; }, 1}};
  }
};
std::shared_ptr<const Layer> parse_leaky_relu(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "features"});
  return make_operation(LeakyRelu{call.number(1, {"negative_slope", "alpha"}).value_or(0.2)});
}

struct Clip {
  Shapes infer(const Shapes& in) const { return {in.at(0)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    const Value low = cast_to(lowering, in[1], in[0].dtype);
    const Value high = cast_to(lowering, in[2], in[0].dtype);
    return {lowering.named_op("Maximum", "Maximum", {lowering.named_op("Minimum", "Minimum", {in[0], high}), low})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], a = in[1], b = in[2]](const Index& o) {
      return std::max(std::min(x[o], element(b, o)), element(a, o));
    };
    return {{in[0].shape(), at, 1}};
  }
};
std::shared_ptr<const Layer> parse_clip(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "t"});
  call.operand(1, {"x_min", "clip_value_min"});
  call.operand(2, {"x_max", "clip_value_max"});
  return make_operation(Clip{});
}

// Whole numbers are cut towards zero.
struct Cast {
  DType dtype;
  Shapes infer(const Shapes& in) const { return {in.at(0)}; }
  Values lower(Lowering& lowering, const Values& in) const { return {cast_to(lowering, in[0], dtype)}; }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {{in[0].shape(), [to = dtype, x = in[0]](const Index& o) { return value_as(to, x[o]); }, 1}};
  }

 private:
  // Whole numbers keep the low bits of what does not fit into them.
  static double value_as(DType to, double x) {
    if (to == DType::kBool) return x != 0 ? 1.0 : 0.0;
    if (is_floating(to) || !std::isfinite(x)) return x;
    const double n_values = std::exp2(8.0 * static_cast<double>(dtype_size(to)));
    const bool is_unsigned =
        to == DType::kUInt8 || to == DType::kUInt16 || to == DType::kUInt32 || to == DType::kUInt64;
    const double low = is_unsigned ? 0.0 : -n_values / 2;
    const double whole = std::trunc(x);
    return whole - std::floor((whole - low) / n_values) * n_values;
  }
};
// The type that the second operand has, which is one of floats.
struct CastLike {
  Shapes infer(const Shapes& in) const { return {in.at(0)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    if (!is_floating(in.at(1).dtype))
      throw Error(ErrorCode::kUnsupported, "", "a cast to the type of a tensor of whole numbers is not converted");
    return {cast_to(lowering, in[0], in[1].dtype)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {{in[0].shape(), [x = in[0]](const Index& o) { return x[o]; }, 1}};
  }
};
std::shared_ptr<const Layer> parse_cast(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x"});
  if (const Json* like = call.find(1, {"dtype"}); like != nullptr && like->is_object() && like->contains("dtype_of")) {
    call.add(like->at("dtype_of"));
    return make_operation(CastLike{});
  }
  const std::string name = call.text(1, {"dtype"}, "float32");
  const auto dtype = dtype_from_name(name);
  const bool is_number = dtype && dtype_size(*dtype) > 0 && *dtype != DType::kComplex64 && *dtype != DType::kComplex128;
  if (!is_number) call.config().unsupported(fmt::format("a cast to `{}` is not converted", name));
  return make_operation(Cast{*dtype});
}

struct Same {
  Shapes infer(const Shapes& in) const { return {in.at(0)}; }
  Values lower(Lowering& /*lowering*/, const Values& in) const { return {in[0]}; }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {{in[0].shape(), [x = in[0]](const Index& o) { return x[o]; }, 0}};
  }
};
std::shared_ptr<const Layer> parse_same(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "variable", "input"});
  (void)call.find(1, {"dtype"});
  return make_operation(Same{});
}

struct Where {
  Shapes infer(const Shapes& in) const { return {broadcast(in.at(0), broadcast(in.at(1), in.at(2)))}; }
  Values lower(Lowering& lowering, const Values& in) const {
    const DType dtype = promoted(in[1].dtype, in[2].dtype);
    const Value a = cast_to(lowering, in[1], dtype);
    const Value b = cast_to(lowering, in[2], dtype);
    Value result =
        lowering.raw_op("SelectV2", "SelectV2", {cast_to(lowering, in[0], DType::kBool), a, b}, dtype, {{"T", dtype}});
    return {result};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [c = in[0], a = in[1], b = in[2]](const Index& o) {
      return element(element(c, o) != 0 ? a : b, o);
    };
    return {{broadcast(in[0].shape(), broadcast(in[1].shape(), in[2].shape())), at, 1}};
  }
};
std::shared_ptr<const Layer> parse_where(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"condition"});
  call.operand(1, {"x1", "x"});
  call.operand(2, {"x2", "y"});
  return make_operation(Where{});
}

constexpr OperationSpec kOperations[] = {
    {"Absolute", "math.abs abs", parse_unary},
    {"Negative", "math.negative negative", parse_unary},
    {"Square", "math.square square", parse_unary},
    {"Sqrt", "math.sqrt sqrt", parse_unary},
    {"Rsqrt", "math.rsqrt rsqrt", parse_unary},
    {"Reciprocal", "math.reciprocal reciprocal", parse_unary},
    {"Exp", "math.exp exp", parse_unary},
    {"Expm1", "math.expm1 expm1", parse_unary},
    {"Log", "math.log log", parse_unary},
    {"Log1p", "math.log1p log1p", parse_unary},
    {"Sin", "math.sin sin", parse_unary},
    {"Cos", "math.cos cos", parse_unary},
    {"Tan", "math.tan tan", parse_unary},
    {"Arctan", "math.atan atan", parse_unary},
    {"Sinh", "math.sinh sinh", parse_unary},
    {"Cosh", "math.cosh cosh", parse_unary},
    {"Arcsin", "math.asin asin", parse_unary},
    {"Arccos", "math.acos acos", parse_unary},
    {"Arcsinh", "math.asinh asinh", parse_unary},
    {"Arccosh", "math.acosh acosh", parse_unary},
    {"Arctanh", "math.atanh atanh", parse_unary},
    {"Tanh", "math.tanh tanh nn.tanh", parse_unary},
    {"Floor", "math.floor floor", parse_unary},
    {"Ceil", "math.ceil ceil", parse_unary},
    {"Round", "math.round round math.rint", parse_unary},
    {"Sign", "math.sign sign", parse_unary},
    {"Erf", "math.erf erf", parse_unary},
    {"Erfc", "math.erfc erfc", parse_unary},
    {"Lgamma", "math.lgamma lgamma", parse_unary},
    {"BitwiseInvert", "bitwise.invert", parse_unary},
    {"BitwiseNot", "", parse_unary},
    {"LogicalNot", "math.logical_not logical_not", parse_unary},
    {"Isnan", "math.is_nan is_nan", parse_unary},
    {"Isinf", "math.is_inf is_inf", parse_unary},
    {"Isfinite", "math.is_finite is_finite", parse_unary},
    {"ZerosLike", "zeros_like compat.v1.zeros_like", parse_filled_like},
    {"OnesLike", "ones_like compat.v1.ones_like", parse_filled_like},
    {"Add", "math.add add __operators__.add", parse_binary},
    {"Subtract", "math.subtract subtract", parse_binary},
    {"Multiply", "math.multiply multiply", parse_binary},
    {"Divide", "math.divide divide", parse_binary},
    {"TrueDivide", "math.truediv truediv compat.v1.div realdiv compat.v1.realdiv", parse_binary},
    {"FloorDivide", "math.floordiv floordiv compat.v1.floor_div compat.v1.floordiv", parse_binary},
    {"Mod", "math.floormod math.mod floormod mod", parse_binary},
    {"Fmod", "truncatemod compat.v1.truncatemod", parse_binary},
    {"BitwiseAnd", "bitwise.bitwise_and", parse_binary},
    {"BitwiseOr", "bitwise.bitwise_or", parse_binary},
    {"BitwiseXor", "bitwise.bitwise_xor", parse_binary},
    {"BitwiseLeftShift", "bitwise.left_shift", parse_binary},
    {"BitwiseRightShift", "bitwise.right_shift", parse_binary},
    {"LeftShift", "", parse_binary},
    {"RightShift", "", parse_binary},
    {"Power", "math.pow pow", parse_binary},
    {"Maximum", "math.maximum maximum", parse_binary},
    {"Minimum", "math.minimum minimum", parse_binary},
    {"SquaredDifference", "math.squared_difference squared_difference", parse_binary},
    {"DivideNoNan", "math.divide_no_nan div_no_nan", parse_binary},
    {"Arctan2", "math.atan2 atan2", parse_binary},
    {"BiasAdd", "nn.bias_add", parse_binary},
    {"AddN", "math.add_n add_n", parse_total},
    {"Equal", "math.equal equal __operators__.eq", parse_binary},
    {"NotEqual", "math.not_equal not_equal __operators__.ne", parse_binary},
    {"Greater", "math.greater greater", parse_binary},
    {"GreaterEqual", "math.greater_equal greater_equal", parse_binary},
    {"Less", "math.less less", parse_binary},
    {"LessEqual", "math.less_equal less_equal", parse_binary},
    {"LogicalAnd", "math.logical_and logical_and __operators__.logical_and", parse_binary},
    {"LogicalOr", "math.logical_or logical_or __operators__.logical_or", parse_binary},
    {"Relu", "nn.relu", parse_activation},
    {"Relu6", "nn.relu6", parse_activation},
    {"Elu", "nn.elu", parse_activation},
    {"Selu", "nn.selu", parse_activation},
    {"Gelu", "nn.gelu", parse_activation},
    {"Silu", "nn.silu nn.swish", parse_activation},
    {"Sigmoid", "math.sigmoid sigmoid nn.sigmoid", parse_activation},
    {"Softplus", "math.softplus nn.softplus", parse_activation},
    {"Softsign", "nn.softsign", parse_activation},
    {"HardSigmoid", "", parse_activation},
    {"HardSilu", "", parse_activation},
    {"HardTanh", "", parse_activation},
    {"HardShrink", "", parse_activation},
    {"SoftShrink", "", parse_activation},
    {"TanhShrink", "", parse_activation},
    {"LogSigmoid", "math.log_sigmoid log_sigmoid", parse_activation},
    {"Celu", "", parse_activation},
    {"LeakyRelu", "nn.leaky_relu", parse_leaky_relu},
    {"Clip", "clip_by_value", parse_clip},
    {"Cast", "cast", parse_cast},
    {"StopGradient", "stop_gradient", parse_same},
    {"Identity", "identity", parse_same},
    {"Where", "where", parse_where},
};

}  // namespace

std::span<const OperationSpec> elementwise_operations() { return kOperations; }

}  // namespace hoarfrost::keras
