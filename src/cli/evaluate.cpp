// hoarfrost evaluate, evaluate_accuracy: the accuracy of a frozen graph or a Keras model on a labelled data set.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>
#include <hoarfrost/report.h>

#include <optional>

#include "cli/command.h"
#include "cli/data_source.h"
#include "cli/model_source.h"
#include "cli/numbers.h"
#include "cli/report.h"
#include "cli/session_options.h"
#include "distributed/group.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  ModelSource model;
  std::filesystem::path graph;  // --graph, as evaluate_accuracy says it
  DataSource data;
  std::vector<std::string> input_nodes;
  std::vector<std::string> output_nodes;
  evaluation::EvaluateOptions evaluate;
  bool by_reference = false;
  bool as_json = false;
  bool is_verbose = false;
  std::vector<std::filesystem::path> reports;
};

// What reports say beside the numbers: the model's and the data's names.
evaluation::Report described(const Options& options, const data::DataSet& examples, evaluation::Evaluation evaluation) {
  const std::filesystem::path data =
      options.data.path.has_filename() ? options.data.path : options.data.path.parent_path();
  return {options.model.path.filename().string(), data.empty() ? "the example images" : data.filename().string(),
          examples.kind(), std::move(evaluation)};
}

// What was evaluated, and what it cost to compute it in bfloat16.
struct Result {
  evaluation::Report report;
  std::optional<double> float32_accuracy;
};

// Every process of a group opens the same model and data; rank 0 has the numbers.
Result evaluate(const Options& options) {
  std::optional<keras::Lowered> lowered;
  std::optional<Runnable> runnable;
  std::optional<data::DataSet> examples;
  distributed::together(options.evaluate.group, [&] {
    for (const auto& path : options.reports) {
      for (const auto& input : {options.model.path, options.model.weights, options.data.path})
        expect_different(path, input);
    }
    if (options.by_reference)
      lowered = load_and_lower(options.model);
    else
      runnable = load_runnable(options.model, options.input_nodes, options.output_nodes);
    examples = open_data(options.data,
                         lowered ? evaluation::example_format(*lowered)
                                 : evaluation::example_format(runnable->graph, runnable->signature),
                         options.model.path, options.evaluate.session.threads);
  });
  const auto evaluated = [&](const evaluation::EvaluateOptions& how) {
    return lowered ? evaluation::evaluate_reference(*lowered, *examples, how)
                   : evaluation::evaluate(runnable->graph, runnable->signature, *examples, how);
  };
  Result result{described(options, *examples, evaluated(options.evaluate)), {}};
  note_skipped(*examples);
  if (options.evaluate.session.precision == runtime::Precision::kFloat32) return result;
  examples->rewind();
  evaluation::EvaluateOptions in_float32 = options.evaluate;
  in_float32.session.precision = runtime::Precision::kFloat32;
  result.float32_accuracy = evaluated(in_float32).accuracy;
  return result;
}

void print(const Options& options, const Result& found) {
  const evaluation::Evaluation& result = found.report.evaluation;
  if (options.as_json) {
    Json json{{"accuracy", result.accuracy}, {"loss", result.loss},         {"examples", result.examples},
              {"seconds", result.seconds},   {"top_k", result.top_k},       {"top_k_accuracy", result.top_k_accuracy},
              {"right", result.right},       {"macro_f1", result.macro.f1}, {"nan_outputs", result.n_nan}};
    if (found.float32_accuracy) json["float32_accuracy"] = *found.float32_accuracy;
    print_json(json);
    return;
  }
  if (options.is_verbose) fmt::print("{}\n", evaluation::report_as_text(found.report));
  fmt::print("{} examples in {:.2f} s, loss {:.4f}, top-{} accuracy {:.4f}\n", result.examples, result.seconds,
             result.loss, result.top_k, result.top_k_accuracy);
  if (found.float32_accuracy) {
    fmt::print("In bfloat16; float32's accuracy is {:.4f}: a change of {:+.4f}\n", *found.float32_accuracy,
               result.accuracy - *found.float32_accuracy);
  }
  // The closing line of the tutorials' evaluate_accuracy.py.
  fmt::print("{} accuracy with validation dataset: {:.4f}\n", options.by_reference ? "Keras model" : "Graph",
             result.accuracy);
}

int run(Options options) {
  if (!options.graph.empty()) options.model.path = options.graph;
  if (options.model.path.empty()) throw CLI::ValidationError("give the graph: GRAPH or --graph");
  if (options.by_reference && options.evaluate.session.precision != runtime::Precision::kFloat32)
    throw CLI::ValidationError("--reference computes in double precision: leave --precision out");
  const auto group = distributed::join();
  options.evaluate.group = group.get();
  auto& threads = options.evaluate.session.threads;
  if (group != nullptr && threads == 0) threads = group->threads();  // to decode pictures, too
  options.evaluate.show_progress = group == nullptr || group->rank() == 0;
  const Result found = evaluate(options);
  if (group != nullptr && group->rank() != 0) return 0;
  print(options, found);
  for (const auto& path : options.reports) evaluation::write_report(path, found.report);
  const evaluation::Evaluation& result = found.report.evaluation;
  if (result.n_nan > 0) {
    throw Error(ErrorCode::kMismatch, options.model.path.string(),
                fmt::format("expected numbers for every example, found NaN among the outputs of {} of {}, {} the "
                            "first; they count as wrong",
                            result.n_nan, result.examples, result.first_nan));
  }
  return 0;
}

// Paths whose ending is a format.
const CLI::Validator kReport(
    [](const std::string& path) -> std::string {
      if (evaluation::report_format(path) != nullptr) return "";
      std::string endings;
      for (const auto* format : evaluation::report_formats())
        endings += (endings.empty() ? "" : ", ") + std::string(format->ending);
      return fmt::format("expected a name that ends in one of {}, found `{}`", endings, path);
    },
    "FILE");

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("GRAPH", options->model.path, "A frozen .pb or .pbtxt, or a Keras model");
  app.add_option("--graph", options->graph, "The same, as evaluate_accuracy.py takes it");
  add_model_options(app, options->model);
  add_data_options(app, options->data);
  app.add_option("--input_node,--input-node", options->input_nodes, "Input node (default: the placeholder)")
      ->delimiter(',');
  app.add_option("--output_node,--output-node", options->output_nodes, "Output node (default: what nobody uses)")
      ->delimiter(',');
  app.add_option("-b,--batchsize,--batch-size,--batch_size,--batch", options->evaluate.batch_size, "Examples per run")
      ->capture_default_str()
      ->check(kPositive);
  add_session_options(app, options->evaluate.session);
  app.add_option("--top-k", options->evaluate.top_k, "Also count labels among the k largest outputs")
      ->capture_default_str()
      ->check(kPositive);
  app.add_flag("--drop_remainder,--drop-remainder", options->evaluate.drop_remainder,
               "Leave the last partial batch out, as the tutorials' script did");
  app.add_flag("--reference", options->by_reference,
               "Compute a Keras model by its layers' definitions in double precision: slow and certain");
  app.add_option("--report", options->reports,
                 "Write a report here, in the format of its ending: .html (with pictures), .json, .csv, .txt; may be "
                 "given again")
      ->check(kReport);
  app.add_option("--worst", options->evaluate.n_worst, "How many of the worst mistakes reports show")
      ->capture_default_str()
      ->check(kNotNegative);
  app.add_flag("-v,--verbose", options->is_verbose, "Print the tables of a .txt report before the closing lines");
  app.add_flag("--json", options->as_json, "Print one JSON object: accuracy, loss, examples, seconds");
  app.footer(
      "Example:\n  hoarfrost evaluate frozen.pb --data sign_mnist_test.csv --report report.html\n"
      "  hoarfrost evaluate frozen.pb --data flowers/ --preset caffe --save-preprocessing\n"
      "  mpirun -n 4 hoarfrost evaluate frozen.pb --data sign_mnist_test.csv\n"
      "  evaluate_accuracy --graph=frozen.pb --input_node=input_1 --output_node=dense_2/Softmax -b 32 --dataset "
      "test_batch.bin");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_evaluate{
    "evaluate", "evaluate_accuracy", "Accuracy of a frozen graph or a Keras model on labelled data", add_options, {},
    true};

}  // namespace hoarfrost::cli
