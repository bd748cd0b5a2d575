#include "passes/missing_variable.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace hoarfrost::passes {

std::string nearest_in_checkpoint(const std::string& name, const graph::Variables& checkpoint) {
  std::vector<std::string> names;
  for (const auto& [key, value] : checkpoint) names.push_back(key);
  const std::string nearest =
      names.empty() ? "none" : fmt::format("{}", fmt::join(graph::nearest_names(name, names), ", "));
  return fmt::format("is this the graph's checkpoint? nearest of its {} names: {}", names.size(), nearest);
}

}  // namespace hoarfrost::passes
