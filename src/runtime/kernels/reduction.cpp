// Sum and Mean over some axes, and BiasAddGrad, over all but the channels: sums of a few dozen numbers in float32,
// joined in double in a fixed order.
#include <omp.h>

#include <algorithm>
#include <array>

#include "runtime/kernel.h"
#include "runtime/kernels/channel_sums.h"
#include "runtime/kernels/planes.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

// The input seen as [outer, kept, inner, channels]: outer and inner are summed over, each of them may be 1.
struct Axes {
  int64_t outer = 1, kept = 1, inner = 1, channels = 1;
};

class SumKernel : public Kernel {
 public:
  SumKernel(const Axes& axes, int64_t n_outputs, double divisor) : a_(axes), n_outputs_(n_outputs), divisor_(divisor) {
    implementation = "own:sum";
    run_ = std::min(a_.inner, a_.channels > 1 ? kAdditions : kAdditions * kVector);
    n_runs_ = (a_.inner + run_ - 1) / run_;
    const auto n_threads = static_cast<size_t>(omp_get_max_threads());
    // Many outputs are divided among the threads; few are summed up by each from its own part of the input.
    is_divided_ = a_.kept >= static_cast<int64_t>(n_threads) * 8;
    sums_.resize(n_threads, std::vector<float>(static_cast<size_t>(std::max(a_.channels, kVector))));
    totals_.resize(n_threads, std::vector<double>(static_cast<size_t>((is_divided_ ? 1 : a_.kept) * a_.channels)));
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    if (is_divided_) {
      const int64_t n_bytes = a_.outer * a_.kept * a_.inner * a_.channels * 4;
      parallel_parts_of(n_bytes, a_.kept, [&](size_t thread, int64_t first, int64_t last) {
        auto& totals = totals_[thread];
        for (int64_t k = first; k < last; ++k) {
          std::ranges::fill(totals, 0.0);
          for (int64_t i = 0; i < a_.outer * n_runs_; ++i)
            add_run(x, i / n_runs_, k, i % n_runs_, sums_[thread].data(), totals.data());
          write(y + k * a_.channels, totals.data(), std::min(a_.channels, n_outputs_ - k * a_.channels));
        }
      });
      return;
    }
    for (auto& totals : totals_) std::ranges::fill(totals, 0.0);
    const int64_t n = a_.outer * a_.kept * n_runs_;
    parallel_parts_of(n * run_ * a_.channels * 4, n, [&](size_t thread, int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const int64_t k = i / n_runs_ % a_.kept;
        add_run(x, i / n_runs_ / a_.kept, k, i % n_runs_, sums_[thread].data(),
                totals_[thread].data() + k * a_.channels);
      }
    });
    for (size_t thread = 1; thread < totals_.size(); ++thread) {
      for (size_t i = 0; i < totals_[0].size(); ++i) totals_[0][i] += totals_[thread][i];
    }
    write(y, totals_[0].data(), n_outputs_);
  }

 private:
  static constexpr int64_t kAdditions = 64;  // one after the other in float32
  static constexpr int64_t kVector = 16;

  // f(thread, first, last); by the caller's thread alone when it is little.
  template <typename F>
  static void parallel_parts_of(int64_t n_bytes, int64_t n, F&& f) {
    constexpr int64_t kBytesWorthIt = 64 << 10;
    if (n_bytes < kBytesWorthIt) return f(0, int64_t{0}, n);
    parallel_parts_numbered(
        n, [&](int64_t thread, int64_t first, int64_t last) { f(static_cast<size_t>(thread), first, last); });
  }

  void add_run(const float* x, int64_t outer, int64_t kept, int64_t run, float* sums, double* totals) const {
    const int64_t first = run * run_, n = std::min(run_, a_.inner - first);
    const float* from = x + ((outer * a_.kept + kept) * a_.inner + first) * a_.channels;
    if (a_.channels > 1) {
      sum_channels(from, n, a_.channels, sums);
      for (int64_t c = 0; c < a_.channels; ++c) totals[c] += sums[c];
      return;
    }
    // A row of numbers, as pixels of 16.
    if (n >= kVector) {
      sum_channels(from, n / kVector, kVector, sums);
      for (int64_t i = 0; i < kVector; ++i) totals[0] += sums[i];
    }
    for (int64_t i = n / kVector * kVector; i < n; ++i) totals[0] += from[i];
  }

  void write(float* y, const double* totals, int64_t n) const {
    for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(totals[i] / divisor_);
  }

  Axes a_;
  int64_t n_outputs_;  // fewer than kept * channels where a block's last channels are none
  double divisor_;
  int64_t run_ = 1, n_runs_ = 1;  // of `inner`
  bool is_divided_ = false;
  std::vector<std::vector<float>> sums_;     // by thread
  std::vector<std::vector<double>> totals_;  // by thread
};

// Which axes are summed over; empty where they are not known.
std::vector<bool> reduced_axes(const Operation& operation, const Site& site) {
  const auto rank = static_cast<size_t>(site.shape(operation.inputs[0]).rank());
  std::vector<bool> result(rank, false);
  if (operation.is("BiasAddGrad")) {
    result.assign(rank, true);
    result[operation.node->get_or<std::string>("data_format", "NHWC") == "NCHW" ? 1 : rank - 1] = false;
    return result;
  }
  const Value& axes = site.value(operation.inputs[1]);
  if (!axes.is_constant()) return {};
  const Reader reader(axes.constant);
  for (int64_t i = 0; i < axes.constant.n_elements(); ++i)
    result[site.shape(operation.inputs[0]).normalized(static_cast<int>(reader[i]))] = true;
  return result;
}

// Neighbours that are treated alike as one axis; nullopt for more than the four of Axes.
std::optional<Axes> merged(const Shape& shape, const std::vector<bool>& is_reduced) {
  std::array<int64_t, 4> sizes{1, 1, 1, 1};
  size_t at = 0;
  for (size_t axis = 0; axis < is_reduced.size(); ++axis) {
    const int64_t size = shape.sizes()[axis];
    if (size == 1) continue;
    const bool is_kept_place = at % 2 == 1;
    if (is_reduced[axis] == is_kept_place) ++at;
    if (at == sizes.size()) return {};
    sizes[at] *= size;
  }
  Axes result{sizes[0], sizes[1], sizes[2], sizes[3]};
  // A kept axis in front of an inner one may as well be the channels: [outer, channels].
  if (result.inner == 1 && result.channels == 1) result = {1, 1, result.outer, result.kept};
  return result;
}

}  // namespace

std::unique_ptr<Kernel> make_reduction(const Operation& operation, const Site& site) {
  const bool is_mean = operation.is("Mean");
  if ((!is_mean && !operation.is("Sum") && !operation.is("BiasAddGrad")) || !operation.is_plain()) return nullptr;
  const ValueId input = operation.inputs[0];
  if (!site.is_float(input) || site.shape(input).n_elements() == 0) return nullptr;
  const Shape& shape = site.shape(input);
  const auto is_reduced = reduced_axes(operation, site);
  if (is_reduced.size() != static_cast<size_t>(shape.rank())) return nullptr;
  const int64_t n_outputs = site.shape(operation.outputs[0]).n_elements();
  auto axes = merged(shape, is_reduced);
  Layout layout;
  const bool is_by_channel = shape.rank() > 1 && std::ranges::count(is_reduced, false) == 1 && !is_reduced.back();
  const Planes planes = planes_of(shape, site.layout(input));
  if (is_by_channel && planes.layout) {
    layout = planes.layout;
    axes = Axes{shape[0], planes.n_blocks, planes.n_pixels, planes.width};
  }
  if (!axes) return nullptr;
  const double divisor = is_mean ? static_cast<double>(shape.n_elements()) / static_cast<double>(n_outputs) : 1;
  auto kernel = std::make_unique<SumKernel>(*axes, n_outputs, divisor);
  kernel->inputs = {{input, layout}};
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace hoarfrost::runtime
