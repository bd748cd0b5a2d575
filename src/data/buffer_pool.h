// Memory that comes back: pictures pass from the threads that decode them to the one that runs the network, and large
// blocks that one thread takes and another frees scatter over the heap (440 MB instead of 160 for batches of 32
// pictures of 224×224).
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

namespace hoarfrost::data {

// Thread-safe. Blocks may outlive the pool.
class BufferPool {
 public:
  explicit BufferPool(size_t n_bytes) : free_(std::make_shared<Free>()), n_bytes_(n_bytes) {}
  [[nodiscard]] size_t n_bytes() const { return n_bytes_; }

  // A block of n_bytes(), of any content, aligned to 64.
  [[nodiscard]] std::shared_ptr<std::byte> take() const {
    std::unique_ptr<std::byte, Delete> block;
    {
      const std::lock_guard lock(free_->mutex);
      if (!free_->blocks.empty()) {
        block = std::move(free_->blocks.back());
        free_->blocks.pop_back();
      }
    }
    if (!block) block.reset(static_cast<std::byte*>(::operator new(n_bytes_ + 1, kAlignment)));
    return {block.release(), [free = free_](std::byte* memory) {
              const std::lock_guard lock(free->mutex);
              free->blocks.emplace_back(memory);
            }};
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Delete {
    void operator()(std::byte* memory) const { ::operator delete(memory, kAlignment); }
  };
  struct Free {
    std::mutex mutex;
    std::vector<std::unique_ptr<std::byte, Delete>> blocks;
  };
  std::shared_ptr<Free> free_;
  size_t n_bytes_;
};

}  // namespace hoarfrost::data
