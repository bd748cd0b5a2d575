#include "runtime/choose.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <sstream>

#include "runtime/fuse/fuse.h"
#include "runtime/slice.h"

namespace hoarfrost::runtime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMinRounds = 3;
constexpr size_t kMaxRounds = 15;
constexpr double kSecondsPerProgram = 0.05;  // of trying, when all goes well
constexpr double kMaxSeconds = 0.2;          // before kMinRounds are through
constexpr int64_t kRunsWorthTrying = 50;     // trying takes as long as some tens of runs
constexpr double kShareOfRuns = 0.03;        // of all runs' time may be spent on trying

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

  Times measure(Program& program, double max_seconds) {
    std::vector<void*> inputs;
    std::vector<void*> outputs;
    for (auto& input : inputs_) inputs.push_back(input.mutable_bytes().data());
    for (auto& output : outputs_) outputs.push_back(output.mutable_bytes().data());
    std::vector<double> taken;
    double spent = 0;
    while (taken.size() < kMaxRounds && (spent < max_seconds || (taken.size() < kMinRounds && spent < kMaxSeconds))) {
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

// One way to lay a program out.
struct Choice {
  bool prefers_blocked = false;
  int64_t n_images = 0;  // to a slice; 0: the batch as a whole
  int n_threads = 1;
};

std::string to_text(const Choice& choice) {
  return fmt::format("{} {} {}", choice.prefers_blocked ? "blocked" : "plain", choice.n_images, choice.n_threads);
}

std::optional<Choice> choice_from(const std::string& text) {
  std::istringstream words(text);
  std::string layout;
  Choice choice;
  words >> layout >> choice.n_images >> choice.n_threads;
  if (!words || choice.n_images < 0 || choice.n_threads < 1) return {};
  choice.prefers_blocked = layout == "blocked";
  return choice;
}

// Compiles a choice; nullptr where the list cannot be sliced so.
struct Maker {
  const OperationList& list;
  bool uses_bfloat16;
  distributed::Group* group;
  const dnnl::engine& engine;
  Weights& weights;
  Tuning& tuning;

  std::unique_ptr<Program> operator()(const Choice& choice) const {
    const auto cut = choice.n_images > 0 ? sliced(list, choice.n_images) : std::nullopt;
    if (choice.n_images > 0 && !cut) return nullptr;
    return compile(cut ? *cut : list,
                   {.strategy = {.prefers_blocked = choice.prefers_blocked, .uses_bfloat16 = uses_bfloat16},
                    .n_threads = choice.n_threads,
                    .group = group},
                   engine, weights, tuning);
  }
};

// Keeps the fastest of the programs it is shown.
class Contest {
 public:
  // n_runs are to come; 0: many.
  Contest(const Maker& make, int64_t n_runs)
      : make_(make), n_runs_(static_cast<double>(n_runs)), stopwatch_(make.list) {}

  // Whether its kernels are the best so far.
  bool enter(const Choice& choice) {
    return enter(choice, [](const Times& a, const Times& b) { return a.shortest < b.shortest; });
  }

  // The same by a single thread, kept when it is what one can count on.
  void enter_alone(Choice choice) {
    choice.n_threads = 1;
    enter(choice, [](const Times& a, const Times& b) { return a.median < b.median; });
  }

  [[nodiscard]] bool is_long() const { return best_times_.shortest > kSecondsPerProgram; }
  [[nodiscard]] const Choice& choice() const { return choice_; }
  std::unique_ptr<Program> winner() { return std::move(best_); }

 private:
  template <typename IsBetter>
  bool enter(const Choice& choice, IsBetter is_better) {
    if (!is_worth_trying()) return false;
    const auto start = Clock::now();
    auto program = make_(choice);
    if (program == nullptr) return false;
    const double max_seconds = n_runs_ == 0 ? kSecondsPerProgram : 0;  // 0: kMinRounds
    const Times times = stopwatch_.is_possible() ? stopwatch_.measure(*program, max_seconds) : Times();
    spent_ += std::chrono::duration<double>(Clock::now() - start).count();
    if (best_ != nullptr && !is_better(times, best_times_)) return false;
    best_ = std::move(program);
    best_times_ = times;
    choice_ = choice;
    return true;
  }

  [[nodiscard]] bool is_worth_trying() const {
    return n_runs_ == 0 || best_ == nullptr || spent_ < kShareOfRuns * n_runs_ * best_times_.shortest;
  }

  const Maker& make_;
  double n_runs_;
  double spent_ = 0;  // seconds, compiling among them
  Stopwatch stopwatch_;
  std::unique_ptr<Program> best_;
  Times best_times_;
  Choice choice_;
};

// The rounds of trying, each from the best so far.
std::unique_ptr<Program> hold_contest(const Maker& make, const ChooseOptions& options, Choice& best) {
  constexpr int64_t kUsualSlice = 4;
  const int n_threads = options.n_threads;
  Contest contest(make, options.n_runs);
  const bool is_sliced = contest.enter({true, kUsualSlice, n_threads});
  contest.enter({false, is_sliced ? kUsualSlice : 0, n_threads});
  if (!is_sliced) {
    contest.enter({true, 0, n_threads});
  } else {
    // Sliced at all, and how finely: what takes long is not tried at every size.
    const bool is_blocked = contest.choice().prefers_blocked;
    contest.enter({is_blocked, 0, n_threads});
    for (const int64_t other : {2, 8, 16}) {
      if (!contest.is_long()) contest.enter({is_blocked, other, n_threads});
    }
  }
  // With neighbours on the processors, threads that wait for each other are slower than one: tens of ms to a barrier.
  if (n_threads > 1 && !contest.is_long()) contest.enter_alone(contest.choice());
  best = contest.choice();
  return contest.winner();
}

std::string key_of(const OperationList& list, const ChooseOptions& options) {
  std::string key = "program for";
  for (const ValueId id : list.inputs) key += " " + list.values[static_cast<size_t>(id)].shape.to_string();
  return key + fmt::format(" by {}{}", options.n_threads, options.uses_bfloat16 ? " in bfloat16" : "");
}

}  // namespace

std::unique_ptr<Program> choose_program(OperationList list, const ChooseOptions& options, const dnnl::engine& engine,
                                        Weights& weights, Tuning& tuning) {
  const auto compiled = [&](const Strategy& strategy) {
    return compile(list, {.strategy = strategy, .n_threads = options.n_threads, .group = options.group}, engine,
                   weights, tuning);
  };
  if (!options.fuse || is_empty(list)) return compiled({.tries_algorithms = !options.is_deterministic});
  fuse(list);
  if (options.is_deterministic)
    return compiled({.prefers_blocked = true, .tries_algorithms = false, .uses_bfloat16 = options.uses_bfloat16});
  if (!has_convolutions(list)) return compiled({.uses_bfloat16 = options.uses_bfloat16});
  const Maker make{list, options.uses_bfloat16, options.group, engine, weights, tuning};
  const std::string key = key_of(list, options);
  if (const auto known = tuning.find(key)) {
    const auto choice = choice_from(*known);
    const bool is_possible = choice && choice->n_threads <= options.n_threads;
    if (auto program = is_possible ? make(*choice) : nullptr) return program;
  }
  if (options.n_runs > 0 && options.n_runs < kRunsWorthTrying) {
    return compiled({.prefers_blocked = true, .tries_algorithms = false, .uses_bfloat16 = options.uses_bfloat16});
  }
  Choice best;
  auto program = hold_contest(make, options, best);
  tuning.keep(key, to_text(best));
  return program;
}

}  // namespace hoarfrost::runtime
