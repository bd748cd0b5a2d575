// One call of a function while its instructions are followed.
#pragma once

#include <string_view>
#include <vector>

#include "python/interpret.h"

namespace hoarfrost::python {

class Frame {
 public:
  Frame(const Function& called, const Program& code, std::vector<Value> variables, Semantics& meanings, Limits& bounds)
      : locals(std::move(variables)),
        function(called),
        program(code),
        version(code.version),
        semantics(meanings),
        limits(bounds) {}

  // Follows the instructions until one returns.
  Value run();

  // The stack, as the version has it. Error{kCorrupt} where it runs empty or beyond co_stacksize.
  void push(Value value);
  Value pop();
  std::vector<Value> pop(int n);  // the last n, the lowest first
  Value& top(int depth = 1);      // 1 is the last
  // Charges for what an instruction made, so that no program fills memory. Error{kUnsupported} beyond the limit.
  void charge(const Value& made);
  Value call(const Value& callee, std::vector<Value> arguments, const Keywords& keywords);
  [[nodiscard]] const Code& code() const { return *function.code; }

  std::vector<Value> locals;
  const Function& function;
  const Program& program;
  int version;
  Semantics& semantics;
  Limits& limits;
  std::vector<Value> stack;
  size_t next = 0;                   // the instruction that comes next
  std::vector<Value> keyword_names;  // KW_NAMES
  std::optional<Value> returned;
};

// Each family of instructions follows one if it is its own: false for another's. Errors as call_function.
bool follow_stack(Frame& frame, const Instruction& instruction);      // variables, constants, the stack's order
bool follow_operation(Frame& frame, const Instruction& instruction);  // arithmetic, comparison, subscripts
bool follow_building(Frame& frame, const Instruction& instruction);   // tuples, lists, slices
bool follow_call(Frame& frame, const Instruction& instruction);       // calls, functions, imports
bool follow_jump(Frame& frame, const Instruction& instruction);       // branches and loops on constants

}  // namespace hoarfrost::python
