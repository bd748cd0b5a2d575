// Instructions of a code object, as one version of CPython reads them. The version is not in the bytes: whoever has
// them asks for all versions in which they are well formed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "python/object.h"
#include "python/opcodes.h"

namespace hoarfrost::python {

struct Instruction {
  Opcode opcode = Opcode::NOP;
  int argument = 0;
  int offset = 0;   // in bytes
  int target = -1;  // of a jump: the index of an instruction
};

struct Program {
  int version = 0;
  std::vector<Instruction> instructions;
};

// nullopt where the code cannot be one of that version: a number that is no instruction, a constant or name that is not
// there, a jump into the midst of another instruction, caches or a line table of another form, an end without a return.
// Code objects among the constants are not looked at.
std::optional<Program> disassemble(const Code& code, int version);

// The versions in which the code, and all code within it, is well formed.
std::vector<int> versions_of(const Code& code);

// As Python's dis prints it, an instruction a line, with what its argument stands for; code within it follows. At most
// 200 lines.
std::string listing(const Code& code, int version);

}  // namespace hoarfrost::python
