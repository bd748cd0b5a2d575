#include "runtime/kernels/trial.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include "runtime/arena.h"

namespace hoarfrost::runtime {
namespace {

constexpr float kMaxDifference = 1e-5F;  // float32 sums of a few hundred products differ by as much between two orders
constexpr double kClearlyFaster = 0.97;  // so that noise does not choose
constexpr int kRounds = 4;

class Trial {
 public:
  Trial(const dnnl::memory::desc& input, const dnnl::memory::desc& output, size_t n_scratchpad_bytes,
        const dnnl::engine& cpu)
      : n_input_(input.get_size() / sizeof(float)),
        n_output_(output.get_size() / sizeof(float)),
        input_(input.get_size()),
        output_(output.get_size()),
        scratchpad_(n_scratchpad_bytes),
        stream_(cpu) {
    std::minstd_rand engine(1);
    std::uniform_real_distribution<float> distribution(-1, 1);
    std::generate_n(reinterpret_cast<float*>(input_.data()), n_input_, [&] { return distribution(engine); });
  }

  double seconds(Kernel& kernel) {
    void* inputs[] = {input_.data(), output_.data()};
    void* outputs[] = {output_.data()};
    const auto start = std::chrono::steady_clock::now();
    kernel.run({inputs, outputs, scratchpad_.data()}, stream_);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  std::vector<float> result(Kernel& kernel) {
    std::fill_n(reinterpret_cast<float*>(output_.data()), n_output_, 0.0F);
    (void)seconds(kernel);
    const auto* values = reinterpret_cast<const float*>(output_.data());
    return {values, values + n_output_};
  }

 private:
  size_t n_input_, n_output_;
  Arena input_, output_, scratchpad_;
  dnnl::stream stream_;
};

bool are_near(const std::vector<float>& a, const std::vector<float>& b) {
  float largest = 0;
  float difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a[i]));
    difference = std::max(difference, std::abs(a[i] - b[i]));
  }
  return difference <= kMaxDifference * largest;
}

}  // namespace

bool is_better(Kernel& challenger, Kernel& champion, const dnnl::memory::desc& input, const dnnl::memory::desc& output,
               const dnnl::engine& cpu) {
  Trial trial(input, output, std::max(challenger.scratchpad_bytes, champion.scratchpad_bytes), cpu);
  if (!are_near(trial.result(champion), trial.result(challenger))) return false;
  double best_challenger = INFINITY;
  double best_champion = INFINITY;
  for (int i = 0; i < kRounds; ++i) {
    best_challenger = std::min(best_challenger, trial.seconds(challenger));
    best_champion = std::min(best_champion, trial.seconds(champion));
  }
  return best_challenger < kClearlyFaster * best_champion;
}

}  // namespace hoarfrost::runtime
