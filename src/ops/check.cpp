#include "ops/check.h"

namespace hoarfrost::ops {

void fail(ErrorCode code, const Node& node, std::string_view message) {
  throw Error(code, fmt::format("node `{}`", node.name()), fmt::format("{}: {}", node.op(), message));
}

void need_inputs(const Node& node, size_t found, size_t expected) {
  if (found != expected) corrupt(node, "expected {} inputs, found {}", expected, found);
}

void need_at_least(const Node& node, size_t found, size_t expected) {
  if (found < expected) corrupt(node, "expected at least {} inputs, found {}", expected, found);
}

std::vector<int64_t> int_list(const Node& node, std::string_view key) {
  const auto found = node.attributes.find(std::string(key));
  if (found == node.attributes.end() || std::holds_alternative<graph::EmptyList>(found->second)) return {};
  return node.get<std::vector<int64_t>>(key);
}

int normalized_axis(const Node& node, int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) mismatch(node, "expected an axis in [{}, {}), found {}", -rank, rank, axis);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

int64_t product(const Node& node, int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) mismatch(node, "a size {} × {} does not fit in 63 bits", a, b);
  return result;
}

int64_t sum(const Node& node, int64_t a, int64_t b) {
  int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) mismatch(node, "a size {} + {} does not fit in 63 bits", a, b);
  return result;
}

}  // namespace hoarfrost::ops
