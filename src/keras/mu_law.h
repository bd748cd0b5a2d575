// What MuLawEncoding and MuLawDecoding share: ITU-T G.711's mu-law over quantization_channels = mu + 1 whole numbers.
// kapre 0.3.
#pragma once

#include "keras/lowering.h"

namespace hoarfrost::keras {

struct MuLaw {
  double mu = 255;

  // Throws Error for fewer than two channels.
  static MuLaw parse(const Config& config);
  [[nodiscard]] Shapes infer(const Shapes& in) const;
};

// `op` of a tensor and a number, the number a constant of its own.
Value with_number(Lowering& lowering, const std::string& name, std::string_view op, const Value& a, double b);

}  // namespace hoarfrost::keras
