// hoarfrost evaluate, evaluate_accuracy: the accuracy of a frozen graph or a Keras model on a labelled data set.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>

#include "cli/command.h"
#include "cli/examples.h"
#include "cli/model_source.h"
#include "cli/numbers.h"
#include "cli/report.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  ModelSource model;
  std::filesystem::path graph;  // --graph, as evaluate_accuracy says it
  std::filesystem::path data;
  std::vector<std::string> input_nodes;
  std::vector<std::string> output_nodes;
  evaluation::EvaluateOptions evaluate;
  bool by_reference = false;
  bool train_split = false;
  bool as_json = false;
};

data::DataSet open_data(const Options& options, const data::ExampleFormat& format) {
  std::filesystem::path path = options.data;
  if (path.empty()) {
    path = embedded_examples(format.shape);
    note(fmt::format("no --dataset given: the example images in {} are used", path.string()));
  }
  return data::DataSet::open(path, format, options.train_split ? data::Split::kTrain : data::Split::kTest);
}

evaluation::Evaluation evaluate(const Options& options) {
  ModelSource source = options.model;
  if (!options.graph.empty()) source.path = options.graph;
  if (source.path.empty()) throw CLI::ValidationError("give the graph: GRAPH or --graph");
  if (options.by_reference) {
    const keras::Lowered lowered = load_and_lower(source);
    data::DataSet examples = open_data(options, evaluation::example_format(lowered));
    return evaluation::evaluate_reference(lowered, examples, options.evaluate);
  }
  const Runnable runnable = load_runnable(source, options.input_nodes, options.output_nodes);
  data::DataSet examples = open_data(options, evaluation::example_format(runnable.graph, runnable.signature));
  return evaluation::evaluate(runnable.graph, runnable.signature, examples, options.evaluate);
}

int run(Options options) {
  options.evaluate.show_progress = true;
  const auto result = evaluate(options);
  if (options.as_json) {
    print_json({{"accuracy", result.accuracy}, {"loss", result.loss}, {"examples", result.examples}, {"seconds", result.seconds},
                {"top_k", result.top_k}, {"top_k_accuracy", result.top_k_accuracy}});
    return 0;
  }
  fmt::print("{} examples in {:.2f} s, loss {:.4f}, top-{} accuracy {:.4f}\n", result.examples, result.seconds, result.loss, result.top_k, result.top_k_accuracy);
  // The closing line of the tutorials' evaluate_accuracy.py.
  fmt::print("{} accuracy with validation dataset: {:.4f}\n", options.by_reference ? "Keras model" : "Graph", result.accuracy);
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("GRAPH", options->model.path, "A frozen .pb or .pbtxt, or a Keras model");
  app.add_option("--graph", options->graph, "The same, as evaluate_accuracy.py takes it");
  add_model_options(app, options->model);
  app.add_option("-d,--data,--dataset", options->data,
                 "Labelled data, recognised by what it holds: CSV (label first), CIFAR binary, .npz (x, y), or a folder of such");
  app.add_option("--input_node,--input-node", options->input_nodes, "Input node (default: the placeholder)")->delimiter(',');
  app.add_option("--output_node,--output-node", options->output_nodes, "Output node (default: what nobody uses)")->delimiter(',');
  app.add_option("-b,--batchsize,--batch-size,--batch_size,--batch", options->evaluate.batch_size, "Examples per run")->capture_default_str()->check(kPositive);
  app.add_option("-t,--threads", options->evaluate.threads, "Threads; 0: all that the process may use")->capture_default_str()->check(kNotNegative);
  app.add_option("--top-k", options->evaluate.top_k, "Also count labels among the k largest outputs")->capture_default_str()->check(kPositive);
  app.add_flag("--drop_remainder,--drop-remainder", options->evaluate.drop_remainder, "Leave the last partial batch out, as the tutorials' script did");
  app.add_flag("--train-split", options->train_split, "Of a folder that holds both, the training examples");
  app.add_flag("--reference", options->by_reference, "Compute a Keras model by its layers' definitions in double precision: slow and certain");
  app.add_flag("--json", options->as_json, "Print one JSON object: accuracy, loss, examples, seconds");
  app.footer("Example:\n  hoarfrost evaluate frozen.pb --data sign_mnist_test.csv\n"
             "  evaluate_accuracy --graph=frozen.pb --input_node=input_1 --output_node=dense_2/Softmax -b 32 --dataset test_batch.bin");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_evaluate{"evaluate", "evaluate_accuracy", "Accuracy of a frozen graph or a Keras model on labelled data", add_options};

}  // namespace hoarfrost::cli
