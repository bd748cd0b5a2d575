// Ops whose outputs stay the same when their inputs change a little, or are no floats: nothing flows back through them.
#include "training/differentiate.h"

namespace hoarfrost::training {
namespace {}  // namespace

std::span<const GradientSpec> constant_gradients() {
  static constexpr GradientSpec kGradients[] = {
      {"Placeholder", nullptr},
      {"Const", nullptr},
      {"NoOp", nullptr},
      {"StopGradient", nullptr},
      {"Sign", nullptr},
      {"Floor", nullptr},
      {"Ceil", nullptr},
      {"Rint", nullptr},
      {"Round", nullptr},
      {"FloorDiv", nullptr},
      {"TruncateDiv", nullptr},
      {"IsNan", nullptr},
      {"IsInf", nullptr},
      {"IsFinite", nullptr},
      {"LogicalNot", nullptr},
      {"LogicalAnd", nullptr},
      {"LogicalOr", nullptr},
      {"Equal", nullptr},
      {"NotEqual", nullptr},
      {"Less", nullptr},
      {"LessEqual", nullptr},
      {"Greater", nullptr},
      {"GreaterEqual", nullptr},
      {"All", nullptr},
      {"Any", nullptr},
      {"ArgMax", nullptr},
      {"ArgMin", nullptr},
      {"Shape", nullptr},
      {"ShapeN", nullptr},
      {"Size", nullptr},
      {"Rank", nullptr},
      {"Fill", nullptr},
      {"ZerosLike", nullptr},
      {"OnesLike", nullptr},
      {"Range", nullptr},
      {"OneHot", nullptr},
      {"AsString", nullptr},
      {"StringJoin", nullptr},
      {"StringLower", nullptr},
      {"StringSplit", nullptr},
      {"StringToHashBucketFast", nullptr},
      {"StringToHashBucketStrong", nullptr},
      {"RegexReplace", nullptr},
      {"StaticRegexReplace", nullptr},
      {"SparseCross", nullptr},
      {"Where", nullptr},
      {"StatelessRandomUniform", nullptr},
      {"StatelessRandomNormal", nullptr},
  };
  return kGradients;
}

}  // namespace hoarfrost::training
