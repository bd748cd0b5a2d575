#include "runtime/kernels/recurrent_rows.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "runtime/kernels/simd.h"

namespace hoarfrost::runtime {
namespace {

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
  multiply<kGates>(rows.factor, rows.state_stride, rows.panels + unit * kGates * rows.n_units, rows.n_units, sums,
                   std::make_index_sequence<static_cast<size_t>(kRows * kGates)>(),
                   std::make_index_sequence<static_cast<size_t>(kGates)>());
}

// Functions of their own, so that the registers are theirs.
using Multiply = void (*)(const Rows& rows, int64_t unit, Lanes* sums);
#define HOARFROST_MULTIPLY(n_rows, n_gates)                                                                         \
  HOARFROST_LOOP(multiply##n_rows##x##n_gates, (const Rows& rows, int64_t unit, Lanes* sums), (rows, unit, sums)) { \
    multiply<n_rows, n_gates>(rows, unit, sums);                                                                    \
  }
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

HOARFROST_INLINE void load_units(Lanes& target, const float* source, int64_t n) {
  if (n >= kLanes)
    load(target, source);
  else
    load_some(target, source, n);
}

HOARFROST_INLINE void show(const Rows& rows, int64_t row, int64_t unit, const Lanes& h) {
  if (rows.out == nullptr) return;
  const int64_t n = rows.n_units - unit;
  float* out = rows.out + row * rows.out_stride + unit;
  if (n >= kLanes)
    store(out, h);
  else
    std::memcpy(out, &h, static_cast<size_t>(n) * sizeof(float));
}

HOARFROST_INLINE void put(const Rows& rows, int64_t row, int64_t unit, const Lanes& h) {
  store(rows.next_h + row * rows.state_stride + unit, h);
  show(rows, row, unit, h);
}

// Whether the row is masked; its state is kept then.
HOARFROST_INLINE bool keep(const Rows& rows, int64_t row, int64_t unit) {
  if (rows.mask == nullptr || rows.mask[row * rows.mask_stride]) return false;
  Lanes h;
  load(h, rows.h + row * rows.state_stride + unit);
  store(rows.next_h + row * rows.state_stride + unit, h);
  const bool is_hidden =
      rows.masked_rows == MaskedRows::kZeros || (rows.masked_rows == MaskedRows::kShownBefore && !rows.has_begun[row]);
  if (is_hidden) h = Lanes{};
  show(rows, row, unit, h);
  return true;
}

HOARFROST_INLINE void apply(CellFunction function, Lanes& x) {
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
      x = x < 0.0F ? Lanes{} : x;
      break;
    case CellFunction::kLinear:
      break;
  }
}

// x = gates(gate) · activation(x). Of the usual two functions with one division for both, for it takes as long as all
// the rest of either.
HOARFROST_INLINE void apply_gated(const Rows& rows, Lanes& gate, Lanes& x) {
  if (rows.gates == CellFunction::kSigmoid && rows.activation == CellFunction::kTanh) {
    Lanes below;
    hyperbolic_tangent(x, below);
    sigmoid_divisor(gate);
    x = x / (below * gate);
  } else {
    apply(rows.gates, gate);
    apply(rows.activation, x);
    x = gate * x;
  }
}

HOARFROST_LOOP(simple_h, (const Rows& rows, int64_t n_rows, int64_t unit, Lanes* sums), (rows, n_rows, unit, sums)) {
  for (int64_t row = 0; row < n_rows; ++row) {
    if (keep(rows, row, unit)) continue;
    apply(rows.activation, sums[row]);
    put(rows, row, unit, sums[row]);
  }
}

HOARFROST_LOOP(lstm_gates, (const Rows& rows, int64_t n_rows, int64_t unit, Lanes* sums), (rows, n_rows, unit, sums)) {
  for (int64_t row = 0; row < n_rows; ++row) {
    if (keep(rows, row, unit)) continue;
    Lanes i = sums[row * 4], f = sums[row * 4 + 1], candidate = sums[row * 4 + 2], o = sums[row * 4 + 3];
    apply_gated(rows, i, candidate);
    apply(rows.gates, f);
    float* state = rows.c + row * rows.state_stride + unit;
    Lanes c;
    load(c, state);
    c = f * c + candidate;
    store(state, c);
    apply_gated(rows, o, c);
    put(rows, row, unit, c);
  }
}

HOARFROST_LOOP(gru_gates, (const Rows& rows, int64_t n_rows, int64_t unit, Lanes* sums), (rows, n_rows, unit, sums)) {
  for (int64_t row = 0; row < n_rows; ++row) {
    if (keep(rows, row, unit)) continue;
    const float* x = rows.x + row * rows.x_stride + unit;
    Lanes z, r, candidate, h;
    load_units(z, x, rows.n_units - unit);
    load_units(r, x + rows.n_units, rows.n_units - unit);
    load_units(candidate, x + 2 * rows.n_units, rows.n_units - unit);
    z += sums[row * 3];
    apply(rows.gates, z);
    r += sums[row * 3 + 1];
    apply(rows.gates, r);
    candidate += r * sums[row * 3 + 2];
    apply(rows.activation, candidate);
    load(h, rows.h + row * rows.state_stride + unit);
    h = z * h + (1.0F - z) * candidate;
    put(rows, row, unit, h);
  }
}

HOARFROST_LOOP(gru_reset, (const Rows& rows, int64_t n_rows, int64_t unit, Lanes* sums), (rows, n_rows, unit, sums)) {
  for (int64_t row = 0; row < n_rows; ++row) {
    const int64_t at = row * rows.state_stride + unit;
    Lanes z = sums[row * 2], r = sums[row * 2 + 1], h;
    apply(rows.gates, z);
    apply(rows.gates, r);
    load(h, rows.h + at);
    store(rows.z + at, z);
    h = r * h;
    store(rows.reset + at, h);
  }
}

HOARFROST_LOOP(gru_candidate, (const Rows& rows, int64_t n_rows, int64_t unit, Lanes* sums),
               (rows, n_rows, unit, sums)) {
  for (int64_t row = 0; row < n_rows; ++row) {
    if (keep(rows, row, unit)) continue;
    const int64_t at = row * rows.state_stride + unit;
    Lanes candidate = sums[row], z, h;
    apply(rows.activation, candidate);
    load(z, rows.z + at);
    load(h, rows.h + at);
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
constexpr int64_t kMostGates = 4;

// 24 sums fill AVX-512's registers; half as many of half the size are left to the compiler, which does best with one
// row.
bool has_many_registers() {
#if defined(__x86_64__)
  return has_avx512();
#else
  return true;
#endif
}

Product product_of(int64_t n_gates, int64_t n_rows) {
  static constexpr Product kProducts[kMostGates][4] = {
      {{8, multiply8x1}, {4, multiply4x1}, {2, multiply2x1}, {1, multiply1x1}},
      {{8, multiply8x2}, {4, multiply4x2}, {2, multiply2x2}, {1, multiply1x2}},
      {{8, multiply8x3}, {4, multiply4x3}, {2, multiply2x3}, {1, multiply1x3}},
      {{6, multiply6x4}, {4, multiply4x4}, {2, multiply2x4}, {1, multiply1x4}}};
  const auto& products = kProducts[n_gates - 1];
  if (!has_many_registers()) return products[3];
  return *std::ranges::find_if(products, [&](const Product& product) { return product.n_rows <= n_rows; });
}

}  // namespace

std::vector<Phase> phases_of(RecurrentCell cell) {
  switch (cell) {
    case RecurrentCell::kSimple:
      return {{0, 1, true, simple_h}};
    case RecurrentCell::kLstm:
      return {{0, 4, true, lstm_gates}};
    case RecurrentCell::kGruResetAfter:
      return {{0, 3, false, gru_gates}};
    case RecurrentCell::kGruResetBefore:
      return {{0, 2, true, gru_reset}, {2, 1, true, gru_candidate}};
  }
  std::abort();
}

int64_t rows_at_once(const Phase& phase, int64_t n_left) { return product_of(phase.n_gates, n_left).n_rows; }

void run_phase(const Rows& rows, const Phase& phase, int64_t n_rows) {
  const Product product = product_of(phase.n_gates, n_rows);
  const int64_t n_gates = phase.n_gates;
  Lanes sums[kMostRows * kMostGates];
  for (int64_t unit = 0; unit < rows.n_units; unit += kLanes) {
    for (int64_t row = 0; row < n_rows; ++row) {
      for (int64_t gate = 0; gate < n_gates; ++gate) {
        Lanes& sum = sums[row * n_gates + gate];
        const float* x = rows.x + row * rows.x_stride + (phase.first_gate + gate) * rows.n_units + unit;
        __builtin_prefetch(x + rows.next_x);
        if (phase.adds_x)
          load_units(sum, x, rows.n_units - unit);
        else
          load(sum, rows.bias + unit * n_gates + gate * kLanes);
      }
    }
    product.multiply(rows, unit, sums);
    phase.finish(rows, n_rows, unit, sums);
  }
}

}  // namespace hoarfrost::runtime
