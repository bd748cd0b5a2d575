// Decibels below an example's largest value, as kapre 0.1.4 to 0.2 compute them: 10 · log10(max(x, least)), less the
// largest of the example, and no less than −range.
#pragma once

#include "keras/lowering.h"

namespace hoarfrost::keras {

struct RelativeDecibel {
  double least = 1e-10;
  double range = 80;

  [[nodiscard]] Value lower(Lowering& lowering, const Value& x) const;
  // Of one example's values.
  void apply(std::vector<double>& values) const;
  // Earlier kapres, over Keras without TensorFlow's, took the whole batch's largest; their files cannot be told.
  static void note_version(Lowering& lowering, const Version& version);
};

}  // namespace hoarfrost::keras
