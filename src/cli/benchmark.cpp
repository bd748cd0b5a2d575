// hoarfrost benchmark: throughput and latency of a graph on this machine.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "cli/command.h"
#include "cli/model_source.h"
#include "cli/numbers.h"
#include "cli/profile.h"
#include "cli/report.h"
#include "cli/session_options.h"
#include "ops/op.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  ModelSource model;
  std::vector<std::string> input_nodes;
  std::vector<std::string> output_nodes;
  int64_t batch_size = 1;
  double seconds = 3;
  runtime::Options session;
  bool shows_plan = false;
  bool shows_profile = false;
  bool as_json = false;
};

Tensor random_input(DType dtype, const Shape& shape, std::mt19937_64& generator) {
  Tensor values(DType::kFloat32, shape);
  std::uniform_real_distribution<float> uniform(0, 1);
  for (float& value : values.mutable_values<float>()) value = uniform(generator);
  return values.cast(dtype);
}

struct Timing {
  double throughput = 0;             // examples per second
  std::vector<double> milliseconds;  // of each run, sorted
  [[nodiscard]] double quantile(double q) const {
    return milliseconds[static_cast<size_t>(q * static_cast<double>(milliseconds.size() - 1))];
  }
};

// A tenth of the time warms up; the rest counts.
Timing measure(runtime::Session& session, const std::vector<Tensor>& inputs, const Options& options) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  for (const auto start = Clock::now(); since(start) < options.seconds / 10;) (void)session.run(inputs);
  Timing timing;
  const auto start = Clock::now();
  do {
    const auto run_start = Clock::now();
    (void)session.run(inputs);
    timing.milliseconds.push_back(since(run_start) * 1e3);
  } while (since(start) < options.seconds);
  timing.throughput =
      static_cast<double>(timing.milliseconds.size()) * static_cast<double>(options.batch_size) / since(start);
  std::ranges::sort(timing.milliseconds);
  return timing;
}

int run(const Options& options) {
  Runnable runnable = load_runnable(options.model, options.input_nodes, options.output_nodes);
  const auto signature = report(runnable.graph, runnable.signature);
  std::mt19937_64 generator(1);
  std::vector<Tensor> inputs;
  std::vector<Shape> shapes;
  for (const auto& input : signature.inputs) {
    Shape shape = input.shape;
    if (shape.rank() > 0 && shape[0] < 0) shape[0] = options.batch_size;
    if (!shape.is_static())
      throw Error(ErrorCode::kInvalidArgument, input.name,
                  fmt::format("its shape {} is open; give --input-shape", input.shape.to_string()));
    inputs.push_back(random_input(input.dtype, shape, generator));
    shapes.push_back(shape);
  }
  runtime::Session session(runnable.graph, runnable.signature, options.session);
  const Timing timing = measure(session, inputs, options);
  const auto plan = session.plan(shapes);
  if (options.as_json) {
    Json json{{"batch", options.batch_size},
              {"threads", options.session.threads},
              {"throughput", timing.throughput},
              {"latency_ms",
               {{"min", timing.milliseconds.front()},
                {"median", timing.quantile(0.5)},
                {"p90", timing.quantile(0.9)},
                {"p99", timing.quantile(0.99)}}}};
    if (options.shows_plan) {
      json["plan"] = Json::array();
      for (const auto& step : plan)
        json["plan"].push_back({{"name", step.name}, {"implementation", step.implementation}});
    }
    if (options.shows_profile)
      json["profile"] =
          profile_json(session.profile(inputs, options.seconds), runtime::measure_peak(options.session.threads));
    print_json(json);
    return 0;
  }
  if (options.shows_plan) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& step : plan) rows.push_back({step.name, step.implementation});
    fmt::print("{}\n", table({"step", "implementation"}, rows));
  }
  if (options.shows_profile) {
    fmt::print("{}\n",
               profile_text(session.profile(inputs, options.seconds), runtime::measure_peak(options.session.threads)));
  }
  fmt::print("{}", table({"batch", "runs", "examples/s", "min ms", "median ms", "p90 ms", "p99 ms"},
                         {{std::to_string(options.batch_size), std::to_string(timing.milliseconds.size()),
                           fmt::format("{:.1f}", timing.throughput), fmt::format("{:.3f}", timing.milliseconds.front()),
                           fmt::format("{:.3f}", timing.quantile(0.5)), fmt::format("{:.3f}", timing.quantile(0.9)),
                           fmt::format("{:.3f}", timing.quantile(0.99))}}));
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("GRAPH", options->model.path, "A frozen .pb or .pbtxt, or a Keras model")->required();
  add_model_options(app, options->model);
  app.add_option("--input_node,--input-node", options->input_nodes, "Input nodes (default: the placeholders)")
      ->delimiter(',');
  app.add_option("--output_node,--output-node", options->output_nodes, "Output nodes (default: what nobody uses)")
      ->delimiter(',');
  app.add_option("-b,--batch-size,--batch,--batch_size,--batchsize", options->batch_size, "Examples per run")
      ->capture_default_str()
      ->check(kPositive);
  add_session_options(app, options->session);
  app.add_option("--seconds", options->seconds, "How long to measure")->capture_default_str()->check(kPositive);
  app.add_flag("--plan", options->shows_plan, "Show the compiled plan: each step and the implementation that runs it");
  app.add_flag("--profile", options->shows_profile,
               "Show each step's time, GFLOP/s and GB/s beside what this machine can do at most (measured)");
  app.add_flag("--json", options->as_json, "Print one JSON object: batch, threads, throughput, latency_ms");
  app.footer("Example:\n  hoarfrost benchmark frozen.pb --batch-size 32 --threads 2 --seconds 3");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_benchmark{"benchmark", "", "Throughput and latency of a graph on this machine", add_options};

}  // namespace hoarfrost::cli
