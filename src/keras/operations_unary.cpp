// Operations on each element of one tensor: TensorFlow's op of the same meaning, and the number it stands for.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/axes.h"
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

struct Clip {
  Shapes infer(const Shapes& in) const { return {in.at(0)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    const Value low = cast_to(lowering, in[1], in[0].dtype);
    const Value high = cast_to(lowering, in[2], in[0].dtype);
    return {lowering.named_op("Maximum", "Maximum", {lowering.named_op("Minimum", "Minimum", {in[0], high}), low})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], a = in[1], b = in[2]](const Index& o) {
      return std::max(std::min(x[o], broadcast_element(b, o)), broadcast_element(a, o));
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

}  // namespace

std::span<const OperationSpec> unary_operations() {
  static constexpr OperationSpec kOperations[] = {
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
      {"Clip", "clip_by_value", parse_clip},
      {"Cast", "cast", parse_cast},
      {"StopGradient", "stop_gradient", parse_same},
      {"Identity", "identity", parse_same},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
