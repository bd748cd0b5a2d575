// hoarfrost layers: what is supported, from the registry itself.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command.h"
#include "cli/report.h"
#include "keras/activations.h"
#include "keras/custom_layers.h"
#include "keras/lambda/named_functions.h"
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

using Rows = std::vector<std::vector<std::string>>;

// A part of what is printed: for people, on the page, and (as_json) for machines.
struct Section {
  std::string key;  // of as_json
  std::string title;
  std::vector<std::string> header;
  bool ends_in_code = false;  // the last column
  Rows rows = {};
  Json as_json = Json::array();
};

std::string join(const auto& names) { return fmt::format("{}", fmt::join(names, ", ")); }

Section supported(const std::vector<keras::LayerNote>& notes) {
  Section section{"layers", "", {"Keras layer", "also named", "not converted"}};
  for (const auto* spec : keras::all_layers()) {
    const std::vector<std::string_view> aliases(spec->class_names.begin() + 1, spec->class_names.end());
    const std::string_view name = spec->class_names.front();
    const std::string_view limits = note_of(notes, name);
    section.rows.push_back({std::string(name), join(aliases), std::string(limits)});
    section.as_json.push_back({{"name", name}, {"aliases", aliases}, {"not_converted", limits}});
  }
  return section;
}

Section others(const std::vector<keras::LayerNote>& notes) {
  Section section{"other_classes",
                  "All other layer classes of Keras 1.2.2, 2.15 and 3.15, and some of other packages:",
                  {"Keras layer", "what becomes of it"}};
  for (const keras::LayerNote& note : notes) {
    if (note.kind == keras::NoteKind::kLimited) continue;
    section.rows.push_back({std::string(note.class_name), meaning(note)});
    section.as_json.push_back(
        {{"name", note.class_name}, {"is_refused", note.kind == keras::NoteKind::kRefused}, {"why", meaning(note)}});
  }
  return section;
}

// `option`: what stands before the meaning, with the name in it or a layer's.
void add(Section& section, const keras::SaidByHand& known, const std::string& option) {
  section.rows.push_back(
      {std::string(known.name), std::string(known.from), fmt::format("{}='{}'", option, known.meaning)});
  section.as_json.push_back({{"name", known.name}, {"from", known.from}, {"meaning", known.meaning}});
}

Section custom_layers() {
  Section section{"custom_layers",
                  "Custom layers, whose meaning is not in the file, as many published models have them:",
                  {"class", "from", "what says it"},
                  true};
  for (const keras::SaidByHand& layer : keras::custom_layers())
    add(section, layer, fmt::format("--custom {}", layer.name));
  return section;
}

Section named_functions() {
  Section section{
      "named_functions",
      "Functions of Lambda layers of which Keras 3 keeps the name alone, as many published models have them:",
      {"function", "from", "what says it of a layer `lambda`"},
      true};
  for (const keras::SaidByHand& function : keras::named_functions()) add(section, function, "--lambda lambda");
  return section;
}

Section other_operations() {
  Section section{"other_operations",
                  "All other operations of Keras 3.15's keras.ops, and some of TensorFlow's functions:",
                  {"operation", "why it is not converted"}};
  for (const keras::OperationNote& note : keras::operation_notes()) {
    section.rows.push_back({std::string(note.name), std::string(note.reason)});
    section.as_json.push_back({{"name", note.name}, {"why", note.reason}});
  }
  return section;
}

// As layers of Keras 3 and as TensorFlow's functions.
std::vector<std::string> operations() {
  std::vector<std::string> result;
  for (const auto* spec : keras::all_operations()) {
    std::string functions(spec->functions);
    for (size_t at = 0; (at = functions.find(' ', at)) != std::string::npos; at += 5) functions.replace(at, 1, ", tf.");
    result.push_back(functions.empty() ? std::string(spec->name) : fmt::format("{} (tf.{})", spec->name, functions));
  }
  return result;
}

void print(const Section& section, bool as_markdown) {
  if (!section.title.empty()) fmt::print("\n{}\n{}", section.title, as_markdown ? "\n" : "");
  if (!as_markdown) {
    fmt::print("{}", table(section.header, section.rows));
    return;
  }
  const auto print_row = [](const std::vector<std::string>& row) { fmt::print("| {} |\n", fmt::join(row, " | ")); };
  print_row(section.header);
  print_row(std::vector<std::string>(section.header.size(), "---"));
  for (auto row : section.rows) {
    if (section.ends_in_code) row.back() = fmt::format("`{}`", row.back());
    print_row(row);
  }
}

int run(const Options& options) {
  const std::vector<keras::LayerNote> notes = keras::layer_notes();
  const Section sections[] = {supported(notes), others(notes), custom_layers(), named_functions(), other_operations()};
  std::vector<std::string> ops;
  for (const auto* spec : ops::all_ops()) ops.emplace_back(spec->name);
  if (options.as_json) {
    Json result{{"activations", keras::activation_names()},
                {"operations", operations()},
                {"op_layers", keras::tensorflow_ops()},
                {"ops", ops}};
    for (const Section& section : sections) result[section.key] = section.as_json;
    print_json(result);
    return 0;
  }
  for (const Section& section : sections) print(section, options.as_markdown);
  fmt::print(
      "\n{} layers.\n\nActivations: {}.\n\nOperations, as layers of Keras 3 and as TFOpLambda: {}.\n\nTensorFlow's ops "
      "as "
      "TensorFlowOpLayer (TensorFlow 2.0 to 2.3): {}.\n\nTensorFlow ops that the runtime runs: {}.\n",
      sections[0].rows.size(), join(keras::activation_names()), join(operations()), join(keras::tensorflow_ops()),
      join(ops));
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_flag("--markdown", options->as_markdown, "The page docs/layers.md");
  app.add_flag("--json", options->as_json,
               "Print one JSON object: layers, other_classes, custom_layers, named_functions, activations, operations, "
               "other_operations, op_layers, ops");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_layers{"layers", "", "What is supported: Keras layers, activations, TensorFlow ops", add_options};

}  // namespace hoarfrost::cli
