// MuLawDecoding: MuLawEncoding's whole numbers as a sound within −1 and 1. kapre 0.3.
#include <cmath>

#include "keras/layers/registry.h"
#include "keras/mu_law.h"
#include "keras/random_augmentation.h"

namespace hoarfrost::keras {
namespace {

struct MuLawDecoding : MuLaw {
  static MuLawDecoding parse(const Config& config) { return {MuLaw::parse(config)}; }

  Values lower(Lowering& lowering, const Values& in) const {
    const auto with = [&](const std::string& name, std::string_view op, const Value& a, double b) {
      return with_number(lowering, name, op, a, b);
    };
    Value x = lower_cast(DType::kFloat32, lowering, in)[0];
    x = with("sub", "Sub", with("mul", "Mul", with("truediv", "RealDiv", x, mu), 2), 1);
    Value y = lowering.op("Exp", {with("mul_1", "Mul", lowering.op("Abs", {x}), std::log1p(mu))});
    y = lowering.named_op("mul_2", "Mul", {lowering.op("Sign", {x}), with("sub_1", "Sub", y, 1)});
    return {with("truediv_1", "RealDiv", y, mu)};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], mu = mu](const Index& o) {
      const double y = x[o] / mu * 2 - 1;
      return std::copysign(std::expm1(std::abs(y) * std::log1p(mu)) / mu, y);
    };
    return {{in[0].shape(), at, 2}};
  }
};

}  // namespace

const LayerSpec layer_mu_law_decoding = make_spec<MuLawDecoding>("MuLawDecoding");

}  // namespace hoarfrost::keras
