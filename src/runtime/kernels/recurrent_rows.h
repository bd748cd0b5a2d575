// One step of a recurrent cell over some rows of the batch: the product with the recurrent kernel ends in the gates
// without leaving the registers.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/kernels/lanes.h"
#include "runtime/kernels/recurrent_steps.h"

namespace hoarfrost::runtime {

// One step of some rows.
struct Rows {
  const float* x = nullptr;  // [rows, gates · units], or nullptr where the input is multiplied beside h
  int64_t x_stride = 0;
  int64_t next_x = 0;             // from x to that of the next step, which is fetched meanwhile
  const float* h = nullptr;       // states: [rows, state_stride], at least units rounded up
  const float* factor = nullptr;  // what is multiplied: h, or r · h, or h and the input behind it
  int64_t n_factors = 0;          // of a row
  float* next_h = nullptr;
  float* c = nullptr;      // LSTM: the cell's state, becomes the next
  float* z = nullptr;      // GRU that resets before: its gate z
  float* reset = nullptr;  // GRU that resets before: r · h
  int64_t state_stride = 0;
  float* out = nullptr;  // [rows, units], or nullptr
  int64_t out_stride = 0;
  const bool* mask = nullptr;  // of the first row, or nullptr
  int64_t mask_stride = 0;
  bool* has_begun = nullptr;      // of the first row, with kShownBefore: whether a step before was not masked
  const float* panels = nullptr;  // by block of 16 units: [n_factors, gates, 16]
  const float* bias = nullptr;    // GRU that resets after, and without x: by block [gates, 16]
  int64_t n_units = 0;
  MaskedRows masked_rows;
  CellFunction gates;
  CellFunction activation;

  // Those from a row on.
  [[nodiscard]] Rows from(int64_t row) const;
};

// A product and what becomes of it; the GRU that resets before has two in a step.
struct Phase {
  int64_t first_gate;  // of x
  int64_t n_gates;
  bool adds_x;  // the sums begin with x where there is one, else with the bias
  // What becomes of the sums of some rows, [rows, gates, 16], at 16 units.
  void (*finish)(const Rows& rows, int64_t n_rows, int64_t unit, const float* sums);
};

std::vector<Phase> phases_of(RecurrentCell cell);
// Whether products of many rows are about as fast as oneDNN's on this processor.
bool has_fast_products();

// All rows through a phase, 16 units at a time: their panels stay in the nearest cache while the rows go by.
void run_phase(const Rows& rows, const Phase& phase, int64_t n_rows);

}  // namespace hoarfrost::runtime
