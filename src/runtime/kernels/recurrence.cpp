// LSTM and GRU: each thread takes some rows of the batch through all steps, and the product with the recurrent kernel ends in the
// gates without leaving the registers. The kernel lies by blocks of 16 units, of which it holds every gate.
#include "runtime/kernels/recurrent_steps.h"

#include <omp.h>

#include <algorithm>

#include "runtime/arena.h"
#include "runtime/kernel.h"
#include "runtime/kernels/lanes.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

// One step of some rows.
struct Rows {
  const float* x;    // [rows, gates · units]
  int64_t x_stride;
  const float* h;    // states: [rows, state_stride], units rounded up
  float* next_h;
  float* c;          // LSTM: the cell's state, becomes the next
  int64_t state_stride;
  float* out;        // [rows, units], or nullptr
  int64_t out_stride;
  const float* panels;  // by block of 16 units: [units, gates, 16]
  const float* bias;    // GRU: by block [gates, 16]
  int64_t n_units;
};

// sums[row][gate] += h[row] · panel. Few rows have two sums each, for an addition waits for the one before.
template <int kRows, int kGates>
HOARFROST_INLINE void multiply(const float* h, int64_t stride, const float* panel, int64_t n, Lanes (&sums)[kRows][kGates]) {
  constexpr int kChains = kRows <= 2 ? 2 : 1;
  Lanes more[kRows][kGates] = {};
  int64_t k = 0;
  for (; k + kChains <= n; k += kChains, panel += kChains * kGates * kLanes) {
    Lanes weights[kChains][kGates];
    std::memcpy(&weights, panel, sizeof weights);
#pragma GCC unroll 8
    for (int row = 0; row < kRows; ++row) {
#pragma GCC unroll 4
      for (int gate = 0; gate < kGates; ++gate) {
        sums[row][gate] += h[row * stride + k] * weights[0][gate];
        if constexpr (kChains == 2) more[row][gate] += h[row * stride + k + 1] * weights[1][gate];
      }
    }
  }
  if constexpr (kChains == 2) {
    for (int row = 0; row < kRows; ++row) {
      for (int gate = 0; gate < kGates; ++gate) {
        if (k < n) {
          Lanes weights;
          load(weights, panel + gate * kLanes);
          more[row][gate] += h[row * stride + k] * weights;
        }
        sums[row][gate] += more[row][gate];
      }
    }
  }
}

HOARFROST_INLINE void load_units(Lanes& target, const float* source, int64_t n) {
  if (n >= kLanes) load(target, source);
  else load_some(target, source, n);
}

HOARFROST_INLINE void put(const Rows& rows, int row, int64_t unit, const Lanes& h) {
  store(rows.next_h + row * rows.state_stride + unit, h);
  if (rows.out == nullptr) return;
  const auto n = static_cast<size_t>(std::min(kLanes, rows.n_units - unit));
  if (n == kLanes) store(rows.out + row * rows.out_stride + unit, h);
  else std::memcpy(rows.out + row * rows.out_stride + unit, &h, n * sizeof(float));
}

template <int kRows>
HOARFROST_INLINE void lstm(const Rows& rows) {
  for (int64_t unit = 0; unit < rows.n_units; unit += kLanes) {
    Lanes z[kRows][4];
    for (int row = 0; row < kRows; ++row) {
      for (int gate = 0; gate < 4; ++gate) load_units(z[row][gate], rows.x + row * rows.x_stride + gate * rows.n_units + unit, rows.n_units - unit);
    }
    multiply<kRows, 4>(rows.h, rows.state_stride, rows.panels + unit * 4 * rows.n_units, rows.n_units, z);
    for (int row = 0; row < kRows; ++row) {
      sigmoid(z[row][0]);
      sigmoid(z[row][1]);
      hyperbolic_tangent(z[row][2]);
      sigmoid(z[row][3]);
      float* state = rows.c + row * rows.state_stride + unit;
      Lanes c;
      load(c, state);
      c = z[row][1] * c + z[row][0] * z[row][2];
      store(state, c);
      hyperbolic_tangent(c);
      c = c * z[row][3];
      put(rows, row, unit, c);
    }
  }
}

template <int kRows>
HOARFROST_INLINE void gru(const Rows& rows) {
  for (int64_t unit = 0; unit < rows.n_units; unit += kLanes) {
    Lanes s[kRows][3];
    for (int row = 0; row < kRows; ++row) {
      for (int gate = 0; gate < 3; ++gate) load(s[row][gate], rows.bias + unit * 3 + gate * kLanes);
    }
    multiply<kRows, 3>(rows.h, rows.state_stride, rows.panels + unit * 3 * rows.n_units, rows.n_units, s);
    for (int row = 0; row < kRows; ++row) {
      Lanes x[3];
      for (int gate = 0; gate < 3; ++gate) load_units(x[gate], rows.x + row * rows.x_stride + gate * rows.n_units + unit, rows.n_units - unit);
      x[0] += s[row][0];
      sigmoid(x[0]);
      x[1] += s[row][1];
      sigmoid(x[1]);
      x[2] += x[1] * s[row][2];
      hyperbolic_tangent(x[2]);
      Lanes h;
      load(h, rows.h + row * rows.state_stride + unit);
      h = x[0] * h + (1.0F - x[0]) * x[2];
      put(rows, row, unit, h);
    }
  }
}

HOARFROST_LOOP(lstm6, (const Rows& rows), (rows)) { lstm<6>(rows); }
HOARFROST_LOOP(lstm4, (const Rows& rows), (rows)) { lstm<4>(rows); }
HOARFROST_LOOP(lstm2, (const Rows& rows), (rows)) { lstm<2>(rows); }
HOARFROST_LOOP(lstm1, (const Rows& rows), (rows)) { lstm<1>(rows); }
HOARFROST_LOOP(gru6, (const Rows& rows), (rows)) { gru<6>(rows); }
HOARFROST_LOOP(gru4, (const Rows& rows), (rows)) { gru<4>(rows); }
HOARFROST_LOOP(gru2, (const Rows& rows), (rows)) { gru<2>(rows); }
HOARFROST_LOOP(gru1, (const Rows& rows), (rows)) { gru<1>(rows); }

using StepRows = void (*)(const Rows&);

// Six rows fill AVX-512's registers; with half as many registers of half the size one row does.
bool has_many_registers() {
#if defined(__x86_64__)
  return has_avx512();
#else
  return true;
#endif
}

StepRows step_of(bool is_lstm, int64_t n_rows, int& n_taken) {
  const int most = has_many_registers() ? 6 : 1;
  for (const int n : {6, 4, 2}) {
    if (n > most || n > n_rows) continue;
    n_taken = n;
    if (is_lstm) return n == 6 ? lstm6 : n == 4 ? lstm4 : lstm2;
    return n == 6 ? gru6 : n == 4 ? gru4 : gru2;
  }
  n_taken = 1;
  return is_lstm ? lstm1 : gru1;
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
      return site.weights.packed(matrix, kind, {}, [&] { return packed(matrix, n_rows, steps.n_gates(), steps.n_units); });
    };
    kernel_ = pack(steps.kernel, steps.n_units, steps.is_lstm ? "lstm" : "gru");
    if (!steps.is_lstm) bias_ = steps.bias.empty() ? std::make_shared<const Arena>(static_cast<size_t>(stride_ * 3) * sizeof(float)) : pack(steps.bias, 1, "gru bias");
    scratchpad_bytes = static_cast<size_t>(n_batch_ * stride_) * (steps.is_lstm ? 3 : 2) * sizeof(float);
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const float* in[3] = {};
    size_t n_read = 0;
    for (size_t i = 0; i < constants_.size(); ++i) {
      in[i] = constants_[i].empty() ? static_cast<const float*>(buffers.inputs[n_read++]) : constants_[i].values<float>().data();
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
      Rows rows{in[0] + place(t, width), between * width, h, next_h, c, stride_, nullptr, between * n, reinterpret_cast<const float*>(kernel_->data()),
                bias_ == nullptr ? nullptr : reinterpret_cast<const float*>(bias_->data()), n};
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
    for (int n_taken = 0; n_rows > 0; n_rows -= n_taken) {
      const StepRows step = step_of(steps_->is_lstm, n_rows, n_taken);
      step(rows);
      rows.x += n_taken * rows.x_stride;
      rows.h += n_taken * rows.state_stride;
      rows.next_h += n_taken * rows.state_stride;
      rows.c += n_taken * rows.state_stride;
      if (rows.out != nullptr) rows.out += n_taken * rows.out_stride;
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
