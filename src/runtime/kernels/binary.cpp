// Add, Sub, Mul and their like of two float32 values, gradients of activations among them, broadcast as NumPy does; in
// any layout when both have the same.
#include <array>
#include <vector>

#include "runtime/kernel.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

enum class Function {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kMaximum,
  kMinimum,
  kSquaredDifference,
  kReluGradient,
  kRelu6Gradient,
  kEluGradient,
  kSigmoidGradient,
  kTanhGradient
};

std::optional<Function> function_of(const Operation& operation) {
  static constexpr std::pair<const char*, Function> kRows[] = {
      {"Add", Function::kAdd},
      {"AddV2", Function::kAdd},
      {"BiasAdd", Function::kAdd},
      {"BiasAddV1", Function::kAdd},
      {"Sub", Function::kSubtract},
      {"Mul", Function::kMultiply},
      {"RealDiv", Function::kDivide},
      {"Div", Function::kDivide},
      {"Maximum", Function::kMaximum},
      {"Minimum", Function::kMinimum},
      {"SquaredDifference", Function::kSquaredDifference},
      {"ReluGrad", Function::kReluGradient},
      {"Relu6Grad", Function::kRelu6Gradient},
      {"EluGrad", Function::kEluGradient},
      {"SigmoidGrad", Function::kSigmoidGradient},
      {"TanhGrad", Function::kTanhGradient},
  };
  for (const auto& [op, function] : kRows) {
    if (operation.is(op)) return function;
  }
  return {};
}

// z[i] = f(x[i * dx], y[i * dy]) with steps of 0 or 1: the branches are outside the loops that matter.
template <typename F>
inline __attribute__((always_inline)) void row(const float* x, int64_t dx, const float* y, int64_t dy, float* z,
                                               int64_t n, F f) {
  if (dx == 1 && dy == 1) {
    for (int64_t i = 0; i < n; ++i) z[i] = f(x[i], y[i]);
  } else if (dx == 1) {
    for (int64_t i = 0; i < n; ++i) z[i] = f(x[i], *y);
  } else if (dy == 1) {
    for (int64_t i = 0; i < n; ++i) z[i] = f(*x, y[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) z[i] = f(*x, *y);
  }
}

HOARFROST_LOOP(binary_row,
               (Function function, const float* x, int64_t dx, const float* y, int64_t dy, float* z, int64_t n),
               (function, x, dx, y, dy, z, n)) {
  // Functors, not lambdas: those would not be inlined into the vectors' versions.
  struct Add {
    inline __attribute__((always_inline)) float operator()(float a, float b) const { return a + b; }
  };
  struct Subtract {
    inline __attribute__((always_inline)) float operator()(float a, float b) const { return a - b; }
  };
  struct Multiply {
    inline __attribute__((always_inline)) float operator()(float a, float b) const { return a * b; }
  };
  struct Divide {
    inline __attribute__((always_inline)) float operator()(float a, float b) const { return a / b; }
  };
  struct Maximum {
    inline __attribute__((always_inline)) float operator()(float a, float b) const { return a < b ? b : a; }
  };
  struct Minimum {
    inline __attribute__((always_inline)) float operator()(float a, float b) const { return b < a ? b : a; }
  };
  struct Difference {
    inline __attribute__((always_inline)) float operator()(float a, float b) const { return (a - b) * (a - b); }
  };
  // Of (dy, x), of (dy, y), and of (y, dy).
  struct ReluGradient {
    inline __attribute__((always_inline)) float operator()(float dy, float a) const { return a > 0 ? dy : 0.0F; }
  };
  struct Relu6Gradient {
    inline __attribute__((always_inline)) float operator()(float dy, float a) const {
      return a > 0 && a < 6 ? dy : 0.0F;
    }
  };
  struct EluGradient {
    inline __attribute__((always_inline)) float operator()(float dy, float a) const {
      return a < 0 ? dy * (a + 1) : dy;
    }
  };
  struct SigmoidGradient {
    inline __attribute__((always_inline)) float operator()(float a, float dy) const { return dy * a * (1 - a); }
  };
  struct TanhGradient {
    inline __attribute__((always_inline)) float operator()(float a, float dy) const { return dy * (1 - a * a); }
  };
  switch (function) {
    case Function::kAdd:
      return row(x, dx, y, dy, z, n, Add());
    case Function::kSubtract:
      return row(x, dx, y, dy, z, n, Subtract());
    case Function::kMultiply:
      return row(x, dx, y, dy, z, n, Multiply());
    case Function::kDivide:
      return row(x, dx, y, dy, z, n, Divide());
    case Function::kMaximum:
      return row(x, dx, y, dy, z, n, Maximum());
    case Function::kMinimum:
      return row(x, dx, y, dy, z, n, Minimum());
    case Function::kSquaredDifference:
      return row(x, dx, y, dy, z, n, Difference());
    case Function::kReluGradient:
      return row(x, dx, y, dy, z, n, ReluGradient());
    case Function::kRelu6Gradient:
      return row(x, dx, y, dy, z, n, Relu6Gradient());
    case Function::kEluGradient:
      return row(x, dx, y, dy, z, n, EluGradient());
    case Function::kSigmoidGradient:
      return row(x, dx, y, dy, z, n, SigmoidGradient());
    case Function::kTanhGradient:
      return row(x, dx, y, dy, z, n, TanhGradient());
  }
}

// The output's axes, neighbours joined where both inputs step through them as through one; the last is the row.
struct Loops {
  std::vector<int64_t> sizes;
  std::vector<std::array<int64_t, 2>> strides;
};

std::vector<int64_t> broadcast_strides(const Shape& shape, int rank) {
  std::vector<int64_t> strides(static_cast<size_t>(rank), 0);
  int64_t stride = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (shape[i] != 1) strides[static_cast<size_t>(rank - shape.rank() + i)] = stride;
    stride *= shape[i];
  }
  return strides;
}

Loops loops_of(const Shape& x, const Shape& y, const Shape& z) {
  const auto dx = broadcast_strides(x, z.rank());
  const auto dy = broadcast_strides(y, z.rank());
  Loops loops;
  for (int i = 0; i < z.rank(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (z[i] == 1) continue;
    const bool continues =
        !loops.sizes.empty() && loops.strides.back()[0] == dx[at] * z[i] && loops.strides.back()[1] == dy[at] * z[i];
    if (continues) {
      loops.sizes.back() *= z[i];
      loops.strides.back() = {dx[at], dy[at]};
    } else {
      loops.sizes.push_back(z[i]);
      loops.strides.push_back({dx[at], dy[at]});
    }
  }
  if (loops.sizes.empty()) return {{1}, {{1, 1}}};
  return loops;
}

class BinaryKernel : public Kernel {
 public:
  BinaryKernel(Function function, Loops loops) : function_(function), loops_(std::move(loops)) {
    implementation = "own:binary";
    for (size_t i = 0; i + 1 < loops_.sizes.size(); ++i) n_rows_ *= loops_.sizes[i];
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    const auto* y = static_cast<const float*>(buffers.inputs[1]);
    auto* z = static_cast<float*>(buffers.outputs[0]);
    const int64_t n = loops_.sizes.back();
    const auto [dx, dy] = loops_.strides.back();
    if (n_rows_ == 1) {
      parallel_parts(n, n * 12, [&](int64_t first, int64_t last) {
        binary_row(function_, x + first * dx, dx, y + first * dy, dy, z + first, last - first);
      });
      return;
    }
    parallel_parts(n_rows_, n_rows_ * n * 12, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const auto [at_x, at_y] = offsets(i);
        binary_row(function_, x + at_x, dx, y + at_y, dy, z + i * n, n);
      }
    });
  }

 private:
  std::array<int64_t, 2> offsets(int64_t row_index) const {
    std::array<int64_t, 2> result{};
    for (size_t i = loops_.sizes.size() - 1; i-- > 0;) {
      const int64_t at = row_index % loops_.sizes[i];
      row_index /= loops_.sizes[i];
      for (const size_t j : {size_t{0}, size_t{1}}) result[j] += at * loops_.strides[i][j];
    }
    return result;
  }

  Function function_;
  Loops loops_;
  int64_t n_rows_ = 1;
};

}  // namespace

std::unique_ptr<Kernel> make_binary(const Operation& operation, const Site& site) {
  const auto function = function_of(operation);
  if (!function || !operation.is_plain()) return nullptr;
  const ValueId x = operation.inputs[0];
  const ValueId y = operation.inputs[1];
  if (!site.is_float(x) || !site.is_float(y) || site.shape(operation.outputs[0]).n_elements() == 0) return nullptr;
  if (operation.node->get_or<std::string>("data_format", "NHWC") == "NCHW") return nullptr;
  const Shape& output = site.shape(operation.outputs[0]);
  const bool is_flat = site.shape(x) == output && site.shape(y) == output;
  // The layout of whichever has one: the other follows. Padded blocks stay out of a division, for 0 / 0 would fill
  // their padding with NaN; every other function of two zeros is 0.
  Layout layout = is_flat ? (site.layout(x) ? site.layout(x) : site.layout(y)) : Layout{};
  const bool may_be_padded = *function != Function::kDivide && block_tag(output, layout).has_value();
  if (channel_block(output, layout) < 0 && !may_be_padded) layout.reset();
  const int64_t n_elements = layout ? static_cast<int64_t>(layout->get_size() / sizeof(float)) : output.n_elements();
  auto loops = is_flat ? Loops{{n_elements}, {{1, 1}}} : loops_of(site.shape(x), site.shape(y), output);
  auto kernel = std::make_unique<BinaryKernel>(*function, std::move(loops));
  kernel->inputs = {{x, layout}, {y, layout}};
  kernel->output_layouts = {layout};
  return kernel;
}

}  // namespace hoarfrost::runtime
