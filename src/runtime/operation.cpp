#include "runtime/operation.h"

namespace hoarfrost::runtime {

std::vector<ValueId> Operation::reads() const {
  std::vector<ValueId> result = inputs;
  if (bias_value) result.push_back(*bias_value);
  if (addend) result.push_back(*addend);
  return result;
}

bool Operation::is_plain() const {
  return scale.empty() && bias.empty() && !bias_value && !addend && !activation && !affine && paddings.empty() &&
         dilations.empty() && !flattened && !is_affine && body == nullptr && loop == nullptr && branches == nullptr &&
         steps == nullptr && elementwise == nullptr && pool == nullptr;
}

}  // namespace hoarfrost::runtime
