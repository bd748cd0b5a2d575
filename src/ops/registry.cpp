#include <algorithm>

#include "ops/op.h"

namespace hoarfrost::ops {

#define HOARFROST_OPS(name) std::span<const OpSpec> name##_ops();
#include "ops/ops.def"
#undef HOARFROST_OPS

std::vector<const OpSpec*> all_ops() {
  std::vector<const OpSpec*> result;
  const auto append = [&result](std::span<const OpSpec> specs) {
    for (const OpSpec& spec : specs) result.push_back(&spec);
  };
#define HOARFROST_OPS(name) append(name##_ops());
#include "ops/ops.def"
#undef HOARFROST_OPS
  return result;
}

const OpSpec* find_op(std::string_view name) {
  static const std::vector<const OpSpec*> kByName = [] {
    auto specs = all_ops();
    std::ranges::sort(specs, {}, [](const OpSpec* spec) { return spec->name; });
    return specs;
  }();
  const auto found = std::ranges::lower_bound(kByName, name, {}, [](const OpSpec* spec) { return spec->name; });
  return found != kByName.end() && (*found)->name == name ? *found : nullptr;
}

}  // namespace hoarfrost::ops
