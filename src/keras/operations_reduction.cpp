// Operations that make one number of those along axes: sums and their kin, argmax.
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

struct ReductionRow {
  std::string_view name;
  std::string_view op;
  double first;
  double (*next)(double, double);
  bool is_bool = false;
};
constexpr ReductionRow kReductions[] = {
    {"Sum", "Sum", 0, [](double a, double b) { return a + b; }},
    {"Mean", "Mean", 0, [](double a, double b) { return a + b; }},
    {"Prod", "Prod", 1, [](double a, double b) { return a * b; }},
    {"Max", "Max", -HUGE_VAL, [](double a, double b) { return std::max(a, b); }},
    {"Amax", "Max", -HUGE_VAL, [](double a, double b) { return std::max(a, b); }},
    {"Amin", "Min", HUGE_VAL, [](double a, double b) { return std::min(a, b); }},
    {"Min", "Min", HUGE_VAL, [](double a, double b) { return std::min(a, b); }},
    {"Any", "Any", 0, [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }, true},
    {"All", "All", 1, [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }, true},
};

struct Reduction {
  const ReductionRow* row;
  std::optional<std::vector<int64_t>> axes;
  bool keeps;

  Shapes infer(const Shapes& in) const { return {reduced_shape(in.at(0), axes_of(axes, in.at(0)), keeps)}; }

  Values lower(Lowering& lowering, const Values& in) const {
    const std::vector<int64_t> along = axes_of(axes, in[0].shape);
    const Value indices = lowering.ints(fmt::format("{}/reduction_indices", row->op), along);
    if (row->is_bool) {
      return {lowering.raw_op(row->op, row->op, {cast_to(lowering, in[0], DType::kBool), indices}, DType::kBool,
                              {{"keep_dims", keeps}, {"Tidx", DType::kInt32}})};
    }
    if (in[0].dtype == DType::kBool)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("{} of booleans is not converted; cast them first", row->name));
    return {lowering.op(row->op, {in[0], indices}, {{"keep_dims", keeps}, {"Tidx", DType::kInt32}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const std::vector<int64_t> along = axes_of(axes, in[0].shape());
    int64_t n = 1;
    for (const int64_t axis : along) n *= in[0].size(static_cast<int>(axis));
    const auto at = [=, x = in[0], layer = *this](const Index& o) {
      double result = layer.row->first;
      for_each_reduced(x, along, layer.keeps, o,
                       [&](double value, int64_t) { result = layer.row->next(result, value); });
      return layer.row->name == "Mean" ? result / static_cast<double>(n) : result;
    };
    return {{reduced_shape(in[0].shape(), along, keeps), at, static_cast<double>(n)}};
  }
};
std::shared_ptr<const Layer> parse_reduction(OperationCall& call, std::string_view name) {
  call.operand(0, {"x", "input_tensor", "a"});
  auto axes = call.integers(1, {"axis"});
  if (call.number(9, {"initial"})) call.config().unsupported("a reduction with `initial` is not converted");
  if (!call.text(9, {"dtype"}, "").empty()) call.config().unsupported("a reduction with a dtype is not converted");
  return make_operation(Reduction{std::ranges::find(kReductions, name, &ReductionRow::name), std::move(axes),
                                  call.flag(2, {"keepdims", "keep_dims"})});
}

// log Σ exp(x), Σ (x − mean)² / n and its root, √Σ x² and Σ |x|, as TensorFlow 2.15 and Keras 3.15 compute them.
struct Summary {
  enum class Kind { kLogSumExp, kVariance, kDeviation, kEuclidean, kAbsolute } kind;
  std::optional<std::vector<int64_t>> axes;
  bool keeps;

  Shapes infer(const Shapes& in) const { return {reduced_shape(in.at(0), axes_of(axes, in.at(0)), keeps)}; }

  Values lower(Lowering& lowering, const Values& in) const {
    const std::vector<int64_t> along = axes_of(axes, in[0].shape);
    const auto reduce = [&](const char* op, const Value& x, bool keeps_axes) {
      return lowering.op(op, {x, lowering.ints(fmt::format("{}/reduction_indices", op), along)},
                         {{"keep_dims", keeps_axes}, {"Tidx", DType::kInt32}});
    };
    if (!is_floating(in[0].dtype))
      throw Error(ErrorCode::kUnsupported, "", "of whole numbers it is not converted; cast them first");
    if (kind == Kind::kAbsolute) return {reduce("Sum", lowering.op("Abs", {in[0]}), keeps)};
    if (kind == Kind::kEuclidean) return {lowering.op("Sqrt", {reduce("Sum", lowering.op("Square", {in[0]}), keeps)})};
    if (kind == Kind::kLogSumExp) {
      const Value largest = reduce("Max", in[0], true);
      const Value sum = reduce("Sum", lowering.op("Exp", {lowering.op("Sub", {in[0], largest})}), keeps);
      return {lowering.op("Add", {lowering.op("Log", {sum}), keeps ? largest : reduce("Max", in[0], false)})};
    }
    const Value square = lowering.op("Square", {lowering.op("Sub", {in[0], reduce("Mean", in[0], true)})});
    const Value variance = reduce("Mean", square, keeps);
    return {kind == Kind::kVariance ? variance : lowering.op("Sqrt", {variance})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const std::vector<int64_t> along = axes_of(axes, in[0].shape());
    double n = 1;
    for (const int64_t axis : along) n *= static_cast<double>(in[0].size(static_cast<int>(axis)));
    const auto at = [=, x = in[0], what = *this](const Index& o) {
      double largest = -HUGE_VAL, total = 0, result = 0;
      for_each_reduced(x, along, what.keeps, o, [&](double value, int64_t) {
        largest = std::max(largest, value);
        total += value;
      });
      for_each_reduced(x, along, what.keeps, o, [&](double value, int64_t) {
        if (what.kind == Kind::kLogSumExp)
          result += std::exp(value - largest);
        else if (what.kind == Kind::kAbsolute)
          result += std::abs(value);
        else if (what.kind == Kind::kEuclidean)
          result += value * value;
        else
          result += (value - total / n) * (value - total / n);
      });
      if (what.kind == Kind::kLogSumExp) return std::log(result) + largest;
      if (what.kind == Kind::kAbsolute) return result;
      if (what.kind == Kind::kEuclidean) return std::sqrt(result);
      return what.kind == Kind::kVariance ? result / n : std::sqrt(result / n);
    };
    return {{reduced_shape(in[0].shape(), along, keeps), at, 2 * n}};
  }
};
std::shared_ptr<const Layer> parse_summary(OperationCall& call, std::string_view name) {
  call.operand(0, {"x", "input_tensor", "tensor"});
  Summary::Kind kind = name == "Logsumexp" ? Summary::Kind::kLogSumExp
                       : name == "Var"     ? Summary::Kind::kVariance
                       : name == "Std"     ? Summary::Kind::kDeviation
                                           : Summary::Kind::kEuclidean;
  size_t next = call.is_keras3() ? 9 : 1;
  if (name == "Norm") {  // tf.norm(tensor, ord, axis, keepdims)
    const Json* order = call.find(next++, {"ord"});
    const bool is_two = order == nullptr || *order == "euclidean" || *order == "fro" || *order == 2;
    if (order != nullptr && *order == 1)
      kind = Summary::Kind::kAbsolute;
    else if (!is_two)
      call.config().unsupported(fmt::format("a norm of order {} is not converted; 1 and 2 are", order->dump()));
  }
  auto axes = call.integers(next, {"axis"});
  const Json* order = name == "Norm" ? call.find(9, {"ord"}) : nullptr;
  const bool is_of_matrix = order != nullptr && order->is_number() && (!axes || axes->size() > 1);
  if (is_of_matrix) call.config().unsupported("a matrix norm is not converted; one along an axis is");
  return make_operation(Summary{kind, std::move(axes), call.flag(next == 9 ? 9 : next + 1, {"keepdims"})});
}

// The place of the first largest (or smallest).
struct Extreme {
  std::string_view op;
  int64_t axis;
  DType dtype;
  Shapes infer(const Shapes& in) const { return {reduced_shape(in.at(0), axes_of({{axis}}, in.at(0)), false)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    const Value dimension = lowering.int_scalar(fmt::format("{}/dimension", op), axis);
    Value result =
        lowering.raw_op(op, op, {in[0], dimension}, DType::kInt64, {{"T", in[0].dtype}, {"Tidx", DType::kInt32}});
    return {cast_to(lowering, result, dtype)};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const std::vector<int64_t> along = axes_of({{axis}}, in[0].shape());
    const auto at = [=, x = in[0], sign = op == "ArgMax" ? 1.0 : -1.0](const Index& o) {
      double best = -HUGE_VAL;
      int64_t place = 0;
      for_each_reduced(x, along, false, o, [&](double value, int64_t i) {
        if (sign * value > best) {
          best = sign * value;
          place = i;
        }
      });
      return static_cast<double>(place);
    };
    return {{reduced_shape(in[0].shape(), along, false), at, 1}};
  }
};
std::shared_ptr<const Layer> parse_extreme(OperationCall& call, std::string_view name) {
  call.operand(0, {"x", "input"});
  const auto axis = call.integer(1, {"axis"});
  if (!axis && call.is_keras3()) call.config().unsupported("argmax without an axis is not converted");
  if (call.flag(2, {"keepdims"})) call.config().unsupported("argmax with keepdims is not converted");
  const std::string dtype = call.text(9, {"output_type"}, call.is_keras3() ? "int32" : "int64");
  return make_operation(Extreme{name == "Argmax" ? "ArgMax" : "ArgMin", axis.value_or(0),
                                dtype_from_name(dtype).value_or(DType::kInt64)});
}

}  // namespace

std::span<const OperationSpec> reduction_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Sum", "math.reduce_sum reduce_sum compat.v1.reduce_sum", parse_reduction},
      {"Mean", "math.reduce_mean reduce_mean compat.v1.reduce_mean", parse_reduction},
      {"Prod", "math.reduce_prod reduce_prod compat.v1.reduce_prod", parse_reduction},
      {"Max", "math.reduce_max reduce_max compat.v1.reduce_max", parse_reduction},
      {"Min", "math.reduce_min reduce_min compat.v1.reduce_min", parse_reduction},
      {"Any", "math.reduce_any reduce_any compat.v1.reduce_any", parse_reduction},
      {"All", "math.reduce_all reduce_all compat.v1.reduce_all", parse_reduction},
      {"Amax", "", parse_reduction},
      {"Amin", "", parse_reduction},
      {"Logsumexp", "math.reduce_logsumexp reduce_logsumexp compat.v1.reduce_logsumexp", parse_summary},
      {"Var", "math.reduce_variance", parse_summary},
      {"Std", "math.reduce_std", parse_summary},
      {"Norm", "norm linalg.norm compat.v1.norm", parse_summary},
      {"EuclideanNorm", "math.reduce_euclidean_norm", parse_summary},
      {"Argmax", "math.argmax argmax compat.v1.argmax", parse_extreme},
      {"Argmin", "math.argmin argmin compat.v1.argmin", parse_extreme},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
