// Operations on the elements of two tensors that meet by NumPy's broadcasting: TensorFlow's op of the same meaning, and
// the number it stands for.
#include <algorithm>
#include <cmath>

#include "keras/axes.h"
#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

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
    const auto at = [a = in[0], b = in[1], of = row->of](const Index& o) {
      return of(broadcast_element(a, o), broadcast_element(b, o));
    };
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

}  // namespace

std::span<const OperationSpec> binary_operations() {
  static constexpr OperationSpec kOperations[] = {
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
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
