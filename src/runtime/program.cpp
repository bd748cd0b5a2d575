#include "runtime/program.h"

#include <algorithm>
#include <chrono>
#include <ranges>

#include "runtime/threads.h"

namespace hoarfrost::runtime {

void Program::run(std::span<void* const> inputs, std::span<void* const> outputs, const AfterStep& after_step) {
  const ThreadCount threads(n_threads_);
  for (const Patch& patch : input_patches_) *patch.pointer = inputs[patch.i];
  for (const Patch& patch : output_patches_) *patch.pointer = outputs[patch.i];
  void* scratchpad = arena_.data() + scratchpad_offset_;
  if (is_timed_) return run_timed(scratchpad);
  for (PlannedStep& step : steps_) {
    step.kernel->run({step.input_pointers.data(), step.output_pointers.data(), scratchpad}, stream_);
    if (after_step) after_step(step.completes);
  }
}

void Program::run_timed(void* scratchpad) {
  using Clock = std::chrono::steady_clock;
  for (PlannedStep& step : steps_) {
    const auto start = Clock::now();
    step.kernel->run({step.input_pointers.data(), step.output_pointers.data(), scratchpad}, stream_);
    step.description.seconds += std::chrono::duration<double>(Clock::now() - start).count();
  }
}

void Program::set_timing(bool is_on) {
  is_timed_ = is_on;
  for (PlannedStep& step : steps_) {
    if (is_on) step.description.seconds = 0;
    step.kernel->set_timing(is_on);
  }
}

std::vector<Step> Program::steps() const {
  std::vector<Step> result;
  for (const PlannedStep& step : steps_) {
    result.push_back(step.description);
    for (Step& inner : step.kernel->inner_steps()) {
      inner.is_inner = true;
      result.push_back(std::move(inner));
    }
  }
  return result;
}

// The scratchpad, which every step may use, lies behind the values.
void Program::allocate() {
  std::vector<Lifetime> lifetimes;
  std::vector<size_t> owners;
  for (size_t i = 0; i < buffers_.size(); ++i) {
    if (buffers_[i].kind != Buffer::Kind::kArena) continue;
    lifetimes.push_back({buffers_[i].n_bytes, buffers_[i].first_step, buffers_[i].last_step});
    owners.push_back(i);
  }
  scratchpad_offset_ = plan_arena(lifetimes);
  offsets_.assign(buffers_.size(), 0);
  for (size_t i = 0; i < owners.size(); ++i) offsets_[owners[i]] = lifetimes[i].offset;
  size_t n_scratchpad_bytes = 0;
  for (const auto& step : steps_) n_scratchpad_bytes = std::max(n_scratchpad_bytes, step.kernel->scratchpad_bytes);
  n_arena_bytes_ = scratchpad_offset_ + n_scratchpad_bytes;
  arena_ = Arena(n_arena_bytes_);
  held_.resize(buffers_.size());
}

void* Program::address(const Buffer& buffer, size_t buffer_index) const {
  switch (buffer.kind) {
    case Buffer::Kind::kArena:
      return arena_.data() + offsets_[buffer_index];
    case Buffer::Kind::kFixed:
      return buffer.fixed;
    case Buffer::Kind::kHeld:
      return const_cast<Tensor*>(&held_[buffer_index]);
    default:
      return nullptr;  // patched by each run
  }
}

void Program::resolve() {
  const auto point = [&](const std::vector<int>& from, std::vector<void*>& to) {
    to.resize(from.size());
    for (size_t i = 0; i < from.size(); ++i) {
      const Buffer& buffer = buffers_[static_cast<size_t>(from[i])];
      to[i] = address(buffer, static_cast<size_t>(from[i]));
      if (buffer.kind == Buffer::Kind::kInput) input_patches_.push_back({&to[i], buffer.i});
      if (buffer.kind == Buffer::Kind::kOutput) output_patches_.push_back({&to[i], buffer.i});
    }
  };
  for (PlannedStep& step : steps_) {
    point(step.inputs, step.input_pointers);
    point(step.outputs, step.output_pointers);
  }
}

// An output is there when the last step that writes it is done: some compute in the memory of their input.
void Program::find_completed() {
  std::vector<bool> is_found(buffers_.size(), false);
  for (PlannedStep& step : steps_ | std::views::reverse) {
    for (const int i : step.outputs) {
      const Buffer& buffer = buffers_[static_cast<size_t>(i)];
      if (buffer.kind != Buffer::Kind::kOutput || is_found[static_cast<size_t>(i)]) continue;
      is_found[static_cast<size_t>(i)] = true;
      step.completes.push_back(buffer.i);
    }
  }
}

}  // namespace hoarfrost::runtime
