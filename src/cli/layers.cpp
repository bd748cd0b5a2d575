// hoarfrost layers: what is supported, from the registry itself.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command.h"
#include "cli/report.h"
#include "keras/activations.h"
#include "keras/layer.h"
#include "keras/operation.h"
#include "ops/op.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  bool as_markdown = false;
  bool as_json = false;
};

int run(const Options& options) {
  std::vector<std::vector<std::string>> rows;
  Json layers = Json::array();
  for (const auto* spec : keras::all_layers()) {
    const std::vector<std::string_view> aliases(spec->class_names.begin() + 1, spec->class_names.end());
    rows.push_back({std::string(spec->class_names.front()), fmt::format("{}", fmt::join(aliases, ", "))});
    layers.push_back({{"name", spec->class_names.front()}, {"aliases", aliases}});
  }
  std::vector<std::string> operations;
  for (const auto* spec : keras::all_operations()) {
    std::string functions(spec->functions);
    for (size_t at = 0; (at = functions.find(' ', at)) != std::string::npos; at += 5) functions.replace(at, 1, ", tf.");
    operations.push_back(functions.empty() ? std::string(spec->name) : fmt::format("{} (tf.{})", spec->name, functions));
  }
  Json ops = Json::array();
  for (const auto* spec : ops::all_ops()) ops.push_back(spec->name);
  if (options.as_json) {
    print_json({{"layers", layers}, {"activations", keras::activation_names()}, {"operations", operations}, {"ops", ops}});
  } else if (options.as_markdown) {
    fmt::print("| Keras layer | also named |\n| --- | --- |\n");
    for (const auto& row : rows) fmt::print("| {} | {} |\n", row[0], row[1]);
    fmt::print("\nActivations: {}.\n\nOperations, as layers of Keras 3 and as TFOpLambda: {}.\n\nTensorFlow ops that the runtime runs: ", fmt::join(keras::activation_names(), ", "),
               fmt::join(operations, ", "));
    fmt::print("{}.\n", fmt::join(ops.get<std::vector<std::string>>(), ", "));
  } else {
    fmt::print("{}\n{} layers. Activations: {}\nOperations: {}\n", table({"Keras layer", "also named"}, rows), rows.size(), fmt::join(keras::activation_names(), ", "),
               fmt::join(operations, ", "));
  }
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--markdown", options->as_markdown, "The page docs/layers.md");
  app.add_flag("--json", options->as_json, "Print one JSON object: layers, activations, ops");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_layers{"layers", "", "What is supported: Keras layers, activations, TensorFlow ops", add_options};

}  // namespace hoarfrost::cli
