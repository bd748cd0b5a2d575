// LSTM and GRU: each thread takes some rows of the batch through all steps, and the product with the recurrent kernel
// ends in the gates without leaving the registers. The kernel lies by blocks of 16 units, of which it holds every gate.
#include <omp.h>

#include <algorithm>
#include <utility>

#include "runtime/arena.h"
#include "runtime/kernel.h"
#include "runtime/kernels/lanes.h"
#include "runtime/kernels/recurrent_steps.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

// One step of some rows.
struct Rows {
  const float* x;  // [rows, gates · units]
  int64_t x_stride;
  int64_t next_x;  // from x to that of the next step, which is fetched meanwhile
  const float* h;  // states: [rows, state_stride], units rounded up
  float* next_h;
  float* c;  // LSTM: the cell's state, becomes the next
  int64_t state_stride;
  float* out;  // [rows, units], or nullptr
  int64_t out_stride;
  const float* panels;  // by block of 16 units: [units, gates, 16]
  const float* bias;    // GRU: by block [gates, 16]
  int64_t n_units;
  bool has_hard_gates;
};

// sums[row · gates + gate] += h[row] · panel. Every index is a constant, so that the sums stay in registers. Few rows
// have two sums each, for an addition waits for the one before.
template <int kGates, size_t... kSums, size_t... kGate>
HOARFROST_INLINE void multiply(const float* h, int64_t stride, const float* panel, int64_t n, Lanes* sums,
                               std::index_sequence<kSums...>, std::index_sequence<kGate...>) {
  constexpr bool kAreFew = sizeof...(kSums) <= 8;
  Lanes even[sizeof...(kSums)] = {sums[kSums]...};
  Lanes odd[sizeof...(kSums)] = {};
  int64_t k = 0;
  if constexpr (kAreFew) {
    for (; k + 2 <= n; k += 2, panel += 2 * kGates * kLanes) {
      Lanes weights[2 * kGates];
      (load(weights[kGate], panel + kGate * kLanes), ...);
      (load(weights[kGates + kGate], panel + (kGates + kGate) * kLanes), ...);
      ((even[kSums] += h[static_cast<int64_t>(kSums / kGates) * stride + k] * weights[kSums % kGates]), ...);
      ((odd[kSums] += h[static_cast<int64_t>(kSums / kGates) * stride + k + 1] * weights[kGates + kSums % kGates]),
       ...);
    }
  }
  for (; k < n; ++k, panel += kGates * kLanes) {
    Lanes weights[kGates];
    (load(weights[kGate], panel + kGate * kLanes), ...);
    ((even[kSums] += h[static_cast<int64_t>(kSums / kGates) * stride + k] * weights[kSums % kGates]), ...);
  }
  if constexpr (kAreFew)
    ((sums[kSums] = even[kSums] + odd[kSums]), ...);
  else
    ((sums[kSums] = even[kSums]), ...);
}

template <int kRows, int kGates>
HOARFROST_INLINE void multiply(const Rows& rows, int64_t unit, Lanes* sums) {
  multiply<kGates>(rows.h, rows.state_stride, rows.panels + unit * kGates * rows.n_units, rows.n_units, sums,
                   std::make_index_sequence<static_cast<size_t>(kRows * kGates)>(),
                   std::make_index_sequence<static_cast<size_t>(kGates)>());
}

// Functions of their own, so that the registers are theirs.
using Multiply = void (*)(const Rows& rows, int64_t unit, Lanes* sums);
HOARFROST_LOOP(multiply6x4, (const Rows& rows, int64_t unit, Lanes* sums), (rows, unit, sums)) {
  multiply<6, 4>(rows, unit, sums);
}
HOARFROST_LOOP(multiply4x4, (const Rows& rows, int64_t unit, Lanes* sums), (rows, unit, sums)) {
  multiply<4, 4>(rows, unit, sums);
}
HOARFROST_LOOP(multiply2x4, (const Rows& rows, int64_t unit, Lanes* sums), (rows, unit, sums)) {
  multiply<2, 4>(rows, unit, sums);
}
HOARFROST_LOOP(multiply1x4, (const Rows& rows, int64_t unit, Lanes* sums), (rows, unit, sums)) {
  multiply<1, 4>(rows, unit, sums);
}
HOARFROST_LOOP(multiply8x3, (const Rows& rows, int64_t unit, Lanes* sums), (rows, unit, sums)) {
  multiply<8, 3>(rows, unit, sums);
}
HOARFROST_LOOP(multiply4x3, (const Rows& rows, int64_t unit, Lanes* sums), (rows, unit, sums)) {
  multiply<4, 3>(rows, unit, sums);
}
HOARFROST_LOOP(multiply2x3, (const Rows& rows, int64_t unit, Lanes* sums), (rows, unit, sums)) {
  multiply<2, 3>(rows, unit, sums);
}
HOARFROST_LOOP(multiply1x3, (const Rows& rows, int64_t unit, Lanes* sums), (rows, unit, sums)) {
  multiply<1, 3>(rows, unit, sums);
}

HOARFROST_INLINE void load_units(Lanes& target, const float* source, int64_t n) {
  if (n >= kLanes)
    load(target, source);
  else
    load_some(target, source, n);
}

HOARFROST_INLINE void put(const Rows& rows, int64_t row, int64_t unit, const Lanes& h) {
  store(rows.next_h + row * rows.state_stride + unit, h);
  if (rows.out == nullptr) return;
  const int64_t n = rows.n_units - unit;
  float* out = rows.out + row * rows.out_stride + unit;
  if (n >= kLanes)
    store(out, h);
  else
    std::memcpy(out, &h, static_cast<size_t>(n) * sizeof(float));
}

HOARFROST_INLINE void gate(const Rows& rows, Lanes& x) {
  if (rows.has_hard_gates)
    hard_sigmoid(x);
  else
    sigmoid(x);
}

HOARFROST_LOOP(lstm_gates, (const Rows& rows, int64_t n_rows, int64_t unit, Lanes* sums), (rows, n_rows, unit, sums)) {
  for (int64_t row = 0; row < n_rows; ++row) {
    Lanes i = sums[row * 4], f = sums[row * 4 + 1], candidate = sums[row * 4 + 2], o = sums[row * 4 + 3];
    gate(rows, i);
    gate(rows, f);
    hyperbolic_tangent(candidate);
    gate(rows, o);
    float* state = rows.c + row * rows.state_stride + unit;
    Lanes c;
    load(c, state);
    c = f * c + i * candidate;
    store(state, c);
    hyperbolic_tangent(c);
    c = c * o;
    put(rows, row, unit, c);
  }
}

HOARFROST_LOOP(gru_gates, (const Rows& rows, int64_t n_rows, int64_t unit, Lanes* sums), (rows, n_rows, unit, sums)) {
  for (int64_t row = 0; row < n_rows; ++row) {
    const float* x = rows.x + row * rows.x_stride + unit;
    Lanes z, r, candidate, h;
    load_units(z, x, rows.n_units - unit);
    load_units(r, x + rows.n_units, rows.n_units - unit);
    load_units(candidate, x + 2 * rows.n_units, rows.n_units - unit);
    z += sums[row * 3];
    gate(rows, z);
    r += sums[row * 3 + 1];
    gate(rows, r);
    candidate += r * sums[row * 3 + 2];
    hyperbolic_tangent(candidate);
    load(h, rows.h + row * rows.state_stride + unit);
    h = z * h + (1.0F - z) * candidate;
    put(rows, row, unit, h);
  }
}

// How many rows a product takes at a time.
struct Product {
  int64_t n_rows;
  Multiply multiply;
};
constexpr int64_t kMostRows = 8;

void run_block(const Rows& rows, bool is_lstm, const Product& product) {
  const int64_t n_gates = is_lstm ? 4 : 3;
  Lanes sums[kMostRows * 4];
  for (int64_t unit = 0; unit < rows.n_units; unit += kLanes) {
    for (int64_t row = 0; row < product.n_rows; ++row) {
      for (int64_t gate = 0; gate < n_gates; ++gate) {
        Lanes& sum = sums[row * n_gates + gate];
        const float* x = rows.x + row * rows.x_stride + gate * rows.n_units + unit;
        __builtin_prefetch(x + rows.next_x);
        if (is_lstm)
          load_units(sum, x, rows.n_units - unit);
        else
          load(sum, rows.bias + unit * 3 + gate * kLanes);
      }
    }
    product.multiply(rows, unit, sums);
    if (is_lstm)
      lstm_gates(rows, product.n_rows, unit, sums);
    else
      gru_gates(rows, product.n_rows, unit, sums);
  }
}

// 24 sums fill AVX-512's registers; half as many of half the size are left to the compiler, which does best with one
// row.
bool has_many_registers() {
#if defined(__x86_64__)
  return has_avx512();
#else
  return true;
#endif
}

Product product_of(bool is_lstm, int64_t n_rows) {
  static constexpr Product kLstm[] = {{6, multiply6x4}, {4, multiply4x4}, {2, multiply2x4}, {1, multiply1x4}};
  static constexpr Product kGru[] = {{8, multiply8x3}, {4, multiply4x3}, {2, multiply2x3}, {1, multiply1x3}};
  const auto& products = is_lstm ? kLstm : kGru;
  if (!has_many_registers()) return products[3];
  return *std::ranges::find_if(products, [&](const Product& product) { return product.n_rows <= n_rows; });
}

int64_t rounded_up(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// [rows, gates · units] by blocks of 16 units: [block, rows, gates, 16].
Arena packed(const Tensor& matrix, int64_t n_rows, int64_t n_gates, int64_t n_units) {
  Arena result(static_cast<size_t>(rounded_up(n_units) * n_gates * n_rows) * sizeof(float));
  const Tensor aligned = matrix.aligned();
  const auto values = aligned.values<float>();
  auto* target = reinterpret_cast<float*>(result.data());
  for (int64_t block = 0; block < n_units; block += kLanes) {
    for (int64_t row = 0; row < n_rows; ++row) {
      for (int64_t gate = 0; gate < n_gates; ++gate, target += kLanes) {
        for (int64_t i = 0; i < std::min(kLanes, n_units - block); ++i) {
          target[i] = values[static_cast<size_t>((row * n_gates + gate) * n_units + block + i)];
        }
      }
    }
  }
  return result;
}

class RecurrenceKernel : public Kernel {
 public:
  RecurrenceKernel(const Operation& operation, const Site& site) : steps_(operation.steps) {
    const auto& steps = *steps_;
    implementation = steps.is_lstm ? "own:lstm" : "own:gru";
    const Shape& x = site.shape(operation.inputs[0]);
    n_batch_ = x[steps.is_by_time ? 1 : 0];
    stride_ = rounded_up(steps.n_units);
    for (const ValueId id : operation.inputs) {
      const Value& value = site.value(id);
      if (!value.is_constant()) inputs.push_back({id, {}});
      constants_.push_back(value.is_constant() ? value.constant.aligned() : Tensor());
    }
    output_layouts.resize(operation.outputs.size());
    const auto pack = [&](const Tensor& matrix, int64_t n_rows, const char* kind) {
      return site.weights.packed(matrix, kind, {},
                                 [&] { return packed(matrix, n_rows, steps.n_gates(), steps.n_units); });
    };
    kernel_ = pack(steps.kernel, steps.n_units, steps.is_lstm ? "lstm" : "gru");
    if (!steps.is_lstm)
      bias_ = steps.bias.empty() ? std::make_shared<const Arena>(static_cast<size_t>(stride_ * 3) * sizeof(float))
                                 : pack(steps.bias, 1, "gru bias");
    scratchpad_bytes = static_cast<size_t>(n_batch_ * stride_) * (steps.is_lstm ? 3 : 2) * sizeof(float);
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const float* in[3] = {};
    size_t n_read = 0;
    for (size_t i = 0; i < constants_.size(); ++i) {
      in[i] = constants_[i].empty() ? static_cast<const float*>(buffers.inputs[n_read++])
                                    : constants_[i].values<float>().data();
    }
    const int64_t n_bytes = n_batch_ * steps_->n_steps * steps_->n_units * steps_->n_units;
    parallel_parts(n_batch_, n_bytes, [&](int64_t first, int64_t last) { run_rows(buffers, in, first, last); });
  }

 private:
  void run_rows(const Buffers& buffers, const float* const* in, int64_t first, int64_t last) const {
    const auto& steps = *steps_;
    const int64_t n = steps.n_units;
    float* state = static_cast<float*>(buffers.scratchpad) + first * stride_;
    float* h = state;
    float* next_h = state + n_batch_ * stride_;
    float* c = state + 2 * n_batch_ * stride_;
    for (int64_t row = first; row < last; ++row) {
      std::copy_n(in[1] + row * n, n, h + (row - first) * stride_);
      if (steps.is_lstm) std::copy_n(in[2] + row * n, n, c + (row - first) * stride_);
    }
    for (int64_t step = 0; step < steps.n_steps; ++step) {
      const int64_t t = steps.goes_backwards ? steps.n_steps - 1 - step : step;
      const auto place = [&](int64_t time, int64_t width) {
        return (steps.is_by_time ? time * n_batch_ + first : first * steps.n_steps + time) * width;
      };
      const int64_t width = steps.n_gates() * n;
      const int64_t between = steps.is_by_time ? 1 : steps.n_steps;
      const int64_t next = step + 1 == steps.n_steps ? t : steps.goes_backwards ? t - 1 : t + 1;
      Rows rows{in[0] + place(t, width),
                between * width,
                place(next, width) - place(t, width),
                h,
                next_h,
                c,
                stride_,
                nullptr,
                between * n,
                reinterpret_cast<const float*>(kernel_->data()),
                bias_ == nullptr ? nullptr : reinterpret_cast<const float*>(bias_->data()),
                n,
                steps.has_hard_gates};
      if (steps.gives_all) rows.out = static_cast<float*>(buffers.outputs[0]) + place(step, n);
      run_step(rows, last - first);
      std::swap(h, next_h);
    }
    for (int64_t row = first; row < last; ++row) {
      std::copy_n(h + (row - first) * stride_, n, static_cast<float*>(buffers.outputs[1]) + row * n);
      if (steps.is_lstm) std::copy_n(c + (row - first) * stride_, n, static_cast<float*>(buffers.outputs[2]) + row * n);
    }
  }

  void run_step(Rows rows, int64_t n_rows) const {
    while (n_rows > 0) {
      const Product product = product_of(steps_->is_lstm, n_rows);
      run_block(rows, steps_->is_lstm, product);
      n_rows -= product.n_rows;
      rows.x += product.n_rows * rows.x_stride;
      rows.h += product.n_rows * rows.state_stride;
      rows.next_h += product.n_rows * rows.state_stride;
      rows.c += product.n_rows * rows.state_stride;
      if (rows.out != nullptr) rows.out += product.n_rows * rows.out_stride;
    }
  }

  std::shared_ptr<const RecurrentSteps> steps_;
  int64_t n_batch_ = 0;
  int64_t stride_ = 0;
  std::vector<Tensor> constants_;
  std::shared_ptr<const Arena> kernel_;
  std::shared_ptr<const Arena> bias_;
};

}  // namespace

std::unique_ptr<Kernel> make_recurrence(const Operation& operation, const Site& site) {
  if (operation.steps == nullptr) return nullptr;
  return std::make_unique<RecurrenceKernel>(operation, site);
}

}  // namespace hoarfrost::runtime
