// Started by mpirun: everything that a group does, against sums done by hand. Usage: group_under_mpirun N
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cstdlib>
#include <string>

#include "distributed/group.h"

namespace {

using hoarfrost::distributed::Group;

void expect(bool is_so, const char* what) {
  if (is_so) return;
  fmt::print(stderr, "FAILED: {}\n", what);
  std::exit(1);
}

void expect_sums(Group& group) {
  const int n = group.size(), rank = group.rank();
  const int64_t all = int64_t{n} * (n - 1) / 2;  // 0 + 1 + … + n - 1
  std::vector<int64_t> counts{rank, 1, int64_t{1} << 60};
  counts[2] = rank == 0 ? counts[2] + 1 : 0;  // a double would lose the 1
  group.sum(counts);
  expect(counts[0] == all && counts[1] == n && counts[2] == (int64_t{1} << 60) + 1, "integers are added exactly");
  // 1e16 + 1 + 1 + … in the order of ranks: every 1 is lost; from the other end none would be.
  std::vector<double> sums{rank == 0 ? 1e16 : 1.0};
  group.sum(sums);
  expect(sums[0] == 1e16, "doubles are added in the order of ranks");
  std::vector<float> gradients(1000, static_cast<float>(rank));
  const auto pending = group.start_sum(gradients);
  pending->wait();
  for (const float gradient : gradients) expect(gradient == static_cast<float>(all), "floats are added");
}

void expect_messages(Group& group) {
  const int rank = group.rank();
  const auto parts = group.gather(std::string(static_cast<size_t>(rank * 3), static_cast<char>('a' + rank)));
  expect(parts.size() == (rank == 0 ? static_cast<size_t>(group.size()) : 0), "rank 0 alone gathers");
  for (size_t i = 0; i < parts.size(); ++i)
    expect(parts[i] == std::string(i * 3, static_cast<char>('a' + i)), "parts keep their lengths and their order");
  expect(group.broadcast(rank == 0 ? "from rank 0" : "mine") == "from rank 0", "all hear rank 0");
  expect(group.broadcast("").empty(), "an empty message");
  group.barrier();
}

void expect_shares(Group& group) {
  for (const int64_t n_items : {0, 1, 7, 100}) {
    const auto share = hoarfrost::distributed::share_of(&group, n_items);
    std::vector<int64_t> covered(static_cast<size_t>(n_items));
    for (int64_t i = share.first; i < share.first + share.n; ++i) ++covered[static_cast<size_t>(i)];
    group.sum(covered);
    for (const int64_t times : covered) expect(times == 1, "every item belongs to one member");
  }
}

void expect_failure_told_once(Group& group) {
  const int last = group.size() - 1;
  std::string heard;
  try {
    hoarfrost::distributed::together(&group, [&] {
      if (group.rank() == last) throw hoarfrost::Error(hoarfrost::ErrorCode::kIo, "a.csv", "is gone");
    });
  } catch (const hoarfrost::Error& error) {
    heard = error.what();
  } catch (const hoarfrost::distributed::ToldByAnother&) {
    heard = "told";
  }
  expect(heard == (group.rank() == 0 ? fmt::format("rank {}: a.csv: is gone", last) : "told"),
         "one failure ends all, told once");
}

}  // namespace

int main(int argc, char** argv) {
  const int n = argc > 1 ? std::atoi(argv[1]) : 1;
  const auto group = hoarfrost::distributed::join();
  if (n == 1) {
    expect(group == nullptr, "a process alone needs no group");
    return 0;
  }
  expect(group != nullptr && group->size() == n, "the group has as many members as mpirun started");
  expect(group->threads() >= 1, "every member has a thread");
  expect_sums(*group);
  expect_messages(*group);
  expect_shares(*group);
  expect_failure_told_once(*group);
}
