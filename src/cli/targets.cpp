// hoarfrost targets: the programs that graphs are written for.
#include <fmt/format.h>
#include <hoarfrost/targets.h>

#include "cli/command.h"
#include "cli/report.h"

namespace hoarfrost::cli {
namespace {

int run(bool as_json) {
  std::vector<std::vector<std::string>> rows;
  Json json = Json::array();
  for (const targets::Target* target : targets::all_targets()) {
    rows.push_back({std::string(target->name), std::string(target->summary)});
    json.push_back({{"name", target->name}, {"summary", target->summary}});
  }
  if (as_json)
    print_json({{"targets", json}});
  else
    fmt::print("{}", table({"--target", "for"}, rows));
  return 0;
}

Action add_options(CLI::App& app) {
  auto as_json = std::make_shared<bool>(false);
  app.add_flag("--json", *as_json, "Print one JSON object: targets");
  return [as_json] { return run(*as_json); };
}

}  // namespace

const Command command_targets{"targets", "", "The programs that freeze, freeze-graph and optimize write graphs for",
                              add_options};

}  // namespace hoarfrost::cli
