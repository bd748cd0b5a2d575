// How ops refuse: one line with the node, its op, what was expected and what was found.
#pragma once

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/graph.h>

#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::ops {

using graph::Node;

// Throws Error{code} at "node `name`: Op: message".
[[noreturn]] void fail(ErrorCode code, const Node& node, std::string_view message);

template <typename... Args>
[[noreturn]] void mismatch(const Node& node, fmt::format_string<Args...> text, Args&&... args) {
  fail(ErrorCode::kMismatch, node, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
[[noreturn]] void unsupported(const Node& node, fmt::format_string<Args...> text, Args&&... args) {
  fail(ErrorCode::kUnsupported, node, fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
[[noreturn]] void corrupt(const Node& node, fmt::format_string<Args...> text, Args&&... args) {
  fail(ErrorCode::kCorrupt, node, fmt::format(text, std::forward<Args>(args)...));
}

// Throws Error{kCorrupt} when `found` inputs are fewer than the op needs, or more than it takes.
void need_inputs(const Node& node, size_t found, size_t expected);
void need_at_least(const Node& node, size_t found, size_t expected);

// An integer list attribute; empty when it is absent or an empty list of no known type.
std::vector<int64_t> int_list(const Node& node, std::string_view key);

// An axis counted from the first. Throws Error{kMismatch} outside [-rank, rank).
int normalized_axis(const Node& node, int64_t axis, int rank);

// a * b and a + b. Throw Error{kMismatch} where they do not fit 63 bits.
int64_t product(const Node& node, int64_t a, int64_t b);
int64_t sum(const Node& node, int64_t a, int64_t b);

}  // namespace hoarfrost::ops
