#include "runtime/choose.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include "runtime/fuse/fuse.h"

namespace hoarfrost::runtime {
namespace {

constexpr int kMaxRounds = 8;
constexpr double kSecondsPerProgram = 0.05;  // of trying; one run at least

bool is_empty(const OperationList& list) {
  return std::ranges::any_of(list.inputs, [&](ValueId id) {
    const Value& value = list.values[static_cast<size_t>(id)];
    return !value.is_held() && value.shape.n_elements() == 0;
  });
}

// Whether layouts are worth a choice: only convolutions have a preference.
bool has_convolutions(const OperationList& list) {
  return std::ranges::any_of(list.operations, [](const Operation& operation) {
    return operation.is("Conv2D") || operation.is("Conv3D") || operation.is("DepthwiseConv2dNative");
  });
}

// Runs a program on random inputs.
class Stopwatch {
 public:
  explicit Stopwatch(const OperationList& list) {
    std::minstd_rand engine(1);
    std::uniform_real_distribution<float> distribution(-1, 1);
    for (const ValueId id : list.inputs) {
      const Value& value = list.values[static_cast<size_t>(id)];
      is_possible_ &= value.dtype == DType::kFloat32 && !value.is_held();
      if (!is_possible_) return;
      Tensor tensor(value.dtype, value.shape);
      std::ranges::generate(tensor.mutable_values<float>(), [&] { return distribution(engine); });
      inputs_.push_back(std::move(tensor));
    }
    for (const ValueId id : list.outputs) {
      const Value& value = list.values[static_cast<size_t>(id)];
      is_possible_ &= !value.is_held();
      if (!is_possible_) return;
      outputs_.emplace_back(value.dtype, value.shape);
    }
  }

  [[nodiscard]] bool is_possible() const { return is_possible_; }

  // The shortest of a few runs.
  double seconds(Program& program) {
    std::vector<void*> inputs;
    std::vector<void*> outputs;
    for (auto& input : inputs_) inputs.push_back(input.mutable_bytes().data());
    for (auto& output : outputs_) outputs.push_back(output.mutable_bytes().data());
    using Clock = std::chrono::steady_clock;
    program.run(inputs, outputs);
    double best = INFINITY;
    double spent = 0;
    for (int i = 0; i < kMaxRounds && spent < kSecondsPerProgram; ++i) {
      const auto start = Clock::now();
      program.run(inputs, outputs);
      const double taken = std::chrono::duration<double>(Clock::now() - start).count();
      best = std::min(best, taken);
      spent += taken;
    }
    return best;
  }

 private:
  bool is_possible_ = true;
  std::vector<Tensor> inputs_;
  std::vector<Tensor> outputs_;
};

}  // namespace

std::unique_ptr<Program> choose_program(OperationList list, const ChooseOptions& options, const dnnl::engine& engine,
                                        Weights& weights) {
  if (!options.fuse || is_empty(list)) return compile(list, {}, engine, weights);
  fuse(list);
  auto best = compile(list, {}, engine, weights);
  if (!has_convolutions(list)) return best;
  Stopwatch stopwatch(list);
  auto blocked = compile(list, {.strategy = {.prefers_blocked = true}}, engine, weights);
  if (!stopwatch.is_possible()) return best;
  if (stopwatch.seconds(*blocked) < stopwatch.seconds(*best)) best = std::move(blocked);
  return best;
}

}  // namespace hoarfrost::runtime
