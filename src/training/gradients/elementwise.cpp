// Elementwise functions of one and two inputs: the derivative of each by the chain rule, summed back where an input was
// broadcast.
#include <numbers>

#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {

using Gradients = std::vector<Endpoint>;

// A row of one input: f(dy, x, y) gives dx.
template <auto f>
Gradients unary(const Flow& flow) {
  return {f(flow.dy(), flow.x(), flow.y())};
}

// A row of two inputs: a(dy, x, y, z) and b(dy, x, y, z) give their gradients, z being the output.
template <auto a, auto b>
Gradients binary(const Flow& flow) {
  const Term dz = flow.dy(), x = flow.x(0), y = flow.x(1), z = flow.y();
  Gradients result(2);
  if (flow.is_wanted[0]) result[0] = flow.builder.unbroadcast(a(dz, x, y, z), flow.shape(0));
  if (flow.is_wanted[1]) result[1] = flow.builder.unbroadcast(b(dz, x, y, z), flow.shape(1));
  return result;
}

Term square(const Term& x) { return x.apply("Square"); }
Term masked(std::string_view comparison, const Term& a, const Term& b, const Term& dz) {
  const Endpoint mask = a.builder->add(comparison, {a, b});
  return {dz.builder, dz.builder->add("SelectV2", {mask, dz, dz.apply("ZerosLike")}, {{"T", dz.builder->dtype(dz)}})};
}

Gradients leaky_relu(const Flow& flow) {
  const Term dy = flow.dy(), x = flow.x();
  const double alpha = flow.node.get_or<float>("alpha", 0.2F);
  const Endpoint mask = flow.builder.add("Greater", {x, x.number(0)});
  return {flow.builder.add("SelectV2", {mask, dy, dy * alpha}, {{"T", flow.builder.dtype(dy)}})};
}

// y < 0 exactly where x < 0, and there scale · alpha · exp(x) = y + scale · alpha.
Gradients selu(const Flow& flow) {
  constexpr double kScale = 1.0507009873554804934193349852946, kAlpha = 1.6732632423543772848170429916717;
  const Term dy = flow.dy(), y = flow.y();
  const Endpoint mask = flow.builder.add("Less", {y, y.number(0)});
  return {
      flow.builder.add("SelectV2", {mask, dy * (y + kScale * kAlpha), dy * kScale}, {{"T", flow.builder.dtype(dy)}})};
}

Gradients add_n(const Flow& flow) { return Gradients(flow.node.inputs.size(), flow.dy()); }

constexpr double kErf = 2 * std::numbers::inv_sqrtpi;

}  // namespace

std::span<const GradientSpec> elementwise_gradients() {
  static constexpr GradientSpec kGradients[] = {
      {"Relu", unary<[](Term dy, Term x, Term) { return binary("ReluGrad", dy, x); }>},
      {"Relu6", unary<[](Term dy, Term x, Term) { return binary("Relu6Grad", dy, x); }>},
      {"Elu", unary<[](Term dy, Term, Term y) { return binary("EluGrad", dy, y); }>},
      {"Selu", selu},
      {"LeakyRelu", leaky_relu},
      {"Sigmoid", unary<[](Term dy, Term, Term y) { return binary("SigmoidGrad", y, dy); }>},
      {"Tanh", unary<[](Term dy, Term, Term y) { return binary("TanhGrad", y, dy); }>},
      {"Softplus", unary<[](Term dy, Term x, Term) { return dy * x.apply("Sigmoid"); }>},
      {"Softsign", unary<[](Term dy, Term x, Term) { return dy / square(x.apply("Abs") + 1.0); }>},
      {"Exp", unary<[](Term dy, Term, Term y) { return dy * y; }>},
      {"Expm1", unary<[](Term dy, Term, Term y) { return dy * (y + 1.0); }>},
      {"Log", unary<[](Term dy, Term x, Term) { return dy / x; }>},
      {"Log1p", unary<[](Term dy, Term x, Term) { return dy / (x + 1.0); }>},
      {"Neg", unary<[](Term dy, Term, Term) { return -dy; }>},
      {"Abs", unary<[](Term dy, Term x, Term) { return dy * x.apply("Sign"); }>},
      {"Square", unary<[](Term dy, Term x, Term) { return dy * x * 2.0; }>},
      {"Sqrt", unary<[](Term dy, Term, Term y) { return dy * 0.5 / y; }>},
      {"Rsqrt", unary<[](Term dy, Term, Term y) { return dy * square(y) * y * -0.5; }>},
      {"Reciprocal", unary<[](Term dy, Term, Term y) { return -(dy * square(y)); }>},
      {"Inv", unary<[](Term dy, Term, Term y) { return -(dy * square(y)); }>},
      {"Erf", unary<[](Term dy, Term x, Term) { return dy * (-square(x)).apply("Exp") * kErf; }>},
      {"Erfc", unary<[](Term dy, Term x, Term) { return dy * (-square(x)).apply("Exp") * -kErf; }>},
      {"Sin", unary<[](Term dy, Term x, Term) { return dy * x.apply("Cos"); }>},
      {"Cos", unary<[](Term dy, Term x, Term) { return -(dy * x.apply("Sin")); }>},
      {"Tan", unary<[](Term dy, Term, Term y) { return dy * (square(y) + 1.0); }>},
      {"Sinh", unary<[](Term dy, Term x, Term) { return dy * x.apply("Cosh"); }>},
      {"Cosh", unary<[](Term dy, Term x, Term) { return dy * x.apply("Sinh"); }>},
      {"Asin", unary<[](Term dy, Term x, Term) { return dy / (1.0 - square(x)).apply("Sqrt"); }>},
      {"Acos", unary<[](Term dy, Term x, Term) { return -(dy / (1.0 - square(x)).apply("Sqrt")); }>},
      {"Atan", unary<[](Term dy, Term x, Term) { return dy / (square(x) + 1.0); }>},
      {"Asinh", unary<[](Term dy, Term x, Term) { return dy / (square(x) + 1.0).apply("Sqrt"); }>},
      {"Acosh", unary<[](Term dy, Term x, Term) { return dy / (square(x) + -1.0).apply("Sqrt"); }>},
      {"Atanh", unary<[](Term dy, Term x, Term) { return dy / (1.0 - square(x)); }>},
      {"Add", binary<[](Term dz, Term, Term, Term) { return dz; }, [](Term dz, Term, Term, Term) { return dz; }>},
      {"AddV2", binary<[](Term dz, Term, Term, Term) { return dz; }, [](Term dz, Term, Term, Term) { return dz; }>},
      {"AddN", add_n},
      {"Sub", binary<[](Term dz, Term, Term, Term) { return dz; }, [](Term dz, Term, Term, Term) { return -dz; }>},
      {"Mul",
       binary<[](Term dz, Term, Term y, Term) { return dz * y; }, [](Term dz, Term x, Term, Term) { return dz * x; }>},
      {"Div", binary<[](Term dz, Term, Term y, Term) { return dz / y; },
                     [](Term dz, Term, Term y, Term z) { return -(dz * z / y); }>},
      {"RealDiv", binary<[](Term dz, Term, Term y, Term) { return dz / y; },
                         [](Term dz, Term, Term y, Term z) { return -(dz * z / y); }>},
      {"DivNoNan", binary<[](Term dz, Term, Term y, Term) { return binary("DivNoNan", dz, y); },
                          [](Term dz, Term, Term y, Term z) { return -binary("DivNoNan", dz * z, y); }>},
      {"Maximum", binary<[](Term dz, Term x, Term y, Term) { return masked("GreaterEqual", x, y, dz); },
                         [](Term dz, Term x, Term y, Term) { return masked("Less", x, y, dz); }>},
      {"Minimum", binary<[](Term dz, Term x, Term y, Term) { return masked("LessEqual", x, y, dz); },
                         [](Term dz, Term x, Term y, Term) { return masked("Greater", x, y, dz); }>},
      {"Pow", binary<[](Term dz, Term x, Term y, Term) { return dz * y * binary("Pow", x, y + -1.0); },
                     [](Term dz, Term x, Term, Term z) {  // 0 where x is not above 0, as TensorFlow's
                       return masked("Greater", x, x.number(0),
                                     dz * z * binary("Maximum", x, x.number(1e-300)).apply("Log"));
                     }>},
      {"SquaredDifference", binary<[](Term dz, Term x, Term y, Term) { return dz * (x - y) * 2.0; },
                                   [](Term dz, Term x, Term y, Term) { return dz * (y - x) * 2.0; }>},
  };
  return kGradients;
}

}  // namespace hoarfrost::training
