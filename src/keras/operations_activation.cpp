// Activation functions as operations.
#include <fmt/format.h>

#include "keras/activations.h"
#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

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

}  // namespace

std::span<const OperationSpec> activation_operations() {
  static constexpr OperationSpec kOperations[] = {
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
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
