#include "python/opcodes.h"

#include <algorithm>
#include <cstddef>

namespace hoarfrost::python {
namespace {

struct Row {
  std::string_view name;
  std::array<int, 11> numbers;
  std::array<int, 3> caches;  // of 3.11, 3.12, 3.13
};

constexpr Row kRows[] = {
#define HOARFROST_OPCODE(name, a, b, c, d, e, f, g, h, i, j, k, x, y, z) \
  {#name, {a, b, c, d, e, f, g, h, i, j, k}, {x, y, z}},
#include "python/opcodes.def"
#undef HOARFROST_OPCODE
};

constexpr std::string_view kNames[] = {"2.7", "3.4", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"};

size_t column(int version) { return static_cast<size_t>(std::ranges::find(kVersions, version) - kVersions.begin()); }

}  // namespace

std::string_view version_name(int version) { return kNames[column(version)]; }

std::string_view opcode_name(Opcode opcode) { return kRows[static_cast<size_t>(opcode)].name; }

std::optional<Opcode> find_opcode(int version, int number) {
  for (size_t row = 0; row < std::size(kRows); ++row) {
    if (kRows[row].numbers[column(version)] == number) return static_cast<Opcode>(row);
  }
  return {};
}

int n_caches(int version, Opcode opcode) {
  return version < 11 ? 0 : kRows[static_cast<size_t>(opcode)].caches[static_cast<size_t>(version - 11)];
}

}  // namespace hoarfrost::python
