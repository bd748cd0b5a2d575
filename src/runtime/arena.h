// One piece of memory for all intermediate values, planned by when each is alive.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace hoarfrost::runtime {

constexpr size_t kAlignment = 64;  // a cache line and an AVX-512 register

struct Lifetime {
  size_t n_bytes = 0;
  size_t first_step = 0;  // both inclusive
  size_t last_step = 0;
  size_t offset = 0;  // the answer
};

// Gives each an offset so that no two that are alive together overlap: biggest first, each at the lowest place that is
// free all its life (Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference, 2020, "greedy by
// size"). Returns the bytes needed in all.
size_t plan_arena(std::span<Lifetime> lifetimes);

// Zeroed, aligned memory.
class Arena {
 public:
  Arena() = default;
  explicit Arena(size_t n_bytes);
  [[nodiscard]] std::byte* data() const { return memory_.get(); }

 private:
  struct Delete {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Delete> memory_;
};

}  // namespace hoarfrost::runtime
