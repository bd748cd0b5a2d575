// A group whose members are threads of one process, for tests.
#pragma once

#include <barrier>
#include <cstdlib>
#include <functional>
#include <thread>

#include "distributed/group.h"

namespace hoarfrost::distributed {

// What the members share.
struct Room {
  explicit Room(int size) : n(size), meeting(size), parts(static_cast<size_t>(size)), messages(parts.size()) {}
  int n;
  std::barrier<> meeting;
  std::vector<std::vector<double>> parts;  // by rank
  std::vector<std::string> messages;
};

class ThreadGroup final : public Group {
 public:
  ThreadGroup(Room& room, int rank) : room_(room), rank_(rank) {}
  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return room_.n; }
  [[nodiscard]] int threads() const override { return 1; }

  void sum(std::span<int64_t> values) override { sum_all(values); }
  void sum(std::span<double> values) override { sum_all(values); }
  std::unique_ptr<PendingSum> start_sum(std::span<float> values) override {
    n_started_.push_back(values.size());
    return std::make_unique<Later>(*this, values);
  }
  std::vector<std::string> gather(std::string_view bytes) override {
    own_message() = bytes;
    room_.meeting.arrive_and_wait();
    std::vector<std::string> all = rank_ == 0 ? room_.messages : std::vector<std::string>();
    room_.meeting.arrive_and_wait();
    return all;
  }
  std::string broadcast(std::string_view bytes) override {
    own_message() = bytes;
    room_.meeting.arrive_and_wait();
    std::string first = room_.messages[0];
    room_.meeting.arrive_and_wait();
    return first;
  }
  void barrier() override { room_.meeting.arrive_and_wait(); }
  [[noreturn]] void abort(int status) override { std::_Exit(status); }

  // The sizes of the sums that were started, in their order.
  [[nodiscard]] const std::vector<size_t>& n_started() const { return n_started_; }

 private:
  // Added up when it is waited for: members wait in the same order too.
  class Later final : public PendingSum {
   public:
    Later(ThreadGroup& group, std::span<float> values) : group_(group), values_(values) {}
    void poll() override {}
    void wait() override { group_.sum_all(values_); }

   private:
    ThreadGroup& group_;
    std::span<float> values_;
  };

  std::string& own_message() { return room_.messages[static_cast<size_t>(rank_)]; }

  template <typename T>
  void sum_all(std::span<T> values) {
    room_.parts[static_cast<size_t>(rank_)].assign(values.begin(), values.end());
    room_.meeting.arrive_and_wait();
    for (size_t i = 0; i < values.size(); ++i) {
      double total = 0;
      for (const auto& part : room_.parts) total += part.at(i);
      values[i] = static_cast<T>(total);
    }
    room_.meeting.arrive_and_wait();
  }

  Room& room_;
  int rank_;
  std::vector<size_t> n_started_;
};

// Does `work` as each of n members.
inline void as_members(int n, const std::function<void(ThreadGroup&)>& work) {
  Room room(n);
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < n; ++rank) {
    threads.emplace_back([&room, &work, rank] {
      ThreadGroup group(room, rank);
      work(group);
    });
  }
}

}  // namespace hoarfrost::distributed
