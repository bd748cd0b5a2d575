// hoarfrost layers: what is supported, from the registry itself.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command.h"
#include "cli/report.h"
#include "keras/activations.h"
#include "keras/custom_layers.h"
#include "keras/layer.h"
#include "keras/layer_notes.h"
#include "keras/operation.h"
#include "keras/operation_notes.h"
#include "keras/tensorflow_op.h"
#include "ops/op.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  bool as_markdown = false;
  bool as_json = false;
};

// What is not converted of a class that is; empty for nothing.
std::string_view note_of(const std::vector<keras::LayerNote>& notes, std::string_view class_name) {
  for (const keras::LayerNote& note : notes) {
    if (note.class_name == class_name && note.kind == keras::NoteKind::kLimited) return note.text;
  }
  return {};
}

std::string meaning(const keras::LayerNote& note) {
  if (note.kind == keras::NoteKind::kOtherName) return fmt::format("read as {}", note.text);
  return std::string(note.text);
}

int run(const Options& options) {
  const std::vector<keras::LayerNote> notes = keras::layer_notes();
  std::vector<std::vector<std::string>> rows;
  Json layers = Json::array();
  for (const auto* spec : keras::all_layers()) {
    const std::vector<std::string_view> aliases(spec->class_names.begin() + 1, spec->class_names.end());
    const std::string_view limits = note_of(notes, spec->class_names.front());
    rows.push_back(
        {std::string(spec->class_names.front()), fmt::format("{}", fmt::join(aliases, ", ")), std::string(limits)});
    layers.push_back({{"name", spec->class_names.front()}, {"aliases", aliases}, {"not_converted", limits}});
  }
  std::vector<std::vector<std::string>> others;
  Json refused = Json::array();
  for (const keras::LayerNote& note : notes) {
    if (note.kind == keras::NoteKind::kLimited) continue;
    others.push_back({std::string(note.class_name), meaning(note)});
    refused.push_back(
        {{"name", note.class_name}, {"is_refused", note.kind == keras::NoteKind::kRefused}, {"why", meaning(note)}});
  }
  std::vector<std::vector<std::string>> custom;
  Json custom_layers = Json::array();
  for (const keras::CustomLayer& layer : keras::custom_layers()) {
    custom.push_back({std::string(layer.class_name), std::string(layer.from),
                      fmt::format("--custom {}='{}'", layer.class_name, layer.meaning)});
    custom_layers.push_back({{"name", layer.class_name}, {"from", layer.from}, {"meaning", layer.meaning}});
  }
  std::vector<std::string> operations;
  for (const auto* spec : keras::all_operations()) {
    std::string functions(spec->functions);
    for (size_t at = 0; (at = functions.find(' ', at)) != std::string::npos; at += 5) functions.replace(at, 1, ", tf.");
    operations.push_back(functions.empty() ? std::string(spec->name)
                                           : fmt::format("{} (tf.{})", spec->name, functions));
  }
  std::vector<std::vector<std::string>> refused_operations;
  Json other_operations = Json::array();
  for (const keras::OperationNote& note : keras::operation_notes()) {
    refused_operations.push_back({std::string(note.name), std::string(note.reason)});
    other_operations.push_back({{"name", note.name}, {"why", note.reason}});
  }
  Json ops = Json::array();
  for (const auto* spec : ops::all_ops()) ops.push_back(spec->name);
  if (options.as_json) {
    print_json({{"layers", layers},
                {"other_classes", refused},
                {"custom_layers", custom_layers},
                {"activations", keras::activation_names()},
                {"operations", operations},
                {"other_operations", other_operations},
                {"op_layers", keras::tensorflow_ops()},
                {"ops", ops}});
  } else if (options.as_markdown) {
    fmt::print("| Keras layer | also named | not converted |\n| --- | --- | --- |\n");
    for (const auto& row : rows) fmt::print("| {} | {} | {} |\n", row[0], row[1], row[2]);
    fmt::print(
        "\nAll other layer classes of Keras 1.2.2, 2.15 and 3.15, and some of other packages:\n\n| Keras layer | what "
        "becomes of it |\n| --- | --- |\n");
    for (const auto& row : others) fmt::print("| {} | {} |\n", row[0], row[1]);
    fmt::print(
        "\nCustom layers, whose meaning is not in the file, as many published models have them:\n\n| Class | from | "
        "what says it |\n| --- | --- | --- |\n");
    for (const auto& row : custom) fmt::print("| {} | {} | `{}` |\n", row[0], row[1], row[2]);
    fmt::print(
        "\nActivations: {}.\n\nOperations, as layers of Keras 3 and as TFOpLambda: {}.\n\nAll other operations of "
        "Keras "
        "3.15's keras.ops, and some of TensorFlow's functions:\n\n| operation | why it is not converted |\n| --- | --- "
        "|\n",
        fmt::join(keras::activation_names(), ", "), fmt::join(operations, ", "));
    for (const auto& row : refused_operations) fmt::print("| {} | {} |\n", row[0], row[1]);
    fmt::print(
        "\nTensorFlow's ops as TensorFlowOpLayer (TensorFlow 2.0 to 2.3): {}.\n\nTensorFlow ops that the runtime "
        "runs: ",
        fmt::join(keras::tensorflow_ops(), ", "));
    fmt::print("{}.\n", fmt::join(ops.get<std::vector<std::string>>(), ", "));
  } else {
    fmt::print(
        "{}\nAll other layer classes of Keras 1.2.2, 2.15 and 3.15, and some of other packages:\n{}\nCustom layers, "
        "whose meaning is not in the file, as many published models have them:\n{}\n{} layers. Activations: "
        "{}\nOperations: {}\n\nAll other operations of keras.ops 3.15, and some of TensorFlow's functions:\n{}",
        table({"Keras layer", "also named", "not converted"}, rows),
        table({"Keras layer", "what becomes of it"}, others), table({"class", "from", "what says it"}, custom),
        rows.size(), fmt::join(keras::activation_names(), ", "), fmt::join(operations, ", "),
        table({"operation", "why it is not converted"}, refused_operations));
  }
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--markdown", options->as_markdown, "The page docs/layers.md");
  app.add_flag("--json", options->as_json,
               "Print one JSON object: layers, other_classes, custom_layers, activations, operations, "
               "other_operations, op_layers, ops");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_layers{"layers", "", "What is supported: Keras layers, activations, TensorFlow ops", add_options};

}  // namespace hoarfrost::cli
