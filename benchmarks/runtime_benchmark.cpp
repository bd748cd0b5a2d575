// Frozen graphs run by the runtime at several batch sizes and thread counts.
//   build/release/bin/runtime_benchmark --graph=frozen.pb [--benchmark_filter=…]
#include <benchmark/benchmark.h>
#include <hoarfrost/runtime.h>
#include <hoarfrost/tensorflow.h>

#include <cstdio>
#include <random>
#include <string_view>

namespace {

hoarfrost::graph::Graph g_graph;
hoarfrost::graph::Signature g_signature;

std::vector<hoarfrost::Tensor> random_inputs(int64_t batch) {
  std::minstd_rand engine(1);
  std::uniform_real_distribution<float> uniform(0, 1);
  std::vector<hoarfrost::Tensor> inputs;
  for (const auto& input : g_signature.inputs) {
    auto shape = input.node->get<hoarfrost::Shape>("shape");
    shape[0] = batch;
    hoarfrost::Tensor tensor(hoarfrost::DType::kFloat32, shape);
    for (float& value : tensor.mutable_values<float>()) value = uniform(engine);
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

void run_graph(benchmark::State& state) {
  const int64_t batch = state.range(0);
  hoarfrost::runtime::Session session(g_graph, g_signature, {.threads = static_cast<int>(state.range(1))});
  const auto inputs = random_inputs(batch);
  (void)session.run(inputs);  // compiles
  for (auto _ : state) benchmark::DoNotOptimize(session.run(inputs));
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(run_graph)->ArgNames({"batch", "threads"})->ArgsProduct({{1, 8, 32}, {1, 2}})->UseRealTime();

}  // namespace

int main(int argc, char** argv) {
  constexpr std::string_view kFlag = "--graph=";
  benchmark::Initialize(&argc, argv);
  if (argc != 2 || !std::string_view(argv[1]).starts_with(kFlag)) {
    std::fprintf(stderr,
                 "usage: runtime_benchmark --graph=FROZEN.pb (one with float inputs whose batch alone is open)\n");
    return 2;
  }
  g_graph = hoarfrost::tensorflow::read_graph(std::string_view(argv[1]).substr(kFlag.size()));
  for (const auto& node : g_graph.nodes()) {
    if (node->op() == "Placeholder") g_signature.inputs.push_back(node->output());
  }
  for (auto* node : hoarfrost::graph::terminal_nodes(g_graph)) g_signature.outputs.push_back(node->output());
  benchmark::RunSpecifiedBenchmarks();
}
