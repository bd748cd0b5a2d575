#include "cli/model_source.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/tensorflow.h>

#include <charconv>

#include "cli/report.h"
#include "keras/file_kind.h"
#include "ops/op.h"

namespace hoarfrost::cli {
namespace {

// Says which node of which file cannot be computed, before anything else is read.
void expect_computable(const graph::Graph& graph, const std::filesystem::path& path) {
  try {
    (void)ops::infer(graph);
  } catch (Error& error) {
    error.within(path.string());
    throw;
  }
}

// Calls become what they call: the runtime knows TensorFlow 1's control flow.
void inline_functions(graph::Graph& graph, const std::filesystem::path& path) {
  try {
    tensorflow::inline_functions(graph);
  } catch (Error& error) {
    error.within(path.string());
    throw;
  }
}

bool is_source_of_values(const graph::Node& node) {
  return node.op() == "Placeholder" || node.op() == "PlaceholderWithDefault";
}

}  // namespace

// "1,32,32,3" or "input_1=?,32,32,3": a size that stays open is written ? or -1 or None.
std::pair<std::string, Shape> parse_input_shape(const std::string& text) {
  const size_t equals = text.rfind('=');
  const std::string name = equals == std::string::npos ? "" : text.substr(0, equals);
  std::string_view rest = std::string_view(text).substr(equals == std::string::npos ? 0 : equals + 1);
  std::vector<int64_t> sizes;
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view part = rest.substr(0, comma);
    int64_t size = kUnknown;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), size);
    const bool is_open = part == "?" || part == "None";
    if (!is_open && (error != std::errc{} || end != part.data() + part.size() || size < -1 || size == 0)) {
      throw Error(ErrorCode::kInvalidArgument, "--input-shape",
                  fmt::format("expected sizes such as 1,32,32,3, found `{}`", text));
    }
    sizes.push_back(is_open ? kUnknown : size);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return {name, Shape(std::move(sizes))};
}

void add_custom_options(CLI::App& app, ModelSource& source) {
  app.add_option(
         "--lambda", source.lambdas,
         "What a layer computes whose Python is not understood, of its input x: lambda_1='x / 255' (docs/lambda.md)")
      ->allow_extra_args(false)
      ->option_text("NAME=EXPRESSION …");
  app.add_option("--random", source.random,
                 "What is random in a Lambda or an operation stands as its distribution's mean: the z of a variational "
                 "autoencoder is then its mean; without it such a model is refused")
      ->check(CLI::IsMember({"mean"}))
      ->option_text("mean");
  app.add_option("--custom", source.custom_classes,
                 "The known layer that a custom class is, MyDense=Dense, or what it computes of its input x and its "
                 "weights w: Scale='x * w[0] + w[1]' (docs/lambda.md)")
      ->allow_extra_args(false)
      ->option_text("CLASS=LAYER|EXPRESSION …");
}

void add_model_options(CLI::App& app, ModelSource& source) {
  app.add_option("-w,--weights", source.weights, "Weights (.h5) of a JSON or YAML architecture");
  app.add_option(
      "--input-shape", source.input_shapes,
      "Fixes an input's shape, batch first: 1,224,224,3, or input_1=1,224,224,3 where there are several; ? stays open");
  app.add_option(
      "--name-suffix", source.name_suffix,
      "Appended to every layer's name: _1 gives the names of a model loaded twice into one session (input_1_1)");
  add_custom_options(app, source);
}

void add_recurrence_option(CLI::App& app, ModelSource& source) {
  using keras::RecurrenceForm;
  static const std::map<std::string, RecurrenceForm> kForms{{"unroll", RecurrenceForm::kUnroll},
                                                            {"loop", RecurrenceForm::kLoop}};
  app.add_option("--rnn", source.recurrence,
                 "How the steps of recurrent layers stand in the graph: unroll, one after the other, or loop, "
                 "TensorFlow 1's while loop; "
                 "without it known steps, 1024 at most, are unrolled")
      ->transform(CLI::CheckedTransformer(kForms))
      ->option_text("unroll|loop");
}

keras::LoadOptions load_options(const ModelSource& source) {
  keras::LoadOptions options;
  options.weights = source.weights;
  options.zero_weights = source.zero_weights;
  for (const auto& text : source.input_shapes) options.input_shapes.insert(parse_input_shape(text));
  const auto pairs = [](const std::vector<std::string>& texts, std::string_view flag, std::string_view example) {
    std::map<std::string, std::string> result;
    for (const std::string& text : texts) {
      const size_t equals = text.find('=');
      if (equals == 0 || equals == std::string::npos || equals + 1 == text.size()) {
        throw Error(ErrorCode::kInvalidArgument, flag, fmt::format("expected {}, found `{}`", example, text));
      }
      result[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return result;
  };
  options.lambdas = pairs(source.lambdas, "--lambda", "NAME='x / 255'");
  options.custom_classes = pairs(source.custom_classes, "--custom", "CLASS=LAYER or CLASS='x * w[0]'");
  options.random_is_mean = source.random == "mean";
  return options;
}

keras::Lowered load_and_lower(const ModelSource& source) {
  const auto model = keras::load(source.path, load_options(source));
  keras::Lowered lowered;
  try {
    lowered = keras::lower(
        *model,
        {.name_suffix = source.name_suffix, .phase = keras::Phase::kInference, .recurrence = source.recurrence});
  } catch (Error& error) {
    error.within(source.path.string());
    throw;
  }
  for (const auto& text : lowered.notes) note(text);
  return lowered;
}

FrozenModel freeze_model(keras::Lowered lowered) {
  FrozenModel result;
  result.graph = lowered.graph.clone();
  passes::FreezeOptions options;
  for (const auto& output : lowered.signature.outputs) options.outputs.push_back(output.node->name());
  // Inputs that no output depends on are part of the model's interface all the same.
  for (const auto& input : lowered.signature.inputs) options.outputs.push_back(input.node->name());
  result.n_frozen = passes::freeze(result.graph, lowered.variables, options);
  for (const auto& input : lowered.signature.inputs)
    result.signature.inputs.push_back(graph::resolve(result.graph, input.name()));
  for (const auto& output : lowered.signature.outputs)
    result.signature.outputs.push_back(graph::resolve(result.graph, output.name()));
  result.lowered = std::move(lowered);
  return result;
}

bool is_graph_file(const std::filesystem::path& path) {
  const auto file = File::open(path);
  return file->size() > 0 && keras::file_kind(*file) == keras::FileKind::kOther;
}

graph::Endpoint resolve(const graph::Graph& graph, const std::string& name, const std::filesystem::path& path) {
  std::string said;
  try {
    const graph::Endpoint endpoint = graph::resolve(graph, name, &said);
    if (!said.empty()) note(said);
    return endpoint;
  } catch (Error& error) {
    error.within(path.string());
    throw;
  }
}

Runnable load_runnable(const ModelSource& source, const std::vector<std::string>& input_nodes,
                       const std::vector<std::string>& output_nodes) {
  Runnable result;
  if (is_graph_file(source.path)) {
    result.graph = tensorflow::read_graph(source.path);
    inline_functions(result.graph, source.path);
    expect_computable(result.graph, source.path);
  } else {
    FrozenModel frozen = freeze_model(load_and_lower(source));
    result.graph = std::move(frozen.graph);
    result.signature = std::move(frozen.signature);
  }
  const auto resolve_all = [&](const std::vector<std::string>& names, std::vector<graph::Endpoint>& into) {
    if (!names.empty()) into.clear();
    for (const auto& name : names) into.push_back(resolve(result.graph, name, source.path));
  };
  resolve_all(input_nodes, result.signature.inputs);
  resolve_all(output_nodes, result.signature.outputs);
  if (result.signature.inputs.empty()) {
    for (const auto& node : result.graph.nodes()) {
      if (is_source_of_values(*node)) result.signature.inputs.push_back(node->output());
    }
  }
  if (result.signature.outputs.empty()) {
    for (graph::Node* node : graph::terminal_nodes(result.graph)) result.signature.outputs.push_back(node->output());
  }
  if (result.signature.outputs.empty())
    throw Error(ErrorCode::kInvalidArgument, source.path.string(), "the graph gives no output");
  return result;
}

}  // namespace hoarfrost::cli
