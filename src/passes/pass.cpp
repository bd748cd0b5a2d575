#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

namespace hoarfrost::passes {

#define HOARFROST_PASS(file) extern const Pass pass_##file;
#include "passes/passes.def"
#undef HOARFROST_PASS

const std::vector<const Pass*>& all_passes() {
  static const std::vector<const Pass*> kPasses{
#define HOARFROST_PASS(file) &pass_##file,
#include "passes/passes.def"
#undef HOARFROST_PASS
  };
  return kPasses;
}

const Pass& find_pass(std::string_view name) {
  std::vector<std::string> names;
  for (const Pass* pass : all_passes()) {
    if (pass->name == name) return *pass;
    names.emplace_back(pass->name);
  }
  throw Error(
      ErrorCode::kInvalidArgument, "",
      fmt::format("no pass is named `{}`; nearest: {}", name, fmt::join(graph::nearest_names(name, names), ", ")));
}

int run_pass(const Pass& pass, graph::Graph& graph, graph::Signature& signature, const PassOptions& options) {
  try {
    const int n_changes = pass.run(graph, signature, options);
    graph::validate(graph);
    return n_changes;
  } catch (Error& error) {
    error.within(fmt::format("pass {}", pass.name));
    throw;
  }
}

}  // namespace hoarfrost::passes
