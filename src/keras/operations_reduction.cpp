// Operations along axes: sums and their kin, softmax, l2_normalize, argmax.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

// Axes from the first, ascending; all of them for none.
std::vector<int64_t> axes_of(const std::optional<std::vector<int64_t>>& axes, const Shape& x) {
  std::vector<int64_t> result;
  for (int64_t axis = 0; !axes && axis < x.rank(); ++axis) result.push_back(axis);
  if (axes) {
    for (const int64_t axis : *axes) result.push_back(static_cast<int64_t>(x.normalized(static_cast<int>(axis))));
  }
  std::ranges::sort(result);
  return result;
}

Shape reduced_shape(const Shape& x, const std::vector<int64_t>& axes, bool keeps) {
  Shape result;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool is_reduced = std::ranges::find(axes, axis) != axes.end();
    if (!is_reduced)
      result.push_back(x[axis]);
    else if (keeps)
      result.push_back(1);
  }
  return result;
}

// Calls visit with each element of x that goes into the output at o.
template <typename Visit>
void for_each_reduced(const Array& x, const std::vector<int64_t>& axes, bool keeps, const Index& o,
                      const Visit& visit) {
  Shape group;
  for (const int64_t axis : axes) group.push_back(x.size(static_cast<int>(axis)));
  Index at;
  int next = 0;
  for (int axis = 0; axis < x.shape().rank(); ++axis) {
    const bool is_reduced = std::ranges::find(axes, axis) != axes.end();
    at.push_back(is_reduced ? 0 : o[next]);
    if (!is_reduced || keeps) ++next;
  }
  for (int64_t i = 0; i < group.n_elements(); ++i) {
    const Index within = Index::at_offset(group, i);
    for (size_t k = 0; k < axes.size(); ++k) at[static_cast<int>(axes[k])] = within[static_cast<int>(k)];
    visit(x[at], i);
  }
}

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
  using Kind = Summary::Kind;
  call.operand(0, {"x", "input_tensor", "tensor"});
  Kind kind = name == "Logsumexp" ? Kind::kLogSumExp
              : name == "Var"     ? Kind::kVariance
              : name == "Std"     ? Kind::kDeviation
                                  : Kind::kEuclidean;
  size_t next = call.is_keras3() ? 9 : 1;
  if (name == "Norm") {  // tf.norm(tensor, ord, axis, keepdims)
    const Json* order = call.find(next++, {"ord"});
    const bool is_two = order == nullptr || *order == "euclidean" || *order == "fro" || *order == 2;
    if (order != nullptr && *order == 1)
      kind = Kind::kAbsolute;
    else if (!is_two)
      call.config().unsupported(fmt::format("a norm of order {} is not converted; 1 and 2 are", order->dump()));
  }
  auto axes = call.integers(next, {"axis"});
  const Json* order = name == "Norm" ? call.find(9, {"ord"}) : nullptr;
  const bool is_of_matrix = order != nullptr && order->is_number() && (!axes || axes->size() > 1);
  if (is_of_matrix) call.config().unsupported("a matrix norm is not converted; one along an axis is");
  return make_operation(Summary{kind, std::move(axes), call.flag(next == 9 ? 9 : next + 1, {"keepdims"})});
}

// Along one axis, the sum (or product) of what comes up to each element.
struct Running {
  std::string_view op;
  int64_t axis;
  bool is_exclusive;
  bool is_reverse;

  Shapes infer(const Shapes& in) const {
    (void)in.at(0).normalized(static_cast<int>(axis));
    return {in[0]};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    return {lowering.op(op, {in[0], lowering.int_scalar(fmt::format("{}/axis", op), axis)},
                        {{"exclusive", is_exclusive}, {"reverse", is_reverse}, {"Tidx", DType::kInt32}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const int along = static_cast<int>(in[0].shape().normalized(static_cast<int>(axis)));
    const auto at = [=, x = in[0], what = *this](const Index& o) {
      const bool is_sum = what.op == "Cumsum";
      double result = is_sum ? 0 : 1;
      const int64_t n = x.size(along), own = what.is_reverse ? n - 1 - o[along] : o[along];
      for (int64_t k = 0; k < own + (what.is_exclusive ? 0 : 1); ++k) {
        const double value = x[o.with(along, what.is_reverse ? n - 1 - k : k)];
        result = is_sum ? result + value : result * value;
      }
      return result;
    };
    return {{in[0].shape(), at, static_cast<double>(in[0].size(along))}};
  }
};
std::shared_ptr<const Layer> parse_running(OperationCall& call, std::string_view name) {
  call.operand(0, {"x"});
  const auto axis = call.integer(call.is_keras3() ? 9 : 1, {"axis"});
  if (!axis && call.is_keras3()) call.config().unsupported("cumsum without an axis is not converted");
  if (!call.text(9, {"dtype"}, "").empty()) call.config().unsupported("cumsum with a dtype is not converted");
  const std::string_view op = name == "Cumsum" ? "Cumsum" : "Cumprod";
  return make_operation(Running{op, axis.value_or(0), call.flag(2, {"exclusive"}), call.flag(3, {"reverse"})});
}

// exp(x) over its sum along one axis. TensorFlow's op takes the last, which another changes places with.
struct Softmax {
  int64_t axis;
  bool is_log;

  Shapes infer(const Shapes& in) const {
    (void)in.at(0).normalized(static_cast<int>(axis));
    return {in[0]};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    const std::string op = is_log ? "LogSoftmax" : "Softmax";
    const int rank = in[0].shape.rank();
    const auto along = static_cast<int64_t>(in[0].shape.normalized(static_cast<int>(axis)));
    if (along == rank - 1) return {lowering.op(op, {in[0]})};
    std::vector<int64_t> permutation;
    for (int64_t i = 0; i < rank; ++i) permutation.push_back(i);
    std::swap(permutation[static_cast<size_t>(along)], permutation.back());
    const auto transpose = [&](std::string_view name, const Value& x) {
      return lowering.named_op(name, "Transpose", {x, lowering.ints(fmt::format("{}/perm", name), permutation)},
                               {{"Tperm", DType::kInt32}});
    };
    return {transpose("transpose_1", lowering.op(op, {transpose("transpose", in[0])}))};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const int along = static_cast<int>(in[0].shape().normalized(static_cast<int>(axis)));
    const auto at = [=, x = in[0], log = is_log](const Index& o) {
      double sum = 0;
      for (int64_t i = 0; i < x.size(along); ++i) sum += std::exp(x[o.with(along, i)] - x[o]);
      return log ? -std::log(sum) : 1 / sum;
    };
    return {{in[0].shape(), at, static_cast<double>(in[0].size(along))}};
  }
};
std::shared_ptr<const Layer> parse_softmax(OperationCall& call, std::string_view name) {
  call.operand(0, {"x", "logits"});
  return make_operation(Softmax{call.integer(1, {"axis"}).value_or(-1), name == "LogSoftmax"});
}

// x / sqrt(max(Σx², epsilon)). TensorFlow 2.15: math.l2_normalize; Keras 3.15: ops.normalize of order 2, whose 1e-12 is
// the same.
struct Normalize {
  std::optional<std::vector<int64_t>> axes;
  double epsilon;

  Shapes infer(const Shapes& in) const { return {in.at(0)}; }
  Values lower(Lowering& lowering, const Values& in) const {
    const Value square = lowering.op("Square", {in[0]});
    const Value sum = lowering.op("Sum", {square, lowering.ints("Sum/reduction_indices", axes_of(axes, in[0].shape))},
                                  {{"keep_dims", true}, {"Tidx", DType::kInt32}});
    const Value bounded = lowering.op("Maximum", {sum, lowering.scalar("Maximum/y", epsilon, in[0])});
    return {lowering.op("Mul", {in[0], lowering.op("Rsqrt", {bounded})})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const std::vector<int64_t> along = axes_of(axes, in[0].shape());
    const auto at = [=, x = in[0], least = epsilon](const Index& o) {
      double sum = 0;
      for_each_reduced(x, along, true, o, [&](double value, int64_t) { sum += value * value; });
      return x[o] / std::sqrt(std::max(sum, least));
    };
    int64_t n = 1;
    for (const int64_t axis : along) n *= in[0].size(static_cast<int>(axis));
    return {{in[0].shape(), at, static_cast<double>(n)}};
  }
};
std::shared_ptr<const Layer> parse_normalize(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x"});
  auto axes = call.integers(1, {"axis"});
  if (call.number(2, {"order"}).value_or(2) != 2 && call.is_keras3())
    call.config().unsupported("normalize of another order than 2 is not converted");
  return make_operation(
      Normalize{std::move(axes), call.is_keras3() ? 1e-12 : call.number(9, {"epsilon"}).value_or(1e-12)});
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

constexpr OperationSpec kOperations[] = {
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
    {"Cumsum", "math.cumsum cumsum", parse_running},
    {"Cumprod", "math.cumprod cumprod", parse_running},
    {"Softmax", "nn.softmax compat.v1.nn.softmax", parse_softmax},
    {"LogSoftmax", "nn.log_softmax compat.v1.nn.log_softmax", parse_softmax},
    {"Normalize", "math.l2_normalize linalg.l2_normalize nn.l2_normalize compat.v1.nn.l2_normalize", parse_normalize},
    {"Argmax", "math.argmax argmax compat.v1.argmax", parse_extreme},
    {"Argmin", "math.argmin argmin compat.v1.argmin", parse_extreme},
};

}  // namespace

std::span<const OperationSpec> reduction_operations() { return kOperations; }

}  // namespace hoarfrost::keras
