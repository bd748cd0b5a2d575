#include "keras/mu_law.h"

#include <fmt/format.h>

namespace hoarfrost::keras {

MuLaw MuLaw::parse(const Config& config) {
  const int64_t n_channels = config.get_int({"quantization_channels"});
  if (n_channels < 2) config.fail(fmt::format("quantization_channels must be 2 or more, found {}", n_channels));
  return {static_cast<double>(n_channels) - 1};
}

Shapes MuLaw::infer(const Shapes& in) const {
  expect_inputs(in, 1);
  return in;
}

Value with_number(Lowering& lowering, const std::string& name, std::string_view op, const Value& a, double b) {
  return lowering.named_op(name, op, {a, lowering.scalar(name + "/y", b, a)});
}

}  // namespace hoarfrost::keras
