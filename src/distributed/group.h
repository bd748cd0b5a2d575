// Processes that mpirun started together, on one machine or many, and what they add up. Open MPI is loaded only for
// them: a process that was started alone never touches it.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::distributed {

// A sum that goes on while the process works. Destroyed, it waits.
class PendingSum {
 public:
  virtual ~PendingSum() = default;
  // Lets the sums that go on make progress, and returns at once. Throws Error{kIo}.
  virtual void poll() = 0;
  // Until the numbers are in place. Throws Error{kIo}.
  virtual void wait() = 0;
};

// Every member calls the same functions in the same order, from one thread. Throws Error{kIo} for what Open MPI says.
class Group {
 public:
  virtual ~Group() = default;
  [[nodiscard]] virtual int rank() const = 0;  // 0 … size() - 1
  [[nodiscard]] virtual int size() const = 0;
  // The threads that this member should use, so that those on one machine share its processors.
  [[nodiscard]] virtual int threads() const = 0;

  // Every element becomes its sum over the members, at each of them.
  virtual void sum(std::span<int64_t> values) = 0;
  // In the order of ranks: every member has the same bits, at every run.
  virtual void sum(std::span<double> values) = 0;
  // For gradients: in whatever order is fastest, every member has the same bits; `values` must stay until wait().
  // Members start such sums in the same order; what they call beside them does not matter.
  virtual std::unique_ptr<PendingSum> start_sum(std::span<float> values) = 0;
  // What each member gives, by rank, at rank 0; nothing elsewhere.
  virtual std::vector<std::string> gather(std::string_view bytes) = 0;
  // What rank 0 gives, at every member.
  virtual std::string broadcast(std::string_view bytes) = 0;
  virtual void barrier() = 0;
  // Ends every member at once.
  [[noreturn]] virtual void abort(int status) = 0;
};

// The group that mpirun made of this process, or nullptr where it was started alone (or is the only one). Throws
// Error{kUnsupported} when the part of Hoarfrost that knows Open MPI is not installed, Error{kIo} when it does not
// start.
std::unique_ptr<Group> join();

// What mpirun says in the environment, without loading anything: 0 and 1 for a process that was started alone.
int rank_by_environment();
int size_by_environment();

// Ends the members other than the one that says what went wrong.
class ToldByAnother : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "another process says what went wrong"; }
};

// Does `work`, which needs no other member, at every member. When it throws an Error at one or several, all of them
// fail: rank 0 with the first one's error, "rank 2: " before it unless every member has the same, and the others with
// ToldByAnother. nullptr: just does it.
void together(Group* group, const std::function<void()>& work);
// Does `work`, which takes the members' collective calls in step; an Error at one of them is said on stderr, as
// "hoarfrost: rank 2: …", and ends them all. nullptr: just does it.
void or_abort(Group* group, const std::function<void()>& work);

// The part of n items that a member has: contiguous, and as equal as can be.
struct Share {
  int64_t first = 0;
  int64_t n = 0;
};
Share share_of(const Group* group, int64_t n_items);

}  // namespace hoarfrost::distributed
