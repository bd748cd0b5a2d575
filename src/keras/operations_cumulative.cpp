// Sums and products of what comes up to each element: cumsum, cumprod.
#include <fmt/format.h>

#include <algorithm>

#include "keras/axes.h"
#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

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

}  // namespace

std::span<const OperationSpec> cumulative_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"Cumsum", "math.cumsum cumsum", parse_running},
      {"Cumprod", "math.cumprod cumprod", parse_running},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
