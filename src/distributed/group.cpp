#include "distributed/group.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace hoarfrost::distributed {
namespace {

// A number of the environment, under the first of these names that is set.
int number(std::initializer_list<const char*> names, int otherwise) {
  for (const char* name : names) {
    const char* text = std::getenv(name);
    if (text == nullptr) continue;
    const std::string_view digits(text);
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc{} && end == digits.data() + digits.size() && value >= 0) return value;
  }
  return otherwise;
}

struct Failure {
  std::string text;  // empty: none
  ErrorCode code = ErrorCode::kIo;
};

// As main.cpp has it.
int status_of(ErrorCode code) { return code == ErrorCode::kUnsupported ? 3 : 1; }

Failure failure_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return {error.what(), error.code()};
  } catch (const std::bad_alloc&) {
    return {"the memory of this machine does not suffice for this input", ErrorCode::kIo};
  } catch (const std::exception& error) {
    return {error.what(), ErrorCode::kIo};
  }
  return {};
}

}  // namespace

int rank_by_environment() { return number({"OMPI_COMM_WORLD_RANK", "PMIX_RANK"}, 0); }
int size_by_environment() { return std::max(number({"OMPI_COMM_WORLD_SIZE"}, 1), 1); }

void together(Group* group, const std::function<void()>& work) {
  if (group == nullptr) return work();
  const Failure own = failure_of(work);
  const auto all = group->gather(own.text);
  const auto codes = group->gather(std::to_string(static_cast<int>(own.code)));
  std::string verdict;  // the exit status, and rank 0's words
  if (group->rank() == 0) {
    const auto first = std::ranges::find_if(all, [](const std::string& text) { return !text.empty(); });
    if (first != all.end()) {
      const bool is_everywhere = std::ranges::all_of(all, [&](const std::string& text) { return text == *first; });
      const auto rank = static_cast<size_t>(first - all.begin());
      verdict = codes[rank] + (is_everywhere ? *first : fmt::format("rank {}: {}", rank, *first));
    }
  }
  verdict = group->broadcast(verdict);
  if (verdict.empty()) return;
  const auto code = static_cast<ErrorCode>(verdict[0] - '0');
  if (group->rank() == 0) throw Error(code, "", verdict.substr(1));
  throw ToldByAnother();
}

void or_abort(Group* group, const std::function<void()>& work) {
  if (group == nullptr) return work();
  const Failure failure = failure_of(work);
  if (failure.text.empty()) return;
  fmt::print(stderr, "hoarfrost: rank {}: {}\n", group->rank(), failure.text);
  std::fflush(stderr);
  std::fflush(stdout);
  group->abort(status_of(failure.code));
}

Share share_of(const Group* group, int64_t n_items) {
  if (group == nullptr) return {0, n_items};
  const int64_t first = n_items * group->rank() / group->size();
  return {first, n_items * (group->rank() + 1) / group->size() - first};
}

}  // namespace hoarfrost::distributed
