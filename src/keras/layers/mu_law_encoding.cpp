// MuLawEncoding: a sound within −1 and 1 as whole numbers from 0 to quantization_channels − 1, finer near zero (ITU-T
// G.711's mu-law). kapre 0.3.
#include <cmath>

#include "keras/layers/registry.h"
#include "keras/mu_law.h"

namespace hoarfrost::keras {
namespace {

struct MuLawEncoding : MuLaw {
  static MuLawEncoding parse(const Config& config) { return {MuLaw::parse(config)}; }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value& x = in[0];
    const auto with = [&](const std::string& name, std::string_view op, const Value& a, double b) {
      return with_number(lowering, name, op, a, b);
    };
    Value y = lowering.op("Log1p", {with("mul", "Mul", lowering.op("Abs", {x}), mu)});
    y = lowering.named_op("mul_1", "Mul", {lowering.op("Sign", {x}), y});
    y = with("add", "Add", with("truediv", "RealDiv", y, std::log1p(mu)), 1);
    y = with("mul_2", "Mul", with("truediv_1", "RealDiv", y, 2), mu);
    y = with("add_1", "Add", y, 0.5);
    return {lowering.raw_op("Cast", "Cast", {y}, DType::kInt32, {{"SrcT", y.dtype}, {"DstT", DType::kInt32}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], mu = mu](const Index& o) {
      const double y = std::copysign(std::log1p(mu * std::abs(x[o])) / std::log1p(mu), x[o]);
      return std::trunc((y + 1) / 2 * mu + 0.5);
    };
    return {{in[0].shape(), at, 2}};
  }
};

}  // namespace

const LayerSpec layer_mu_law_encoding = make_spec<MuLawEncoding>("MuLawEncoding");

}  // namespace hoarfrost::keras
