#include "runtime/kernels/activation.h"

namespace hoarfrost::runtime {

std::optional<Activation> activation_of(const graph::Node& node) {
  using dnnl::algorithm;
  struct Row {
    const char* op;
    algorithm function;
    float alpha, beta;
  };
  static constexpr Row kRows[] = {
      {"Relu", algorithm::eltwise_relu, 0, 0},
      {"Relu6", algorithm::eltwise_clip, 0, 6},
      {"Elu", algorithm::eltwise_elu, 1, 0},
      {"Sigmoid", algorithm::eltwise_logistic, 0, 0},
      {"Tanh", algorithm::eltwise_tanh, 0, 0},
      {"Exp", algorithm::eltwise_exp, 0, 0},  // eltwise_log is wrong by 3e-6 next to 1, where the logarithm is near 0
      {"Abs", algorithm::eltwise_abs, 0, 0},
      {"Neg", algorithm::eltwise_linear, -1, 0},
      {"Square", algorithm::eltwise_square, 0, 0},
      {"Sqrt", algorithm::eltwise_sqrt, 0, 0},
      {"Rsqrt", algorithm::eltwise_pow, 1, -0.5F},
      {"Reciprocal", algorithm::eltwise_pow, 1, -1},
  };
  for (const Row& row : kRows) {
    if (node.op() == row.op) return Activation{row.function, row.alpha, row.beta};
  }
  if (node.op() == "LeakyRelu") return Activation{algorithm::eltwise_relu, node.get_or<float>("alpha", 0.2F), 0};
  return {};
}

}  // namespace hoarfrost::runtime
