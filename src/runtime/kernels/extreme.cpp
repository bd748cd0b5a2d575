// Max and Min of float32 over some axes, wherever these stand: NaN wins, as in TensorFlow.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/strided.h"
#include "runtime/kernel.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

struct Larger {
  static constexpr float kFirst = -std::numeric_limits<float>::infinity();
  static float of(float a, float b) { return b > a || std::isnan(b) ? b : a; }
};
struct Smaller {
  static constexpr float kFirst = std::numeric_limits<float>::infinity();
  static float of(float a, float b) { return b < a || std::isnan(b) ? b : a; }
};

// Each thread takes a part of the longest axis that stays, and walks over the input once.
template <typename Choice>
class ExtremeKernel : public Kernel {
 public:
  ExtremeKernel(const Shape& input, const std::vector<bool>& is_reduced)
      : sizes_(input.sizes()), from_(ops::strides_of(input)) {
    implementation = "own:extreme";
    to_.assign(sizes_.size(), 0);
    int64_t stride = 1;
    for (size_t axis = sizes_.size(); axis-- > 0;) {
      if (is_reduced[axis]) continue;
      to_[axis] = stride;
      stride *= sizes_[axis];
    }
    n_outputs_ = stride;
    for (size_t axis = 0; axis < sizes_.size(); ++axis) {
      if (!is_reduced[axis] && (divided_ < 0 || sizes_[axis] > sizes_[static_cast<size_t>(divided_)]))
        divided_ = static_cast<int>(axis);
    }
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    std::fill_n(y, n_outputs_, Choice::kFirst);
    if (divided_ < 0) return reduce(sizes_, x, y);
    const auto axis = static_cast<size_t>(divided_);
    parallel_parts(sizes_[axis], from_[0] * sizes_[0] * 4, [&](int64_t first, int64_t last) {
      ops::Sizes part = sizes_;
      part[axis] = last - first;
      reduce(part, x + first * from_[axis], y + first * to_[axis]);
    });
  }

 private:
  void reduce(const ops::Sizes& sizes, const float* x, float* y) const {
    ops::for_each_run<2>(sizes, {from_, to_}, [&](const auto& places, const auto& steps, int64_t n) {
      const float* a = x + places[0];
      float* b = y + places[1];
      if (steps[1] == 0) {
        float value = *b;
        for (int64_t i = 0; i < n; ++i) value = Choice::of(value, a[i * steps[0]]);
        *b = value;
      } else if (steps[0] == 1 && steps[1] == 1) {
        for (int64_t i = 0; i < n; ++i) b[i] = Choice::of(b[i], a[i]);
      } else {
        for (int64_t i = 0; i < n; ++i) b[i * steps[1]] = Choice::of(b[i * steps[1]], a[i * steps[0]]);
      }
    });
  }

  ops::Sizes sizes_, from_, to_;  // to: 0 along what is reduced
  int64_t n_outputs_ = 1;
  int divided_ = -1;
};

}  // namespace

std::unique_ptr<Kernel> make_extreme(const Operation& operation, const Site& site) {
  const bool is_max = operation.is("Max");
  if ((!is_max && !operation.is("Min")) || !operation.is_plain()) return nullptr;
  const ValueId input = operation.inputs[0];
  const Value& axes = site.value(operation.inputs[1]);
  const Shape& shape = site.shape(input);
  if (!site.is_float(input) || site.value(input).is_constant() || !axes.is_constant() || shape.n_elements() == 0 ||
      shape.rank() == 0)
    return nullptr;
  std::vector<bool> is_reduced(static_cast<size_t>(shape.rank()), false);
  const Reader reader(axes.constant);
  for (int64_t i = 0; i < axes.constant.n_elements(); ++i)
    is_reduced[shape.normalized(static_cast<int>(reader[i]))] = true;
  std::unique_ptr<Kernel> kernel;
  if (is_max)
    kernel = std::make_unique<ExtremeKernel<Larger>>(shape, is_reduced);
  else
    kernel = std::make_unique<ExtremeKernel<Smaller>>(shape, is_reduced);
  kernel->inputs = {{input, {}}};
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace hoarfrost::runtime
