#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "base/processors.h"
#include "runtime/choose.h"
#include "runtime/lower.h"
#include "runtime/threads.h"

namespace hoarfrost::runtime {
namespace {

using Sizes = std::vector<std::vector<int64_t>>;

// oneDNN's exceptions as ours.
template <typename Function>
auto translated(Function function) {
  try {
    return function();
  } catch (const dnnl::error& error) {
    throw Error(ErrorCode::kUnsupported, "oneDNN",
                fmt::format("{} (status {})", error.what(), static_cast<int>(error.status)));
  }
}

std::vector<Shape> shapes_of(std::span<const Tensor> tensors) {
  std::vector<Shape> shapes;
  for (const auto& tensor : tensors) shapes.push_back(tensor.shape());
  return shapes;
}

bool fits(const Shape& wanted, const Shape& given) {
  if (!wanted.has_rank()) return true;
  if (wanted.rank() != given.rank()) return false;
  for (int i = 0; i < wanted.rank(); ++i) {
    if (wanted[i] != kUnknown && wanted[i] != given[i]) return false;
  }
  return true;
}

}  // namespace

bool has_bfloat16() {
  const auto isa = dnnl::get_effective_cpu_isa();
  return isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
}

struct Session::State {
  State(const graph::Graph& frozen, const graph::Signature& outer, const Options& asked)
      : options(asked), n_threads(thread_count(asked.threads)), graph(frozen.clone()) {
    for (const auto& input : outer.inputs) signature.inputs.push_back(own(input));
    for (const auto& output : outer.outputs) signature.outputs.push_back(own(output));
    nodes = needed_nodes(graph, signature);
    if (options.precision == Precision::kBFloat16 && !has_bfloat16()) {
      throw Error(ErrorCode::kUnsupported, "",
                  "this processor has no bfloat16 arithmetic (AVX-512 BF16): leave the precision at f32");
    }
    if (!options.tuning_file.empty()) tuning = Tuning(options.tuning_file, fingerprint_of(graph));
  }

  graph::Endpoint own(graph::Endpoint outer) const {
    graph::Node* node = outer.node == nullptr ? nullptr : graph.find(outer.node->name());
    if (node == nullptr)
      throw Error(ErrorCode::kInvalidArgument, "Session",
                  "an input or output of the signature is no node of the graph");
    return {node, outer.index};
  }

  static Shape wanted_shape(const graph::Node& input) {
    return input.op() == "Placeholder" ? input.get_or<Shape>("shape", Shape::unknown_rank()) : Shape::unknown_rank();
  }

  void check_shapes(std::span<const Shape> shapes) const {
    if (shapes.size() != signature.inputs.size()) {
      throw Error(ErrorCode::kMismatch, "Session",
                  fmt::format("the graph has {} inputs, but {} are given", signature.inputs.size(), shapes.size()));
    }
    for (size_t i = 0; i < shapes.size(); ++i) {
      const graph::Node& node = *signature.inputs[i].node;
      const Shape wanted = wanted_shape(node);
      if (!shapes[i].is_static() || !fits(wanted, shapes[i])) {
        throw Error(ErrorCode::kMismatch, fmt::format("input `{}`", node.name()),
                    fmt::format("expected the shape {}, found {}", wanted.to_string(), shapes[i].to_string()));
      }
    }
  }

  Program& program(std::span<const Shape> shapes) {
    Sizes key;
    for (const auto& shape : shapes) key.push_back(shape.sizes());
    auto& found = programs[key];
    if (found == nullptr) {
      check_shapes(shapes);
      found = translated([&] {
        const bool uses_bfloat16 = options.precision == Precision::kBFloat16;
        return choose_program(
            lower(nodes, signature, shapes),
            {options.fuse, options.n_runs, n_threads, uses_bfloat16, options.is_deterministic, options.group}, engine,
            weights, tuning);
      });
      tuning.write();
    }
    return *found;
  }

  void check_outputs(std::span<const Shape> shapes, std::span<const Tensor> outputs) {
    const auto& wanted = program(shapes).outputs();
    if (outputs.size() != wanted.size()) {
      throw Error(ErrorCode::kMismatch, "Session",
                  fmt::format("the graph has {} outputs, but {} are given", wanted.size(), outputs.size()));
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      const std::string place = fmt::format("output `{}`", signature.outputs[i].name());
      if (wanted[i].is_held()) {
        throw Error(ErrorCode::kUnsupported, place,
                    "its shape is only known when it is computed: nothing to write into can be given");
      }
      if (outputs[i].dtype() != wanted[i].dtype || outputs[i].shape() != wanted[i].shape) {
        throw Error(
            ErrorCode::kMismatch, place,
            fmt::format("expected {} of shape {} to write into, found {} of shape {}", dtype_name(wanted[i].dtype),
                        wanted[i].shape.to_string(), dtype_name(outputs[i].dtype()), outputs[i].shape().to_string()));
      }
    }
  }

  // Outputs of a shape that is only known now may be empty.
  void run(std::span<const Tensor> inputs, std::span<Tensor> outputs, const AfterStep& after_step = {}) {
    Program& found = program(shapes_of(inputs));
    std::vector<Tensor> aligned(inputs.size());
    std::vector<void*> sources;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const DType wanted = input_dtype(signature.inputs[i]);
      if (inputs[i].dtype() != wanted) {
        throw Error(ErrorCode::kMismatch, fmt::format("input `{}`", signature.inputs[i].node->name()),
                    fmt::format("expected {} of shape {}, found {}", dtype_name(wanted), inputs[i].shape().to_string(),
                                dtype_name(inputs[i].dtype())));
      }
      aligned[i] = inputs[i].aligned();
      const bool is_held = dtype_size(wanted) == 0;
      sources.push_back(is_held ? static_cast<void*>(&aligned[i]) : const_cast<std::byte*>(aligned[i].bytes().data()));
    }
    std::vector<void*> targets;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const bool is_held = found.outputs()[i].is_held();
      targets.push_back(is_held ? static_cast<void*>(&outputs[i]) : outputs[i].mutable_bytes().data());
    }
    translated([&] { found.run(sources, targets, after_step); });
  }

  Options options;
  int n_threads;
  graph::Graph graph;
  graph::Signature signature;
  graph::Schedule nodes;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  Weights weights{engine};
  Tuning tuning;
  std::map<Sizes, std::unique_ptr<Program>> programs;
};

Session::Session(const graph::Graph& frozen, const graph::Signature& signature, Options options)
    : state_(std::make_unique<State>(frozen, signature, options)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

std::vector<Step> Session::profile(std::span<const Tensor> inputs, double seconds) {
  using Clock = std::chrono::steady_clock;
  (void)run(inputs);  // compiles, and fills the caches
  Program& program = state_->program(shapes_of(inputs));
  program.set_timing(true);
  int64_t n_runs = 0;
  for (const auto start = Clock::now();
       n_runs == 0 || std::chrono::duration<double>(Clock::now() - start).count() < seconds; ++n_runs)
    (void)run(inputs);
  program.set_timing(false);
  auto steps = program.steps();
  for (Step& step : steps) step.seconds /= static_cast<double>(n_runs);
  return steps;
}

std::vector<Tensor> Session::run(std::span<const Tensor> inputs) {
  const ThreadCount threads(state_->n_threads);
  const Program& program = state_->program(shapes_of(inputs));
  std::vector<Tensor> results;
  for (const Value& output : program.outputs())
    results.push_back(output.is_held() ? Tensor() : Tensor(output.dtype, output.shape));
  state_->run(inputs, results);
  return results;
}

void Session::run_into(std::span<const Tensor> inputs, std::span<Tensor> outputs, const AfterStep& after_step) {
  const ThreadCount threads(state_->n_threads);
  state_->check_outputs(shapes_of(inputs), outputs);
  state_->run(inputs, outputs, after_step);
}

std::vector<Step> Session::plan(std::span<const Shape> input_shapes) {
  const ThreadCount threads(state_->n_threads);
  return state_->program(input_shapes).steps();
}

}  // namespace hoarfrost::runtime
