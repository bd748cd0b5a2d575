// Products of matrices.
#include "onnx/translation.h"

namespace hoarfrost::onnx {
namespace {

using graph::Endpoint;
using graph::Node;

// With its last two axes exchanged.
std::string turned(Translation& t, Endpoint endpoint) {
  const int rank = t.shape(endpoint).rank();
  std::vector<int64_t> order;
  for (int64_t axis = 0; axis < rank; ++axis) order.push_back(axis);
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return t.step("Transpose", {t.value(endpoint)}, {{"perm", order}});
}

void product(Translation& t, Node& node) {
  const bool is_batch = node.op() != "MatMul";
  const auto operand = [&](size_t i, const char* plain, const char* adjoint) {
    const bool is_turned = node.get_or<bool>(is_batch ? adjoint : plain, false);
    return is_turned ? turned(t, node.input(i)) : t.value(node.input(i));
  };
  const std::string a = operand(0, "transpose_a", "adj_x");
  t.emit(node.output(), "MatMul", {a, operand(1, "transpose_b", "adj_y")});
}

void einsum(Translation& t, Node& node) {
  std::vector<std::string> inputs;
  for (const Endpoint& input : node.inputs) inputs.push_back(t.value(input));
  t.emit(node.output(), "Einsum", inputs, {{"equation", node.get<std::string>("equation")}});
}

constexpr OpTranslation kOps[] = {
    {"MatMul", product}, {"BatchMatMul", product}, {"BatchMatMulV2", product}, {"Einsum", einsum}};

}  // namespace

std::span<const OpTranslation> product_translations() { return kOps; }

}  // namespace hoarfrost::onnx
