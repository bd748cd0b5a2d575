// hoarfrost predict: a graph's outputs for given inputs, from .npz to .npz.
#include <fmt/format.h>
#include <hoarfrost/evaluation.h>

#include "cli/command.h"
#include "cli/model_source.h"
#include "cli/numbers.h"
#include "cli/report.h"
#include "cli/session_options.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  ModelSource model;
  std::filesystem::path data;
  std::filesystem::path output;
  std::vector<std::string> input_nodes;
  std::vector<std::string> output_nodes;
  evaluation::PredictOptions predict;
  bool as_json = false;
};

int run(Options options) {
  expect_different(options.output, options.data);
  expect_different(options.output, options.model.path);
  options.predict.show_progress = true;
  const Runnable runnable = load_runnable(options.model, options.input_nodes, options.output_nodes);
  const auto written =
      evaluation::predict_file(runnable.graph, runnable.signature, options.data, options.output, options.predict);
  std::vector<std::vector<std::string>> rows;
  Json outputs = Json::array();
  for (size_t i = 0; i < written.size(); ++i) {
    const auto& [name, value] = written[i];
    const std::string node = runnable.signature.outputs[i].name();
    rows.push_back({name, node, std::string(dtype_name(value.dtype())), value.shape().to_string()});
    outputs.push_back(
        {{"array", name}, {"name", node}, {"dtype", dtype_name(value.dtype())}, {"shape", value.shape().sizes()}});
  }
  if (options.as_json)
    print_json({{"outputs", outputs}, {"files", {options.output.string()}}});
  else
    fmt::print("{}Written to {}.\n", table({"array", "node", "type", "shape"}, rows), options.output.string());
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("GRAPH", options->model.path, "A frozen .pb or .pbtxt, or a Keras model")->required();
  add_model_options(app, options->model);
  app.add_option("-d,--data,--dataset", options->data,
                 "Inputs: .npz with in0, in1, … or the inputs' names, or x; or a .npy")
      ->required();
  app.add_option("-o,--output", options->output, "The .npz to write: out0, out1, … in Keras' order")->required();
  app.add_option("--input_node,--input-node", options->input_nodes, "Input nodes (default: the placeholders)")
      ->delimiter(',');
  app.add_option("--output_node,--output-node", options->output_nodes, "Output nodes (default: what nobody uses)")
      ->delimiter(',');
  app.add_option("-b,--batch-size,--batch,--batch_size,--batchsize", options->predict.batch_size, "Examples per run")
      ->capture_default_str()
      ->check(kPositive);
  add_session_options(app, options->predict.session);
  app.add_flag("--json", options->as_json, "Print one JSON object: outputs, files");
  app.footer("Example:\n  hoarfrost predict frozen.pb --data inputs.npz -o outputs.npz");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_predict{"predict", "", "A graph's outputs for given inputs, from .npz to .npz", add_options};

}  // namespace hoarfrost::cli
