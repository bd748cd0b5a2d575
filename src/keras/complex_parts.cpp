#include "keras/complex_parts.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

namespace hoarfrost::keras {

Value parts_of(const Value& complex, std::string_view class_name) {
  if (complex.dtype != DType::kComplex64)
    throw Error(ErrorCode::kUnsupported, "", fmt::format("{} is converted behind kapre's STFT alone", class_name));
  return {complex.tensor, DType::kFloat32, complex.shape};
}

Value length_of(Lowering& lowering, const Value& parts) {
  const Value squares = lowering.op("Square", {parts});
  const Value sum = lowering.op("Sum", {squares, lowering.ints("Sum/reduction_indices", {4})},
                                {{"keep_dims", false}, {"Tidx", DType::kInt32}});
  return lowering.op("Sqrt", {sum});
}

}  // namespace hoarfrost::keras
