// Matrix products, Einsum and BiasAdd.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {

using Gradients = std::vector<Endpoint>;

// The gradients of op(a) · op(b), op being a transposition or none. multiply(x, transposed x, y, transposed y).
template <typename F>
Gradients product(const Flow& flow, bool ta, bool tb, F multiply) {
  const Endpoint a = flow.x(0), b = flow.x(1), dy = flow.dy();
  Gradients result(2);
  if (flow.is_wanted[0]) result[0] = ta ? multiply(b, tb, dy, true) : multiply(dy, false, b, !tb);
  if (flow.is_wanted[1]) result[1] = tb ? multiply(dy, true, a, ta) : multiply(a, !ta, dy, false);
  return result;
}

Gradients mat_mul(const Flow& flow) {
  return product(flow, flow.node.get_or<bool>("transpose_a", false), flow.node.get_or<bool>("transpose_b", false),
                 [&](Endpoint x, bool tx, Endpoint y, bool ty) {
                   return flow.builder.add("MatMul", {x, y}, {{"transpose_a", tx}, {"transpose_b", ty}});
                 });
}

Gradients batch_mat_mul(const Flow& flow) {
  auto result = product(flow, flow.node.get_or<bool>("adj_x", false), flow.node.get_or<bool>("adj_y", false),
                        [&](Endpoint x, bool tx, Endpoint y, bool ty) {
                          return flow.builder.add("BatchMatMulV2", {x, y}, {{"adj_x", tx}, {"adj_y", ty}});
                        });
  for (size_t i = 0; i < 2; ++i) {
    if (result[i]) result[i] = flow.builder.unbroadcast(result[i], flow.shape(i));
  }
  return result;
}

Gradients bias_add(const Flow& flow) {
  const auto format = flow.node.get_or<std::string>("data_format", "NHWC");
  return {flow.dy(),
          flow.is_wanted[1] ? flow.builder.add("BiasAddGrad", {flow.dy()}, {{"data_format", format}}) : Endpoint{}};
}

bool has_repeated(const std::string& axes) {
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes.find(axes[i], i + 1) != std::string::npos) return true;
  }
  return false;
}

// Of "ab,bc->ac" by the first input "ac,bc->ab": the output's gradient stands in the input's place. Exact where each
// axis of the input is one of another input's or of the output's, once.
Gradients einsum(const Flow& flow) {
  const auto equation = flow.node.get<std::string>("equation");
  const size_t arrow = equation.find("->");
  const size_t comma = equation.find(',');
  const auto refuse = [&] {
    throw Error(ErrorCode::kUnsupported, fmt::format("node `{}`", flow.node.name()),
                fmt::format("Einsum `{}` has no gradient: the model cannot be trained", equation));
  };
  if (arrow == std::string::npos || equation.find('.') != std::string::npos) refuse();
  const std::string out = equation.substr(arrow + 2);
  std::vector<std::string> in{equation.substr(0, std::min(comma, arrow))};
  if (comma != std::string::npos) in.push_back(equation.substr(comma + 1, arrow - comma - 1));
  Gradients result(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    const std::string other = in.size() == 2 ? in[1 - i] : "";
    if (has_repeated(in[i]) || has_repeated(other) || (out + other).find_first_of(in[i]) == std::string::npos) refuse();
    for (const char axis : in[i]) {
      if ((out + other).find(axis) == std::string::npos) refuse();
    }
    if (!flow.is_wanted[i]) continue;
    std::vector<Endpoint> inputs{flow.dy()};
    if (in.size() == 2) inputs.push_back(flow.x(1 - i));
    const auto n = static_cast<int64_t>(inputs.size());
    result[i] = flow.builder.add(
        "Einsum", inputs, {{"N", n}, {"equation", fmt::format("{}{}{}->{}", out, n == 2 ? "," : "", other, in[i])}});
  }
  return result;
}

}  // namespace

std::span<const GradientSpec> product_gradients() {
  static constexpr GradientSpec kGradients[] = {
      {"MatMul", mat_mul},   {"BatchMatMul", batch_mat_mul}, {"BatchMatMulV2", batch_mat_mul},
      {"BiasAdd", bias_add}, {"BiasAddV1", bias_add},        {"Einsum", einsum},
  };
  return kGradients;
}

}  // namespace hoarfrost::training
