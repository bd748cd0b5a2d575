#include "runtime/kernels/elementwise.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/kernel.h"
#include "runtime/kernels/lanes.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

constexpr size_t kMostInputs = 2 * Elementwise::kMostSteps;
constexpr int64_t kBlock = 512;  // elements: a dozen of such results stay in the nearest cache

// An operand of one step at some elements in a row.
struct Elements {
  const float* values;
  bool is_same;  // one value for all of them
};

// As functors, for lambdas are compiled for the plainest processor.
struct AddOf {
  template <typename V>
  HOARFROST_INLINE static void apply(V& x, const V& y) {
    x = x + y;
  }
};
struct SubOf {
  template <typename V>
  HOARFROST_INLINE static void apply(V& x, const V& y) {
    x = x - y;
  }
};
struct MulOf {
  template <typename V>
  HOARFROST_INLINE static void apply(V& x, const V& y) {
    x = x * y;
  }
};
struct DivOf {
  template <typename V>
  HOARFROST_INLINE static void apply(V& x, const V& y) {
    x = x / y;
  }
};
struct SquaredDifferenceOf {
  template <typename V>
  HOARFROST_INLINE static void apply(V& x, const V& y) {
    x = x - y;
    x = x * x;
  }
};

template <typename V, bool kIsSame>
HOARFROST_INLINE void load_elements(V& target, const float* values) {
  if constexpr (kIsSame)
    target = V{} + values[0];
  else
    load(target, values);
}

template <typename V, typename F, bool kIsSameA, bool kIsSameB>
HOARFROST_INLINE void apply_binary(const float* a, const float* b, float* out, int64_t n) {
  V x, y;
  int64_t i = 0;
  for (; i + kSize<V> <= n; i += kSize<V>) {
    load_elements<V, kIsSameA>(x, a + (kIsSameA ? 0 : i));
    load_elements<V, kIsSameB>(y, b + (kIsSameB ? 0 : i));
    F::apply(x, y);
    store(out + i, x);
  }
  for (; i < n; ++i) {
    float last = a[kIsSameA ? 0 : i];
    F::apply(last, b[kIsSameB ? 0 : i]);
    out[i] = last;
  }
}

template <typename V, typename F>
HOARFROST_INLINE void apply_binary(const Elements& a, const Elements& b, float* out, int64_t n) {
  if (a.is_same && b.is_same)
    apply_binary<V, F, true, true>(a.values, b.values, out, n);
  else if (a.is_same)
    apply_binary<V, F, true, false>(a.values, b.values, out, n);
  else if (b.is_same)
    apply_binary<V, F, false, true>(a.values, b.values, out, n);
  else
    apply_binary<V, F, false, false>(a.values, b.values, out, n);
}

template <typename V>
HOARFROST_INLINE void apply_unary(ElementFunction function, V (&x)[2]) {
  constexpr int n = 2;
  switch (function) {
    case ElementFunction::kNeg:
      HOARFROST_EACH x[i] = -x[i];
      break;
    case ElementFunction::kSquare:
      HOARFROST_EACH x[i] = x[i] * x[i];
      break;
    case ElementFunction::kRelu:
      rectified(x);
      break;
    case ElementFunction::kSigmoid:
      sigmoid(x);
      break;
    case ElementFunction::kTanh:
      hyperbolic_tangent(x);
      break;
    default:
      error_function(x);
  }
}

// Two registers at once.
template <typename V>
HOARFROST_INLINE void apply_unary(ElementFunction function, const Elements& a, float* out, int64_t n) {
  int64_t i = 0;
  for (; !a.is_same && i + 2 * kSize<V> <= n; i += 2 * kSize<V>) {
    V x[2];
    load(x[0], a.values + i);
    load(x[1], a.values + i + kSize<V>);
    apply_unary(function, x);
    store(out + i, x[0]);
    store(out + i + kSize<V>, x[1]);
  }
  for (; i < n; ++i) {
    V x[2] = {};
    x[0][0] = a.values[a.is_same ? 0 : i];
    apply_unary(function, x);
    out[i] = x[0][0];
  }
}

HOARFROST_LANES_LOOP(apply_function,
                     (ElementFunction function, const Elements& a, const Elements& b, float* out, int64_t n),
                     (function, a, b, out, n)) {
  switch (function) {
    case ElementFunction::kAdd:
      return apply_binary<V, AddOf>(a, b, out, n);
    case ElementFunction::kSub:
      return apply_binary<V, SubOf>(a, b, out, n);
    case ElementFunction::kMul:
      return apply_binary<V, MulOf>(a, b, out, n);
    case ElementFunction::kDiv:
      return apply_binary<V, DivOf>(a, b, out, n);
    case ElementFunction::kSquaredDifference:
      return apply_binary<V, SquaredDifferenceOf>(a, b, out, n);
    default:
      apply_unary<V>(function, a, out, n);
  }
}

class ElementwiseKernel : public Kernel {
 public:
  ElementwiseKernel(const Operation& operation, const Site& site) : elementwise_(operation.elementwise) {
    implementation = fmt::format("own:elementwise of {}", elementwise_->steps.size());
    const Shape& shape = site.shape(operation.outputs[0]);
    const auto is_flat = [](ElementOperand operand) {
      return operand == ElementOperand::kFull || operand == ElementOperand::kScalar;
    };
    n_columns_ = std::ranges::all_of(elementwise_->inputs, is_flat) ? shape.n_elements() : shape.last();
    n_rows_ = shape.n_elements() / n_columns_;
    n_blocks_ = (n_columns_ + kBlock - 1) / kBlock;
    for (const ValueId id : operation.inputs) {
      const Value& value = site.value(id);
      if (!value.is_constant()) inputs.push_back({id, {}});
      constants_.push_back(value.is_constant() ? value.constant.aligned() : Tensor());
    }
    output_layouts.resize(1);
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    std::array<const float*, kMostInputs> in{};
    size_t n_read = 0;
    for (size_t i = 0; i < constants_.size(); ++i) {
      in[i] = static_cast<const float*>(constants_[i].empty() ? buffers.inputs[n_read++]
                                                              : static_cast<const void*>(constants_[i].bytes().data()));
    }
    auto* out = static_cast<float*>(buffers.outputs[0]);
    const auto n_bytes = n_rows_ * n_columns_ * static_cast<int64_t>(sizeof(float) * elementwise_->steps.size());
    parallel_parts(n_rows_ * n_blocks_, n_bytes, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) run_block(in, i / n_blocks_, i % n_blocks_ * kBlock, out);
    });
  }

 private:
  void run_block(const std::array<const float*, kMostInputs>& in, int64_t row, int64_t column, float* out) const {
    alignas(sizeof(Lanes)) float results[Elementwise::kMostSteps][kBlock];
    const auto& steps = elementwise_->steps;
    const auto operand = [&](int id) {
      if (id >= 0) return Elements{results[id], false};
      const auto i = static_cast<size_t>(-1 - id);
      switch (elementwise_->inputs[i]) {
        case ElementOperand::kFull:
          return Elements{in[i] + row * n_columns_ + column, false};
        case ElementOperand::kRow:
          return Elements{in[i] + row, true};
        case ElementOperand::kColumn:
          return Elements{in[i] + column, false};
        default:
          return Elements{in[i], true};
      }
    };
    const int64_t n = std::min(kBlock, n_columns_ - column);
    for (size_t i = 0; i < steps.size(); ++i) {
      float* result = i + 1 == steps.size() ? out + row * n_columns_ + column : results[i];
      apply_function(steps[i].function, operand(steps[i].a), operand(steps[i].b), result, n);
    }
  }

  std::shared_ptr<const Elementwise> elementwise_;
  int64_t n_rows_ = 0;
  int64_t n_columns_ = 0;
  int64_t n_blocks_ = 0;  // of a row
  std::vector<Tensor> constants_;
};

}  // namespace

std::optional<ElementFunction> element_function(std::string_view op) {
  using enum ElementFunction;
  // Without Exp: that of lanes.h is none beyond 88.
  static constexpr std::pair<std::string_view, ElementFunction> kFunctions[] = {
      {"Add", kAdd},
      {"AddV2", kAdd},
      {"BiasAdd", kAdd},
      {"Sub", kSub},
      {"Mul", kMul},
      {"RealDiv", kDiv},
      {"SquaredDifference", kSquaredDifference},
      {"Neg", kNeg},
      {"Square", kSquare},
      {"Relu", kRelu},
      {"Sigmoid", kSigmoid},
      {"Tanh", kTanh},
      {"Erf", kErf},
  };
  const auto* found = std::ranges::find(kFunctions, op, [](const auto& entry) { return entry.first; });
  return found == std::end(kFunctions) ? std::nullopt : std::optional(found->second);
}

std::unique_ptr<Kernel> make_elementwise(const Operation& operation, const Site& site) {
  if (operation.elementwise == nullptr) return nullptr;
  return std::make_unique<ElementwiseKernel>(operation, site);
}

}  // namespace hoarfrost::runtime
