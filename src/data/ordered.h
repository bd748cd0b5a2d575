// Work done ahead by several threads, whose results come out in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace hoarfrost::data {

// make(first), make(first + 1), … make(end - 1), by n_threads threads, at most `window` of them made and not taken.
// Its destructor waits for the calls that are under way.
template <typename T>
class Ordered {
 public:
  Ordered(int n_threads, int64_t window, int64_t first, int64_t end, std::function<T(int64_t)> make)
      : make_(std::move(make)), window_(window), taken_(first), begun_(first), end_(end) {
    for (int i = 0; i < n_threads; ++i) threads_.emplace_back([this] { work(); });
  }
  ~Ordered() {
    {
      const std::lock_guard lock(mutex_);
      end_ = begun_;
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  Ordered(const Ordered&) = delete;
  Ordered& operator=(const Ordered&) = delete;

  // nullopt after the last one. Throws what make threw for this one.
  std::optional<T> next() {
    std::unique_lock lock(mutex_);
    if (taken_ == end_) return std::nullopt;
    changed_.wait(lock, [&] { return !slots_.empty() && slots_.front().is_done; });
    Slot slot = std::move(slots_.front());
    slots_.pop_front();
    ++taken_;
    lock.unlock();
    changed_.notify_all();
    if (slot.error) std::rethrow_exception(slot.error);
    return std::move(slot.value);
  }

 private:
  struct Slot {
    std::optional<T> value;
    std::exception_ptr error;
    bool is_done = false;
  };

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return begun_ >= end_ || begun_ < taken_ + window_; });
      if (begun_ >= end_) return;
      const int64_t index = begun_++;
      slots_.emplace_back();
      lock.unlock();
      Slot slot;
      try {
        slot.value = make_(index);
      } catch (...) {
        slot.error = std::current_exception();
      }
      slot.is_done = true;
      lock.lock();
      slots_[static_cast<size_t>(index - taken_)] = std::move(slot);
      changed_.notify_all();
    }
  }

  std::function<T(int64_t)> make_;
  int64_t window_;
  int64_t taken_;
  int64_t begun_;
  int64_t end_;
  std::deque<Slot> slots_;  // of taken_, taken_ + 1, …
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::thread> threads_;
};

}  // namespace hoarfrost::data
