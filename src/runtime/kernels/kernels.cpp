#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <array>

#include "runtime/kernel.h"

namespace hoarfrost::runtime {

#define KERNEL(name) std::unique_ptr<Kernel> make_##name(const Operation& operation, const Site& site);
#include "runtime/kernels/kernels.def"
#undef KERNEL

std::unique_ptr<Kernel> make_kernel(const Operation& operation, const Site& site) {
  static constexpr MakeKernel kMakers[] = {
#define KERNEL(name) make_##name,
#include "runtime/kernels/kernels.def"
#undef KERNEL
  };
  for (const MakeKernel make : kMakers) {
    if (auto kernel = make(operation, site)) return kernel;
  }
  throw Error(ErrorCode::kUnsupported, fmt::format("node `{}`", operation.node->name()),
              fmt::format("{} of these types and shapes cannot run", operation.op()));
}

}  // namespace hoarfrost::runtime
