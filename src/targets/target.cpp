#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/targets.h>

namespace hoarfrost::targets {

#define HOARFROST_TARGET(file) extern const Target target_##file;
#include "targets/targets.def"
#undef HOARFROST_TARGET

const std::vector<const Target*>& all_targets() {
  static const std::vector<const Target*> kTargets{
#define HOARFROST_TARGET(file) &target_##file,
#include "targets/targets.def"
#undef HOARFROST_TARGET
  };
  return kTargets;
}

const Target& find_target(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Target* target : all_targets()) {
    if (target->name == name) return *target;
    names.push_back(target->name);
  }
  throw Error(ErrorCode::kInvalidArgument, "",
              fmt::format("no target is named `{}`; there are {}", name, fmt::join(names, ", ")));
}

void fit(const Target& target, graph::Graph& graph, graph::Signature& signature) {
  try {
    target.rewrite(graph, signature);
    graph::validate(graph);
    target.check(graph, signature);
  } catch (Error& error) {
    error.within(fmt::format("target {}", target.name));
    throw;
  }
}

}  // namespace hoarfrost::targets
