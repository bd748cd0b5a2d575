// Arithmetic of quantizers, as nodes under one name.
#pragma once

#include <fmt/format.h>

#include <string>

#include "keras/activations.h"
#include "keras/lowering.h"
#include "keras/recurrent.h"

namespace hoarfrost::keras {

constexpr double kEpsilon = 1e-7;  // keras.backend.epsilon()

class QuantizerNodes {
 public:
  QuantizerNodes(Lowering& lowering, std::string name) : lowering_(&lowering), name_(std::move(name)) {}

  [[nodiscard]] Value op(std::string_view op, const Value& x) const {
    return shaped(lowering_->named_op(name_of(op), op, {x}), x);
  }
  // The result has a's shape, into which b's is spread.
  [[nodiscard]] Value op(std::string_view op, const Value& a, const Value& b) const {
    return shaped(lowering_->named_op(name_of(op), op, {a, b}), a);
  }
  [[nodiscard]] Value op(std::string_view op, const Value& a, double b) const {
    return this->op(op, a, scalar(op, b, a));
  }
  // x · factor; x itself by 1.
  [[nodiscard]] Value times(const Value& x, double factor) const { return factor == 1 ? x : op("Mul", x, factor); }
  [[nodiscard]] Value clip(const Value& x, double low, double high) const {
    return op("Maximum", op("Minimum", x, high), low);
  }
  // base to the power of x.
  [[nodiscard]] Value power(double base, const Value& x) const {
    return shaped(lowering_->named_op(name_of("Pow"), "Pow", {scalar("Pow", base, x), x}), x);
  }
  // 1 where `op` (GreaterEqual, Less) holds, 0 elsewhere, in a's type.
  [[nodiscard]] Value truth(std::string_view op, const Value& a, const Value& b) const {
    const Value truth = lowering_->raw_op(name_of(op), op, {a, b}, DType::kBool, {{"T", a.dtype}});
    return shaped(
        lowering_->raw_op(name_of("Cast"), "Cast", {truth}, a.dtype, {{"SrcT", DType::kBool}, {"DstT", a.dtype}}), a);
  }
  // Mean or Max along the axes, which stay as ones.
  [[nodiscard]] Value reduce(std::string_view op, const Value& x, const std::vector<int64_t>& axes) const {
    return lowering_->named_op(name_of(op), op, {x, lowering_->ints(name_of("reduction_indices"), axes)},
                               {{"keep_dims", true}, {"Tidx", DType::kInt32}});
  }
  // The sign of x, that of zero being 1.
  [[nodiscard]] Value sign(const Value& x) const {
    const Value sign = op("Sign", x);
    return op("Add", sign,
              shaped(lowering_->named_op(name_of("Sub"), "Sub", {scalar("Sub", 1, x), op("Abs", sign)}), x));
  }
  [[nodiscard]] Value scalar(std::string_view op, double value, const Value& like) const {
    return lowering_->scalar(name_of(op) + "/y", value, like);
  }

 private:
  [[nodiscard]] std::string name_of(std::string_view op) const { return fmt::format("{}/{}", name_, op); }
  static Value shaped(Value result, const Value& x) {
    result.shape = x.shape;
    return result;
  }

  Lowering* lowering_;
  std::string name_;
};

}  // namespace hoarfrost::keras
