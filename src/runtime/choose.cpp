#include "runtime/choose.h"

#include <algorithm>
#include <chrono>
#include <random>

#include "runtime/fuse/fuse.h"
#include "runtime/slice.h"

namespace hoarfrost::runtime {
namespace {

constexpr size_t kMinRounds = 3;
constexpr size_t kMaxRounds = 15;
constexpr double kSecondsPerProgram = 0.05;  // of trying, when all goes well
constexpr double kMaxSeconds = 0.2;          // before kMinRounds are through

// Which kernels are better shows in the shortest run, whatever else the machine does; what waiting for other threads
// costs shows in the median alone.
struct Times {
  double shortest = 0;
  double median = 0;
};

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

  Times measure(Program& program) {
    std::vector<void*> inputs;
    std::vector<void*> outputs;
    for (auto& input : inputs_) inputs.push_back(input.mutable_bytes().data());
    for (auto& output : outputs_) outputs.push_back(output.mutable_bytes().data());
    using Clock = std::chrono::steady_clock;
    std::vector<double> taken;
    double spent = 0;
    while (taken.size() < kMaxRounds &&
           (spent < kSecondsPerProgram || (taken.size() < kMinRounds && spent < kMaxSeconds))) {
      const auto start = Clock::now();
      program.run(inputs, outputs);
      taken.push_back(std::chrono::duration<double>(Clock::now() - start).count());
      spent += taken.back();
    }
    std::ranges::sort(taken);
    return {taken.front(), taken[taken.size() / 2]};
  }

 private:
  bool is_possible_ = true;
  std::vector<Tensor> inputs_;
  std::vector<Tensor> outputs_;
};

// Keeps the fastest of the programs it is shown.
class Contest {
 public:
  Contest(const OperationList& list, const dnnl::engine& engine, Weights& weights)
      : list_(list), stopwatch_(list), engine_(engine), weights_(weights) {}

  // `n_images` to a slice, or 0 for the batch as a whole. Whether its kernels are the best so far.
  bool enter(bool prefers_blocked, int64_t n_images, int n_threads) {
    return enter(prefers_blocked, n_images, n_threads,
                 [](const Times& a, const Times& b) { return a.shortest < b.shortest; });
  }

  // The same by a single thread, kept when it is what one can count on.
  void enter_alone(bool prefers_blocked, int64_t n_images) {
    enter(prefers_blocked, n_images, 1, [](const Times& a, const Times& b) { return a.median < b.median; });
  }

  [[nodiscard]] bool is_long() const { return best_times_.shortest > kSecondsPerProgram; }
  std::unique_ptr<Program> winner() { return std::move(best_); }

 private:
  template <typename IsBetter>
  bool enter(bool prefers_blocked, int64_t n_images, int n_threads, IsBetter is_better) {
    auto cut = n_images > 0 ? sliced(list_, n_images) : std::nullopt;
    if (n_images > 0 && !cut) return false;
    auto program =
        compile(cut ? *cut : list_, {.strategy = {.prefers_blocked = prefers_blocked}, .n_threads = n_threads}, engine_,
                weights_);
    const Times times = stopwatch_.is_possible() ? stopwatch_.measure(*program) : Times();
    if (best_ != nullptr && !is_better(times, best_times_)) return false;
    best_ = std::move(program);
    best_times_ = times;
    return true;
  }

  const OperationList& list_;
  Stopwatch stopwatch_;
  const dnnl::engine& engine_;
  Weights& weights_;
  std::unique_ptr<Program> best_;
  Times best_times_;
};

}  // namespace

std::unique_ptr<Program> choose_program(OperationList list, const ChooseOptions& options, const dnnl::engine& engine,
                                        Weights& weights) {
  if (!options.fuse || is_empty(list))
    return compile(list, {.strategy = {}, .n_threads = options.n_threads}, engine, weights);
  fuse(list);
  if (!options.tune) {
    const Strategy usual{.prefers_blocked = has_convolutions(list), .tries_algorithms = false};
    return compile(list, {.strategy = usual, .n_threads = options.n_threads}, engine, weights);
  }
  if (!has_convolutions(list)) return compile(list, {.strategy = {}, .n_threads = options.n_threads}, engine, weights);
  constexpr int64_t kUsualSlice = 4;
  Contest contest(list, engine, weights);
  bool is_blocked = contest.enter(true, kUsualSlice, options.n_threads);
  int64_t n_images = is_blocked ? kUsualSlice : 0;
  if (contest.enter(false, n_images, options.n_threads)) is_blocked = false;
  if (n_images == 0) {
    if (contest.enter(true, 0, options.n_threads)) is_blocked = true;
  } else {
    // Sliced at all, and how finely: what takes long is not tried at every size.
    if (contest.enter(is_blocked, 0, options.n_threads)) n_images = 0;
    for (const int64_t other : {2, 8, 16}) {
      if (!contest.is_long() && contest.enter(is_blocked, other, options.n_threads)) n_images = other;
    }
  }
  // With neighbours on the processors, threads that wait for each other are slower than one: tens of ms to a barrier.
  if (options.n_threads > 1 && !contest.is_long()) contest.enter_alone(is_blocked, n_images);
  return contest.winner();
}

}  // namespace hoarfrost::runtime
