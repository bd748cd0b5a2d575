// Softmax along an axis, and vectors brought to the length 1.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "keras/axes.h"
#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

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

}  // namespace

std::span<const OperationSpec> normalization_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Softmax", "nn.softmax compat.v1.nn.softmax", parse_softmax},
      {"LogSoftmax", "nn.log_softmax compat.v1.nn.log_softmax", parse_softmax},
      {"Normalize", "math.l2_normalize linalg.l2_normalize nn.l2_normalize compat.v1.nn.l2_normalize", parse_normalize},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
