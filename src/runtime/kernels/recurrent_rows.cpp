#include "runtime/kernels/recurrent_rows.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "runtime/kernels/avx512.h"
#include "runtime/kernels/lanes.h"

namespace hoarfrost::runtime {
namespace {

// What is multiplied, and what the sums of some rows at 16 units and `n_gates` gates lie in.
struct Tile {
  const float* h;  // [rows, stride], of which n_factors are multiplied
  int64_t stride;
  int64_t n_factors;
  const float* panel;  // [n_factors, gates, 16]
  int64_t n_gates;
  float* sums;  // [rows, gates, 16]
};

// sums[row, weight] += h[row, k] · panel[k, weight], of kWeights registers from both pointers on. Every index is a
// constant, so that the sums stay in registers. Few rows have two sums each, for an addition waits for the one before.
template <typename V, int kWeights, size_t... kSums, size_t... kWeight>
HOARFROST_INLINE void multiply(const Tile& tile, std::index_sequence<kSums...>, std::index_sequence<kWeight...>) {
  constexpr bool kAreFew = sizeof...(kSums) <= 8;
  const int64_t between = tile.n_gates * kLanes;
  const float* panel = tile.panel;
  V even[sizeof...(kSums)];
  V odd[sizeof...(kSums)] = {};
  (load(even[kSums], tile.sums + static_cast<int64_t>(kSums / kWeights) * between + (kSums % kWeights) * kSize<V>),
   ...);
  int64_t k = 0;
  if constexpr (kAreFew) {
    for (; k + 2 <= tile.n_factors; k += 2, panel += 2 * between) {
      V weights[2 * kWeights];
      (load(weights[kWeight], panel + kWeight * kSize<V>), ...);
      (load(weights[kWeights + kWeight], panel + between + kWeight * kSize<V>), ...);
      ((even[kSums] += tile.h[static_cast<int64_t>(kSums / kWeights) * tile.stride + k] * weights[kSums % kWeights]),
       ...);
      ((odd[kSums] +=
        tile.h[static_cast<int64_t>(kSums / kWeights) * tile.stride + k + 1] * weights[kWeights + kSums % kWeights]),
       ...);
    }
  }
  for (; k < tile.n_factors; ++k, panel += between) {
    V weights[kWeights];
    (load(weights[kWeight], panel + kWeight * kSize<V>), ...);
    ((even[kSums] += tile.h[static_cast<int64_t>(kSums / kWeights) * tile.stride + k] * weights[kSums % kWeights]),
     ...);
  }
  if constexpr (kAreFew) ((even[kSums] += odd[kSums]), ...);
  (store(tile.sums + static_cast<int64_t>(kSums / kWeights) * between + (kSums % kWeights) * kSize<V>, even[kSums]),
   ...);
}

// All gates at once where there are registers for their sums, else one after the other.
template <typename V, int kRows, int kGates>
HOARFROST_INLINE void multiply(Tile tile) {
  constexpr int kWeights = kGates * static_cast<int>(kLanes / kSize<V>);
  for (int64_t gate = 0; gate < tile.n_gates; gate += kGates) {
    multiply<V, kWeights>(tile, std::make_index_sequence<static_cast<size_t>(kRows * kWeights)>(),
                          std::make_index_sequence<static_cast<size_t>(kWeights)>());
    tile.panel += kGates * kLanes;
    tile.sums += kGates * kLanes;
  }
}

// Functions of their own, so that the registers are theirs.
using Multiply = void (*)(const Tile& tile);
#if defined(__x86_64__)
#define HOARFROST_MULTIPLY(n_rows, n_gates) \
  HOARFROST_AVX512 void multiply##n_rows##x##n_gates(const Tile& tile) { multiply<Lanes, n_rows, n_gates>(tile); }
HOARFROST_MULTIPLY(6, 4)
HOARFROST_MULTIPLY(4, 4)
HOARFROST_MULTIPLY(2, 4)
HOARFROST_MULTIPLY(1, 4)
HOARFROST_MULTIPLY(8, 3)
HOARFROST_MULTIPLY(4, 3)
HOARFROST_MULTIPLY(2, 3)
HOARFROST_MULTIPLY(1, 3)
HOARFROST_MULTIPLY(8, 2)
HOARFROST_MULTIPLY(4, 2)
HOARFROST_MULTIPLY(2, 2)
HOARFROST_MULTIPLY(1, 2)
HOARFROST_MULTIPLY(8, 1)
HOARFROST_MULTIPLY(4, 1)
HOARFROST_MULTIPLY(2, 1)
HOARFROST_MULTIPLY(1, 1)
#undef HOARFROST_MULTIPLY
#endif
HOARFROST_LANES_LOOP(multiply6, (const Tile& tile), (tile)) { multiply<V, 6, 1>(tile); }
HOARFROST_LANES_LOOP(multiply4, (const Tile& tile), (tile)) { multiply<V, 4, 1>(tile); }
HOARFROST_LANES_LOOP(multiply2, (const Tile& tile), (tile)) { multiply<V, 2, 1>(tile); }
HOARFROST_LANES_LOOP(multiply1, (const Tile& tile), (tile)) { multiply<V, 1, 1>(tile); }

// Of n units that are left.
template <typename V>
HOARFROST_INLINE void load_units(V& target, const float* source, int64_t n) {
  if (n >= kSize<V>) {
    load(target, source);
  } else {
    target = V{};
    if (n > 0) std::memcpy(&target, source, static_cast<size_t>(n) * sizeof(float));
  }
}

template <typename V>
HOARFROST_INLINE void show(const Rows& rows, int64_t row, int64_t unit, const V& h) {
  const int64_t n = rows.n_units - unit;
  if (rows.out == nullptr || n <= 0) return;
  float* out = rows.out + row * rows.out_stride + unit;
  if (n >= kSize<V>)
    store(out, h);
  else
    std::memcpy(out, &h, static_cast<size_t>(n) * sizeof(float));
}

template <typename V>
HOARFROST_INLINE void put(const Rows& rows, int64_t row, int64_t unit, const V& h) {
  store(rows.next_h + row * rows.state_stride + unit, h);
  show(rows, row, unit, h);
}

// Whether the row is masked; its state is kept then.
template <typename V>
HOARFROST_INLINE bool keep(const Rows& rows, int64_t row, int64_t unit) {
  if (rows.mask == nullptr || rows.mask[row * rows.mask_stride]) return false;
  V h;
  load(h, rows.h + row * rows.state_stride + unit);
  store(rows.next_h + row * rows.state_stride + unit, h);
  const bool is_hidden =
      rows.masked_rows == MaskedRows::kZeros || (rows.masked_rows == MaskedRows::kShownBefore && !rows.has_begun[row]);
  if (is_hidden) h = V{};
  show(rows, row, unit, h);
  return true;
}

template <typename V, int n>
HOARFROST_INLINE void apply(CellFunction function, V (&x)[n]) {
  switch (function) {
    case CellFunction::kSigmoid:
      sigmoid(x);
      break;
    case CellFunction::kHardSigmoid:
      hard_sigmoid(x);
      break;
    case CellFunction::kTanh:
      hyperbolic_tangent(x);
      break;
    case CellFunction::kRelu:
      rectified(x);
      break;
    case CellFunction::kLinear:
      break;
  }
}

// What the sums begin with. Stored by the registers that load it again: what is stored in parts reaches them late.
HOARFROST_LANES_LOOP(begin, (const Rows& rows, const Phase& phase, int64_t n_rows, int64_t unit, float* sums),
                     (rows, phase, n_rows, unit, sums)) {
  const bool adds_x = phase.adds_x && rows.x != nullptr;
  for (int64_t row = 0; row < n_rows; ++row) {
    const float* x =
        rows.x == nullptr ? nullptr : rows.x + row * rows.x_stride + phase.first_gate * rows.n_units + unit;
    const float* bias = rows.bias + unit * phase.n_gates;
    for (int64_t gate = 0; gate < phase.n_gates; ++gate, sums += kLanes, bias += kLanes) {
      if (x != nullptr) __builtin_prefetch(x + gate * rows.n_units + rows.next_x);
      for (int64_t at = 0; at < kLanes; at += kSize<V>) {
        V sum;
        if (adds_x)
          load_units(sum, x + gate * rows.n_units + at, rows.n_units - unit - at);
        else
          load(sum, bias + at);
        store(sums + at, sum);
      }
    }
  }
}

// What becomes of n rows' sums, [n, kGates, 16], at the units that one register holds: a function for each phase.
struct SimpleState {
  static constexpr int64_t kGates = 1;
  template <typename V, int n>
  HOARFROST_INLINE static void finish(const Rows& rows, int64_t row, int64_t unit, const float* sums) {
    V h[n];
    HOARFROST_EACH load(h[i], sums + i * kLanes);
    apply(rows.activation, h);
    HOARFROST_EACH {
      if (!keep<V>(rows, row + i, unit)) put(rows, row + i, unit, h[i]);
    }
  }
};

struct LstmState {
  static constexpr int64_t kGates = 4;
  template <typename V, int n>
  HOARFROST_INLINE static void finish(const Rows& rows, int64_t row, int64_t unit, const float* sums) {
    V gates[3 * n], x[n], c[n], h[n];  // i, f and o of all rows
    float* state = rows.c + row * rows.state_stride + unit;
    HOARFROST_EACH {
      const float* sum = sums + i * kGates * kLanes;
      load(gates[i], sum);
      load(gates[n + i], sum + kLanes);
      load(x[i], sum + 2 * kLanes);
      load(gates[2 * n + i], sum + 3 * kLanes);
      load(c[i], state + i * rows.state_stride);
    }
    if (rows.gates == CellFunction::kSigmoid && rows.activation == CellFunction::kTanh)
      next_as_usual(gates, x, c, h);
    else
      next(rows, gates, x, c, h);
    HOARFROST_EACH {
      if (keep<V>(rows, row + i, unit)) continue;
      store(state + i * rows.state_stride, c[i]);
      put(rows, row + i, unit, h[i]);
    }
  }

 private:
  template <typename V, int n, int m>
  HOARFROST_INLINE static void next(const Rows& rows, V (&gates)[m], V (&x)[n], V (&c)[n], V (&h)[n]) {
    apply(rows.gates, gates);
    apply(rows.activation, x);
    HOARFROST_EACH c[i] = gates[n + i] * c[i] + gates[i] * x[i];
    HOARFROST_EACH h[i] = c[i];
    apply(rows.activation, h);
    HOARFROST_EACH h[i] = gates[2 * n + i] * h[i];
  }

  // With one division for a gate and what goes through it.
  template <typename V, int n, int m>
  HOARFROST_INLINE static void next_as_usual(V (&gates)[m], V (&x)[n], V (&c)[n], V (&h)[n]) {
    V below[n];
    sigmoid_divisor(gates);
    hyperbolic_tangent(x, below);
    HOARFROST_EACH x[i] = x[i] / (below[i] * gates[i]);
    HOARFROST_EACH c[i] = c[i] / gates[n + i] + x[i];
    HOARFROST_EACH h[i] = c[i];
    hyperbolic_tangent(h, below);
    HOARFROST_EACH h[i] = h[i] / (below[i] * gates[2 * n + i]);
  }
};

struct GruResetAfterState {
  static constexpr int64_t kGates = 3;
  template <typename V, int n>
  HOARFROST_INLINE static void finish(const Rows& rows, int64_t row, int64_t unit, const float* sums) {
    V gates[2 * n], candidate[n], h[n];  // z and r of all rows
    const int64_t n_left = rows.n_units - unit;
    HOARFROST_EACH {
      const float* x = rows.x + (row + i) * rows.x_stride + unit;
      const float* sum = sums + i * kGates * kLanes;
      V of_h[2];
      load_units(gates[i], x, n_left);
      load_units(gates[n + i], x + rows.n_units, n_left);
      load_units(candidate[i], x + 2 * rows.n_units, n_left);
      load(of_h[0], sum);
      load(of_h[1], sum + kLanes);
      gates[i] += of_h[0];
      gates[n + i] += of_h[1];
      load(h[i], rows.h + (row + i) * rows.state_stride + unit);
    }
    apply(rows.gates, gates);
    HOARFROST_EACH {
      V of_h;
      load(of_h, sums + (i * kGates + 2) * kLanes);
      candidate[i] += gates[n + i] * of_h;
    }
    apply(rows.activation, candidate);
    HOARFROST_EACH h[i] = gates[i] * h[i] + (1.0F - gates[i]) * candidate[i];
    HOARFROST_EACH {
      if (!keep<V>(rows, row + i, unit)) put(rows, row + i, unit, h[i]);
    }
  }
};

struct GruReset {
  static constexpr int64_t kGates = 2;
  template <typename V, int n>
  HOARFROST_INLINE static void finish(const Rows& rows, int64_t row, int64_t unit, const float* sums) {
    V gates[2 * n];  // z and r of each row
    for (int i = 0; i < 2 * n; ++i) load(gates[i], sums + i * kLanes);
    apply(rows.gates, gates);
    HOARFROST_EACH {
      const int64_t at = (row + i) * rows.state_stride + unit;
      V h;
      load(h, rows.h + at);
      store(rows.z + at, gates[2 * i]);
      store(rows.reset + at, V(gates[2 * i + 1] * h));
    }
  }
};

struct GruResetBeforeState {
  static constexpr int64_t kGates = 1;
  template <typename V, int n>
  HOARFROST_INLINE static void finish(const Rows& rows, int64_t row, int64_t unit, const float* sums) {
    V candidate[n];
    HOARFROST_EACH load(candidate[i], sums + i * kLanes);
    apply(rows.activation, candidate);
    HOARFROST_EACH {
      if (keep<V>(rows, row + i, unit)) continue;
      const int64_t at = (row + i) * rows.state_stride + unit;
      V z, h;
      load(z, rows.z + at);
      load(h, rows.h + at);
      put(rows, row + i, unit, V(z * h + (1.0F - z) * candidate[i]));
    }
  }
};

// Two rows at once where there are registers for both.
template <typename V, typename State>
HOARFROST_INLINE void finish_all(const Rows& rows, int64_t n_rows, int64_t unit, const float* sums) {
  constexpr int kAtOnce = kSize<V> == kLanes ? 2 : 1;
  constexpr int64_t kRow = State::kGates * kLanes;
  for (int64_t at = 0; at < kLanes; at += kSize<V>) {
    int64_t row = 0;
    for (; row + kAtOnce <= n_rows; row += kAtOnce)
      State::template finish<V, kAtOnce>(rows, row, unit + at, sums + row * kRow + at);
    for (; row < n_rows; ++row) State::template finish<V, 1>(rows, row, unit + at, sums + row * kRow + at);
  }
}

#define HOARFROST_STATE(name, State)                                                              \
  HOARFROST_LANES_LOOP(name, (const Rows& rows, int64_t n_rows, int64_t unit, const float* sums), \
                       (rows, n_rows, unit, sums)) {                                              \
    finish_all<V, State>(rows, n_rows, unit, sums);                                               \
  }
HOARFROST_STATE(simple_state, SimpleState)
HOARFROST_STATE(lstm_state, LstmState)
HOARFROST_STATE(gru_reset_after_state, GruResetAfterState)
HOARFROST_STATE(gru_reset, GruReset)
HOARFROST_STATE(gru_reset_before_state, GruResetBeforeState)
#undef HOARFROST_STATE

// How many rows a product takes at a time.
struct Product {
  int64_t n_rows;
  Multiply multiply;
};
constexpr int64_t kMostRows = 8;
constexpr int64_t kMostGates = 4;

Product product_of(int64_t n_gates, int64_t n_rows) {
  const auto fits = [&](const Product& product) { return product.n_rows <= n_rows; };
#if defined(__x86_64__)
  static constexpr Product kProducts[kMostGates][4] = {
      {{8, multiply8x1}, {4, multiply4x1}, {2, multiply2x1}, {1, multiply1x1}},
      {{8, multiply8x2}, {4, multiply4x2}, {2, multiply2x2}, {1, multiply1x2}},
      {{8, multiply8x3}, {4, multiply4x3}, {2, multiply2x3}, {1, multiply1x3}},
      {{6, multiply6x4}, {4, multiply4x4}, {2, multiply2x4}, {1, multiply1x4}}};
  if (has_avx512()) return *std::ranges::find_if(kProducts[n_gates - 1], fits);
#endif
  static constexpr Product kByGate[] = {{6, multiply6}, {4, multiply4}, {2, multiply2}, {1, multiply1}};
  return *std::ranges::find_if(kByGate, fits);
}

// Some rows at 16 units.
void run_tile(const Rows& rows, const Phase& phase, const Product& product, int64_t unit) {
  alignas(sizeof(Lanes)) float sums[kMostRows * kMostGates * kLanes];
  begin(rows, phase, product.n_rows, unit, sums);
  product.multiply({.h = rows.factor,
                    .stride = rows.state_stride,
                    .n_factors = rows.n_factors,
                    .panel = rows.panels + unit * phase.n_gates * rows.n_factors,
                    .n_gates = phase.n_gates,
                    .sums = sums});
  phase.finish(rows, product.n_rows, unit, sums);
}

}  // namespace

bool has_fast_products() { return has_avx2(); }

Rows Rows::from(int64_t row) const {
  Rows result = *this;
  const auto move = [&](auto& pointer, int64_t stride) {
    if (pointer != nullptr) pointer += row * stride;
  };
  move(result.x, x_stride);
  for (const float** state : {&result.h, &result.factor}) move(*state, state_stride);
  for (float** state : {&result.next_h, &result.c, &result.z, &result.reset}) move(*state, state_stride);
  move(result.out, out_stride);
  move(result.mask, mask_stride);
  move(result.has_begun, 1);
  return result;
}

std::vector<Phase> phases_of(RecurrentCell cell) {
  switch (cell) {
    case RecurrentCell::kSimple:
      return {{0, 1, true, simple_state}};
    case RecurrentCell::kLstm:
      return {{0, 4, true, lstm_state}};
    case RecurrentCell::kGruResetAfter:
      return {{0, 3, false, gru_reset_after_state}};
    case RecurrentCell::kGruResetBefore:
      return {{0, 2, true, gru_reset}, {2, 1, true, gru_reset_before_state}};
  }
  std::abort();
}

void run_phase(const Rows& rows, const Phase& phase, int64_t n_rows) {
  for (int64_t unit = 0; unit < rows.n_units; unit += kLanes) {
    for (int64_t row = 0; row < n_rows;) {
      const Product product = product_of(phase.n_gates, n_rows - row);
      run_tile(rows.from(row), phase, product, unit);
      row += product.n_rows;
    }
  }
}

}  // namespace hoarfrost::runtime
