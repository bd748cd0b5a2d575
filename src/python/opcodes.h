// CPython's instructions by their names, and their numbers in each version.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace hoarfrost::python {

enum class Opcode {
#define HOARFROST_OPCODE(name, ...) name,
#include "python/opcodes.def"
#undef HOARFROST_OPCODE
};

// CPython's minor versions: 2.7 is kPython27, 3.8 is 8.
constexpr int kPython27 = 0;
constexpr std::array<int, 11> kVersions = {kPython27, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};

// "2.7", "3.8"
std::string_view version_name(int version);
std::string_view opcode_name(Opcode opcode);
// nullopt for a number that the version has not.
std::optional<Opcode> find_opcode(int version, int number);
// How many CACHE entries the version writes behind the instruction.
int n_caches(int version, Opcode opcode);

}  // namespace hoarfrost::python
