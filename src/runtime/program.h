// A plan for one set of input shapes: steps in their order, each with its kernel and the memory it reads and writes.
#pragma once

#include <hoarfrost/runtime.h>

#include <memory>
#include <span>
#include <vector>

#include "runtime/arena.h"
#include "runtime/kernel.h"

namespace hoarfrost::runtime {

class Program {
 public:
  // Pointers to the inputs' and outputs' bytes, or Tensors where values are held. Not for two threads at once.
  void run(std::span<void* const> inputs, std::span<void* const> outputs, const AfterStep& after_step = {});

  // `seconds` are those of all runs since set_timing(true).
  [[nodiscard]] std::vector<Step> steps() const;
  void set_timing(bool is_on);
  [[nodiscard]] const std::vector<Value>& outputs() const { return outputs_; }
  [[nodiscard]] const std::vector<Layout>& output_layouts() const { return output_layouts_; }
  [[nodiscard]] size_t n_arena_bytes() const { return n_arena_bytes_; }

 private:
  friend class Compiler;

  struct Buffer {
    enum class Kind { kArena, kInput, kOutput, kFixed, kHeld };
    Kind kind = Kind::kArena;
    size_t i = 0;           // of the input or output
    void* fixed = nullptr;  // a constant's bytes
    size_t n_bytes = 0;
    size_t first_step = 0;
    size_t last_step = 0;
  };
  struct PlannedStep {
    Step description;
    std::unique_ptr<Kernel> kernel;
    std::vector<int> inputs;  // buffers
    std::vector<int> outputs;
    std::vector<size_t> completes;  // outputs of the program that are there when it is done
    std::vector<void*> input_pointers;
    std::vector<void*> output_pointers;
  };
  struct Patch {  // a pointer that each run sets anew
    void** pointer;
    size_t i;
  };

  void run_timed(void* scratchpad);
  void allocate();
  void resolve();
  void find_completed();
  void* address(const Buffer& buffer, size_t buffer_index) const;

  dnnl::stream stream_;
  int n_threads_ = 1;
  bool is_timed_ = false;
  std::vector<PlannedStep> steps_;
  std::vector<Buffer> buffers_;
  std::vector<size_t> offsets_;  // of the buffers in the arena
  std::vector<Tensor> held_;     // one per buffer, used by those of kind kHeld
  std::vector<Tensor> constants_;
  std::vector<dnnl::memory> reordered_;
  std::vector<Patch> input_patches_;
  std::vector<Patch> output_patches_;
  std::vector<Value> outputs_;
  std::vector<Layout> output_layouts_;
  size_t scratchpad_offset_ = 0;
  size_t n_arena_bytes_ = 0;
  Arena arena_;
};

}  // namespace hoarfrost::runtime
