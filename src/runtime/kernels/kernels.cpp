#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <array>

#include "distributed/group.h"
#include "runtime/kernel.h"

namespace hoarfrost::runtime {

#define KERNEL(name) std::unique_ptr<Kernel> make_##name(const Operation& operation, const Site& site);
#include "runtime/kernels/kernels.def"
#undef KERNEL

distributed::Group* group_of(const graph::Node& node, const Site& site) {
  const auto wanted = node.get_or<int64_t>("group_size", 1);
  const int given = site.group == nullptr ? 1 : site.group->size();
  if (wanted == 1) return nullptr;
  if (wanted == given) return site.group;
  throw Error(ErrorCode::kInvalidArgument, fmt::format("node `{}`", node.name()),
              fmt::format("works with {} processes, found {}", wanted, given));
}

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
