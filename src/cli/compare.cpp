// hoarfrost compare A B --data D: what changes for these examples when B takes A's place.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>

#include <cmath>
#include <optional>

#include "cli/command.h"
#include "cli/data_source.h"
#include "cli/model_source.h"
#include "cli/numbers.h"
#include "cli/report.h"

namespace hoarfrost::cli {
namespace {

struct Side {
  ModelSource model;
  std::vector<std::string> input_nodes;
  std::vector<std::string> output_nodes;
};

struct Options {
  Side a;
  Side b;
  DataSource data;
  evaluation::CompareOptions compare;
  bool is_strict = false;
  int64_t max_changes = -1;  // no limit
  double tolerance = -1;     // no limit
  bool as_json = false;
};

// A's file name, or the whole path where B's is the same.
std::string name_of(const Side& side, const Side& other) {
  const auto& path = side.model.path;
  return path.filename() == other.model.path.filename() ? path.string() : path.filename().string();
}

evaluation::ModelComparison compare(const Options& options) {
  const Runnable a = load_runnable(options.a.model, options.a.input_nodes, options.a.output_nodes);
  const Runnable b = load_runnable(options.b.model, options.b.input_nodes, options.b.output_nodes);
  const auto format_a = evaluation::example_format(a.graph, a.signature);
  const auto format_b = evaluation::example_format(b.graph, b.signature);
  const int threads = options.compare.threads;
  data::DataSet examples_a = open_data(options.data, format_a, options.a.model.path, threads);
  // Where B takes them in another form.
  const bool is_alike =
      format_a.dtype == format_b.dtype && format_a.shape == format_b.shape &&
      preprocessing(options.data, options.a.model.path) == preprocessing(options.data, options.b.model.path);
  std::optional<data::DataSet> examples_b;
  if (!is_alike) examples_b = open_data(options.data, format_b, options.b.model.path, threads);
  const auto result = evaluation::compare_models({a.graph, a.signature}, {b.graph, b.signature}, examples_a,
                                                 examples_b ? &*examples_b : nullptr, options.compare);
  note_skipped(examples_a);
  return result;
}

std::string class_text(const evaluation::Evaluation& evaluation, int64_t label) {
  return label < 0 ? "NaN" : evaluation.classes[static_cast<size_t>(label)].name;
}

void print_text(const Options& options, const evaluation::ModelComparison& result) {
  const std::string name_a = name_of(options.a, options.b), name_b = name_of(options.b, options.a);
  const auto row = [](const std::string& name, const evaluation::Evaluation& e) -> std::vector<std::string> {
    return {name, fmt::format("{:.4f}", e.accuracy), fmt::format("{:.4f}", e.top_k_accuracy),
            fmt::format("{:.4f}", e.loss), fmt::format("{:.4f}", e.macro.f1)};
  };
  fmt::print("{}\n", table({"model", "accuracy", fmt::format("top-{}", result.a.top_k), "loss", "macro F1"},
                           {row(name_a, result.a), row(name_b, result.b)}));
  std::vector<std::vector<std::string>> rows;
  for (const auto& change : result.changed)
    rows.push_back({change.name, class_text(result.a, change.label), class_text(result.a, change.class_a),
                    class_text(result.b, change.class_b)});
  if (!rows.empty()) fmt::print("{}", table({"example", "label", name_a, name_b}, rows));
  const auto n_more = result.n_changed - static_cast<int64_t>(result.changed.size());
  if (!rows.empty()) fmt::print("{}\n", n_more > 0 ? fmt::format("… and {} more\n", n_more) : "");
  if (result.max_abs == 0) {
    fmt::print("Every output is the same.\n");
  } else {
    fmt::print("Largest output difference {:.1e} ({:.1e} of A's largest output): {}, output {}: {:.7g} and {:.7g}\n",
               result.max_abs, result.max_rel, result.where, result.output, result.output_a, result.output_b);
  }
  fmt::print("{} of {} examples change their class: {} were right, {} are right now\n", result.n_changed,
             result.a.examples, result.n_only_a_right, result.n_only_b_right);
}

Json to_json(const evaluation::Evaluation& e) {
  return {{"accuracy", e.accuracy},
          {"right", e.right},
          {"loss", e.loss},
          {"top_k", e.top_k},
          {"top_k_accuracy", e.top_k_accuracy},
          {"macro_f1", e.macro.f1},
          {"nan_outputs", e.n_nan}};
}

Json to_json(const evaluation::ModelComparison& result) {
  Json changed = Json::array();
  for (const auto& change : result.changed) {
    changed.push_back({{"example", change.example},
                       {"name", change.name},
                       {"label", change.label},
                       {"class_a", change.class_a},
                       {"class_b", change.class_b}});
  }
  return {
      {"examples", result.a.examples},
      {"a", to_json(result.a)},
      {"b", to_json(result.b)},
      {"changed", result.n_changed},
      {"only_a_right", result.n_only_a_right},
      {"only_b_right", result.n_only_b_right},
      {"changed_examples", changed},
      {"max_abs", result.max_abs},
      {"max_rel", result.max_rel},
      {"where",
       result.where.empty()
           ? Json(nullptr)
           : Json{{"name", result.where}, {"output", result.output}, {"a", result.output_a}, {"b", result.output_b}}}};
}

int run(Options options) {
  options.compare.show_progress = true;
  const auto result = compare(options);
  if (options.as_json)
    print_json(to_json(result));
  else
    print_text(options, result);
  const int64_t max_changes = options.is_strict ? 0 : options.max_changes;
  if (max_changes >= 0 && result.n_changed > max_changes)
    throw Error(
        ErrorCode::kMismatch, "",
        fmt::format("expected {} examples or fewer to change their class, found {}", max_changes, result.n_changed));
  if (options.tolerance >= 0 && !(result.max_abs <= options.tolerance))
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("expected outputs within {} of each other, found a difference of {:.3g} ({})",
                            options.tolerance, result.max_abs, result.where));
  return 0;
}

void add_side(CLI::App& app, Side& side, const std::string& name, const std::string& letter) {
  app.add_option(name, side.model.path, "A frozen .pb or .pbtxt, or a Keras model")->required();
  app.add_option("--weights-" + letter, side.model.weights, "Weights (.h5) of a JSON or YAML architecture " + name);
  app.add_option("--input-node-" + letter, side.input_nodes, name + "'s input node (default: the placeholder)")
      ->delimiter(',');
  app.add_option("--output-node-" + letter, side.output_nodes, name + "'s output node (default: what nobody uses)")
      ->delimiter(',');
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  add_side(app, options->a, "A", "a");
  add_side(app, options->b, "B", "b");
  app.add_option("-b,--batch-size,--batch_size,--batch", options->compare.batch_size, "Examples per run")
      ->capture_default_str()
      ->check(kPositive);
  app.add_option("-t,--threads", options->compare.threads, "Threads; 0: all that the process may use")
      ->capture_default_str()
      ->check(kNotNegative);
  app.add_option("--top-k", options->compare.top_k, "Also count labels among the k largest outputs")
      ->capture_default_str()
      ->check(kPositive);
  app.add_option("--changes", options->compare.n_changed_kept,
                 "How many of the examples that change their class to list")
      ->capture_default_str()
      ->check(kNotNegative);
  app.add_option("--max-changes", options->max_changes, "Fail when more examples than this change their class")
      ->check(kNotNegative);
  app.add_option("--tolerance", options->tolerance, "Fail when an output differs by more than this")
      ->check(kNotNegative);
  app.add_flag("--strict", options->is_strict, "As --max-changes 0");
  add_data_options(app, options->data);
  app.add_flag("--json", options->as_json, "Print one JSON object: both models' figures, changed, max_abs, max_rel");
  app.footer(
      "Exit status 0: compared; 1: beyond --max-changes, --strict or --tolerance.\nExample:\n  hoarfrost compare "
      "frozen.pb optimized.pb --data sign_mnist_test.csv --max-changes 3");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_compare{"compare", "", "Two models on the same data: what changes from A to B", add_options};

}  // namespace hoarfrost::cli
