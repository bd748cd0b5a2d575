// Recurrent cells: each thread takes some rows of the batch through all steps, and the product with the recurrent
// kernel ends in the gates without leaving the registers. The kernel lies by blocks of 16 units, of which it holds
// every gate.
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <cstdlib>
#include <span>
#include <utility>

#include "runtime/arena.h"
#include "runtime/kernel.h"
#include "runtime/kernels/recurrent_rows.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

const char* name_of(RecurrentCell cell) {
  switch (cell) {
    case RecurrentCell::kSimple:
      return "own:simple_rnn";
    case RecurrentCell::kLstm:
      return "own:lstm";
    case RecurrentCell::kGruResetAfter:
      return "own:gru";
    case RecurrentCell::kGruResetBefore:
      return "own:gru_reset_before";
  }
  std::abort();
}

int64_t rounded_up(int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

// Matrices [rows, gates · units], one below the other, by blocks of 16 units: [block, rows, gates, 16].
Arena packed(std::span<const Tensor> matrices, int64_t n_units) {
  int64_t n_floats = 0;
  for (const Tensor& matrix : matrices) n_floats += matrix.n_elements() / n_units * rounded_up(n_units);
  Arena result(static_cast<size_t>(n_floats) * sizeof(float));
  auto* target = reinterpret_cast<float*>(result.data());
  for (int64_t block = 0; block < n_units; block += kLanes) {
    for (const Tensor& matrix : matrices) {
      const Tensor aligned = matrix.aligned();
      const auto values = aligned.values<float>();
      for (int64_t row = 0; row < matrix.n_elements() / n_units; ++row, target += kLanes) {  // and gate
        for (int64_t i = 0; i < std::min(kLanes, n_units - block); ++i)
          target[i] = values[static_cast<size_t>(row * n_units + block + i)];
      }
    }
  }
  return result;
}

class RecurrenceKernel : public Kernel {
 public:
  RecurrenceKernel(const Operation& operation, const Site& site)
      : steps_(operation.steps), phases_(phases_of(steps_->cell)) {
    const auto& steps = *steps_;
    implementation = name_of(steps.cell);
    const Shape& x = site.shape(operation.inputs[0]);
    n_batch_ = x[steps.x_by_time ? 1 : 0];
    if (!steps.input_kernel.empty()) n_features_ = x[2];
    stride_ = rounded_up(steps.n_units + n_features_);
    for (const ValueId id : operation.inputs) {
      const Value& value = site.value(id);
      if (!value.is_constant()) inputs.push_back({id, {}});
      constants_.push_back(value.is_constant() ? value.constant.aligned() : Tensor());
    }
    output_layouts.resize(operation.outputs.size());
    const auto pack = [&](const Tensor& matrix, const Tensor& below = Tensor()) {
      const std::string kind =
          fmt::format("panels of {} units over {}", steps.n_units, static_cast<const void*>(below.bytes().data()));
      const Tensor both[] = {matrix, below};
      return site.weights.packed(matrix, kind, {},
                                 [&] { return packed(std::span(both).first(below.empty() ? 1 : 2), steps.n_units); });
    };
    panels_.push_back(pack(steps.kernel, steps.input_kernel));
    if (!steps.candidate_kernel.empty()) panels_.push_back(pack(steps.candidate_kernel));
    if (!phases_[0].adds_x || n_features_ > 0) {
      const Tensor& bias = n_features_ > 0 ? steps.input_bias : steps.bias;
      const auto n_bytes = static_cast<size_t>(rounded_up(steps.n_units) * phases_[0].n_gates) * sizeof(float);
      bias_ = bias.empty() ? std::make_shared<const Arena>(n_bytes) : pack(bias);
    }
    scratchpad_bytes = states_bytes() + static_cast<size_t>(n_batch_);
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    std::vector<const void*> in;
    size_t n_read = 0;
    for (const Tensor& constant : constants_)
      in.push_back(constant.empty() ? buffers.inputs[n_read++] : constant.bytes().data());
    const int64_t n_bytes = n_batch_ * steps_->n_steps * steps_->n_units * steps_->n_units;
    parallel_parts(n_batch_, n_bytes, [&](int64_t first, int64_t last) { run_rows(buffers, in, first, last); });
  }

 private:
  [[nodiscard]] size_t states_bytes() const {
    return static_cast<size_t>(n_batch_ * stride_ * kStates) * sizeof(float);
  }

  static constexpr int64_t kStates = 4;  // h, the next h, and c, or z and r · h

  // What a thread takes through all steps.
  struct Part {
    int64_t first = 0;  // of the batch's rows
    int64_t n_rows = 0;
    float* h = nullptr;
    float* next_h = nullptr;
    Rows rows;
  };

  void run_rows(const Buffers& buffers, std::span<const void* const> in, int64_t first, int64_t last) const {
    Part part = begin(buffers, in, first, last);
    for (int64_t step = 0; step < steps_->n_steps; ++step) {
      run_step(buffers, in, step, part);
      std::swap(part.h, part.next_h);
    }
    end(buffers, part);
  }

  // Where a row's step lies among values of [batch, time] or [time, batch], and how far it is to the next row's.
  [[nodiscard]] int64_t place(bool is_by_time, int64_t row, int64_t time) const {
    return is_by_time ? time * n_batch_ + row : row * steps_->n_steps + time;
  }
  [[nodiscard]] int64_t between_rows(bool is_by_time) const { return is_by_time ? 1 : steps_->n_steps; }
  // Of a row of the first input at one step.
  [[nodiscard]] int64_t n_inputs() const { return n_features_ > 0 ? n_features_ : steps_->n_gates() * steps_->n_units; }

  [[nodiscard]] Part begin(const Buffers& buffers, std::span<const void* const> in, int64_t first, int64_t last) const {
    const auto& steps = *steps_;
    const int64_t n = steps.n_units;
    float* state = static_cast<float*>(buffers.scratchpad) + first * stride_;
    const auto nth_state = [&](int64_t i) { return state + i * n_batch_ * stride_; };
    bool* has_begun = reinterpret_cast<bool*>(static_cast<std::byte*>(buffers.scratchpad) + states_bytes()) + first;
    std::fill_n(has_begun, last - first, false);
    Part part{.first = first, .n_rows = last - first, .h = nth_state(0), .next_h = nth_state(1), .rows = {}};
    part.rows = {.x_stride = between_rows(steps.x_by_time) * n_inputs(),
                 .n_factors = n + n_features_,
                 .c = nth_state(2),
                 .z = nth_state(2),
                 .reset = nth_state(3),
                 .state_stride = stride_,
                 .out_stride = between_rows(steps.shown_by_time) * n,
                 .mask_stride = between_rows(steps.mask_by_time),
                 .has_begun = has_begun,
                 .bias = bias_ == nullptr ? nullptr : reinterpret_cast<const float*>(bias_->data()),
                 .n_units = n,
                 .masked_rows = steps.masked_rows,
                 .gates = steps.gates,
                 .activation = steps.activation};
    const auto read = [&](size_t i, float* rows) {
      for (int64_t row = 0; row < part.n_rows; ++row)
        std::copy_n(static_cast<const float*>(in[i]) + (first + row) * n, n, rows + row * stride_);
    };
    read(1, part.h);
    if (steps.is_lstm()) read(2, part.rows.c);
    return part;
  }

  void run_step(const Buffers& buffers, std::span<const void* const> in, int64_t step, const Part& part) const {
    const auto& steps = *steps_;
    const auto time_of = [&](int64_t i) { return steps.goes_backwards ? steps.n_steps - 1 - i : i; };
    const auto x_at = [&](int64_t i) {
      return static_cast<const float*>(in[0]) + place(steps.x_by_time, part.first, time_of(i)) * n_inputs();
    };
    Rows rows = part.rows;
    rows.h = part.h;
    rows.next_h = part.next_h;
    if (n_features_ > 0) {
      for (int64_t row = 0; row < part.n_rows; ++row)
        std::copy_n(x_at(step) + row * rows.x_stride, n_features_, part.h + row * stride_ + steps.n_units);
    } else {
      rows.x = x_at(step);
      rows.next_x = x_at(std::min(step + 1, steps.n_steps - 1)) - rows.x;
    }
    if (steps.is_masked)
      rows.mask = static_cast<const bool*>(in.back()) + place(steps.mask_by_time, part.first, time_of(step));
    if (steps.gives_all) {
      rows.out = static_cast<float*>(buffers.outputs[0]) + place(steps.shown_by_time, part.first, step) * steps.n_units;
    }
    rows.factor = rows.h;
    for (size_t i = 0; i < phases_.size(); ++i) {
      rows.panels = reinterpret_cast<const float*>(panels_[i]->data());
      run_phase(rows, phases_[i], part.n_rows);
      rows.factor = rows.reset;
    }
    for (int64_t row = 0; rows.mask != nullptr && row < part.n_rows; ++row)
      rows.has_begun[row] = rows.has_begun[row] || rows.mask[row * rows.mask_stride];
  }

  void end(const Buffers& buffers, const Part& part) const {
    const int64_t n = steps_->n_units;
    const auto write = [&](const float* states, void* output) {
      for (int64_t row = 0; row < part.n_rows; ++row)
        std::copy_n(states + row * stride_, n, static_cast<float*>(output) + (part.first + row) * n);
    };
    write(part.h, buffers.outputs[1]);
    if (steps_->is_lstm()) write(part.rows.c, buffers.outputs[2]);
    if (steps_->masked_rows != MaskedRows::kShownBefore) return;
    for (int64_t row = 0; row < part.n_rows; ++row) {
      if (!part.rows.has_begun[row]) std::fill_n(part.h + row * stride_, n, 0.0F);
    }
    write(part.h, buffers.outputs[steps_->is_lstm() ? 3 : 2]);
  }

  std::shared_ptr<const RecurrentSteps> steps_;
  std::vector<Phase> phases_;
  int64_t n_batch_ = 0;
  int64_t n_features_ = 0;  // of the input, where the first one is that instead of its product
  int64_t stride_ = 0;
  std::vector<Tensor> constants_;
  std::vector<std::shared_ptr<const Arena>> panels_;  // of each phase
  std::shared_ptr<const Arena> bias_;
};

}  // namespace

std::unique_ptr<Kernel> make_recurrence(const Operation& operation, const Site& site) {
  if (operation.steps == nullptr) return nullptr;
  return std::make_unique<RecurrenceKernel>(operation, site);
}

}  // namespace hoarfrost::runtime
