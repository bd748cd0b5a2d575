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
  RecurrenceKernel(const Operation& operation, const Site& site)
      : steps_(operation.steps), phases_(phases_of(steps_->cell)) {
    const auto& steps = *steps_;
    implementation = name_of(steps.cell);
    const Shape& x = site.shape(operation.inputs[0]);
    n_batch_ = x[steps.is_by_time ? 1 : 0];
    stride_ = rounded_up(steps.n_units);
    for (const ValueId id : operation.inputs) {
      const Value& value = site.value(id);
      if (!value.is_constant()) inputs.push_back({id, {}});
      constants_.push_back(value.is_constant() ? value.constant.aligned() : Tensor());
    }
    output_layouts.resize(operation.outputs.size());
    const auto pack = [&](const Tensor& matrix, int64_t n_rows, int64_t n_gates) {
      return site.weights.packed(matrix, fmt::format("{} gates' panels", n_gates), {},
                                 [&] { return packed(matrix, n_rows, n_gates, steps.n_units); });
    };
    panels_.push_back(pack(steps.kernel, steps.n_units, phases_[0].n_gates));
    if (!steps.candidate_kernel.empty()) panels_.push_back(pack(steps.candidate_kernel, steps.n_units, 1));
    if (!phases_[0].adds_x) {
      const auto n_bytes = static_cast<size_t>(stride_ * phases_[0].n_gates) * sizeof(float);
      bias_ = steps.bias.empty() ? std::make_shared<const Arena>(n_bytes) : pack(steps.bias, 1, phases_[0].n_gates);
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

  void run_rows(const Buffers& buffers, std::span<const void* const> in, int64_t first, int64_t last) const {
    const auto& steps = *steps_;
    const int64_t n = steps.n_units;
    float* state = static_cast<float*>(buffers.scratchpad) + first * stride_;
    const auto nth_state = [&](int64_t i) { return state + i * n_batch_ * stride_; };
    float* h = nth_state(0);
    float* next_h = nth_state(1);
    float* c = nth_state(2);
    const auto place = [&](int64_t time) {
      return steps.is_by_time ? time * n_batch_ + first : first * steps.n_steps + time;
    };
    const auto read = [&](size_t i, float* rows) {
      for (int64_t row = first; row < last; ++row)
        std::copy_n(static_cast<const float*>(in[i]) + row * n, n, rows + (row - first) * stride_);
    };
    bool* has_begun = reinterpret_cast<bool*>(static_cast<std::byte*>(buffers.scratchpad) + states_bytes()) + first;
    std::fill_n(has_begun, last - first, false);
    read(1, h);
    if (steps.is_lstm()) read(2, c);
    const int64_t width = steps.n_gates() * n;
    const int64_t between = steps.is_by_time ? 1 : steps.n_steps;
    Rows rows{.x_stride = between * width,
              .c = c,
              .z = nth_state(2),
              .reset = nth_state(3),
              .state_stride = stride_,
              .out_stride = between * n,
              .mask_stride = between,
              .has_begun = has_begun,
              .bias = bias_ == nullptr ? nullptr : reinterpret_cast<const float*>(bias_->data()),
              .n_units = n,
              .masked_rows = steps.masked_rows,
              .gates = steps.gates,
              .activation = steps.activation};
    for (int64_t step = 0; step < steps.n_steps; ++step) {
      const int64_t t = steps.goes_backwards ? steps.n_steps - 1 - step : step;
      const int64_t next = step + 1 == steps.n_steps ? t : steps.goes_backwards ? t - 1 : t + 1;
      rows.x = static_cast<const float*>(in[0]) + place(t) * width;
      rows.next_x = (place(next) - place(t)) * width;
      rows.h = h;
      rows.next_h = next_h;
      if (steps.is_masked) rows.mask = static_cast<const bool*>(in.back()) + place(t);
      if (steps.gives_all) rows.out = static_cast<float*>(buffers.outputs[0]) + place(step) * n;
      run_step(rows, last - first);
      for (int64_t row = 0; rows.mask != nullptr && row < last - first; ++row)
        has_begun[row] = has_begun[row] || rows.mask[row * between];
      std::swap(h, next_h);
    }
    const auto write = [&](const float* states, void* output) {
      for (int64_t row = first; row < last; ++row)
        std::copy_n(states + (row - first) * stride_, n, static_cast<float*>(output) + row * n);
    };
    write(h, buffers.outputs[1]);
    if (steps.is_lstm()) write(c, buffers.outputs[2]);
    if (steps.masked_rows != MaskedRows::kShownBefore) return;
    for (int64_t row = 0; row < last - first; ++row) {
      if (!has_begun[row]) std::fill_n(h + row * stride_, n, 0.0F);
    }
    write(h, buffers.outputs[steps.is_lstm() ? 3 : 2]);
  }

  void run_step(Rows rows, int64_t n_rows) const {
    while (n_rows > 0) {
      const int64_t n = rows_at_once(phases_[0], n_rows);
      rows.factor = rows.h;
      for (size_t i = 0; i < phases_.size(); ++i) {
        rows.panels = reinterpret_cast<const float*>(panels_[i]->data());
        run_phase(rows, phases_[i], n);
        rows.factor = rows.reset;
      }
      n_rows -= n;
      rows.x += n * rows.x_stride;
      if (rows.out != nullptr) rows.out += n * rows.out_stride;
      if (rows.mask != nullptr) rows.mask += n * rows.mask_stride;
      rows.has_begun += n;
      const int64_t n_states = n * rows.state_stride;
      rows.h += n_states;
      rows.next_h += n_states;
      rows.c += n_states;
      rows.z += n_states;
      rows.reset += n_states;
    }
  }

  std::shared_ptr<const RecurrentSteps> steps_;
  std::vector<Phase> phases_;
  int64_t n_batch_ = 0;
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
