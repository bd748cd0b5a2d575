// hoarfrost draw ANY -o graph.svg: a picture of a graph or model, by Graphviz.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <set>

#include "cli/command.h"
#include "cli/graphviz.h"
#include "cli/model_source.h"
#include "cli/report.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  ModelSource model;
  std::filesystem::path output;
  DrawOptions drawing;
  bool by_layers = false;
  bool by_nodes = false;
  bool as_json = false;
};

graph::Graph read(const Options& options) {
  const auto& path = options.model.path;
  if (std::filesystem::is_directory(path)) return std::move(tensorflow::read_saved_model(path).meta_graph.graph);
  if (path.extension() == ".meta") return std::move(tensorflow::read_meta_graph(path).graph);
  return std::move(load_runnable(options.model, {}, {}).graph);
}

int run(const Options& options) {
  static const std::set<std::string> kFormats = {"svg", "png", "pdf", "dot", "gv"};
  expect_different(options.output, options.model.path);
  const std::string extension = options.output.extension().string();
  const std::string format = extension.empty() ? "" : extension.substr(1);
  if (!kFormats.contains(format)) {
    throw Error(ErrorCode::kInvalidArgument, options.output.string(),
                "expected a name that ends in .svg, .png, .pdf or .dot");
  }
  const graph::Graph graph = read(options);
  const bool by_layers = options.by_layers || (!options.by_nodes && is_too_large_to_draw(graph, options.drawing));
  size_t n_boxes = 0;
  const std::string source =
      by_layers ? layers_to_dot(graph, options.drawing, n_boxes) : to_dot(graph, options.drawing);
  write_file(options.output, format == "dot" || format == "gv" ? source : run_dot(source, format));
  if (options.as_json) {
    Json said = {{"nodes", graph.size()}, {"files", {options.output.string()}}};
    if (by_layers) said["boxes"] = n_boxes;
    print_json(said);
  } else {
    fmt::print("{} nodes drawn into {}{}.\n", graph.size(), options.output.string(),
               !by_layers ? ""
               : options.by_layers
                   ? fmt::format(" as {} boxes, one for a layer", n_boxes)
                   : fmt::format(" as {} boxes, one for a layer, for they are many; --nodes draws each", n_boxes));
  }
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  options->model.zero_weights = true;
  app.add_option("FILE", options->model.path,
                 "A graph (.pb, .pbtxt), a MetaGraph (.meta), a SavedModel's folder or a Keras model")
      ->required();
  app.add_option("-o,--output", options->output, "The picture: .svg, .png or .pdf by Graphviz, or .dot for its source")
      ->required();
  app.add_flag("--constants", options->drawing.constants,
               "Draw constants too; without it their shapes stand in the nodes that take them");
  auto* layers = app.add_flag("--layers", options->by_layers,
                              "One box for a layer (name scope), which is how more than 1000 nodes are drawn");
  app.add_flag("--nodes", options->by_nodes, "Every node, however many there are")->excludes(layers);
  app.add_flag("--horizontal", options->drawing.horizontal, "From left to right instead of from top to bottom");
  add_model_options(app, options->model);
  app.add_flag("--json", options->as_json, "Print one JSON object: nodes, files, and boxes where they are layers");
  app.footer(
      "Layers (name scopes) are boxes, tensors' shapes stand at the edges. Needs Graphviz (Debian's package "
      "graphviz).\n"
      "Example:\n  hoarfrost draw model.h5 -o model.svg");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_draw{"draw", "", "Picture of a graph or model: layers as boxes, shapes at the edges",
                           add_options};

}  // namespace hoarfrost::cli
