// Variables, constants, and the order of the stack. CPython's Python/ceval.c of 2.7 to 3.11, Python/bytecodes.c of 3.12
// and 3.13.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "python/frame.h"

namespace hoarfrost::python {
namespace {

using Kind = Value::Kind;

const Value& set(const Frame& frame, size_t position) {
  const Value& value = frame.locals[position];
  if (value.is(Kind::kNull))
    throw Error(ErrorCode::kUnsupported, "",
                fmt::format("variable `{}` is used before it has a value", frame.code().locals[position]));
  return value;
}

Value& cell(Frame& frame, int argument) {
  const size_t position =
      static_cast<size_t>(argument) + (frame.version < 11 ? static_cast<size_t>(frame.code().n_plain_locals) : 0);
  Value& value = frame.locals[position];
  if (!value.is(Kind::kCell)) throw Error(ErrorCode::kCorrupt, "", "a variable that is no cell");
  return value;
}

void load_deref(Frame& frame, int argument) {
  const Value& value = cell(frame, argument).items->front();
  if (value.is(Kind::kNull))
    throw Error(ErrorCode::kUnsupported, "", "a variable of an outer function is used before it has a value");
  frame.push(value);
}

// The last value moves below `depth` others: ROT_TWO is 2, ROT_THREE 3.
void rotate(Frame& frame, int depth) {
  (void)frame.top(depth);
  std::rotate(frame.stack.end() - depth, frame.stack.end() - 1, frame.stack.end());
}

bool follow_local(Frame& frame, const Instruction& instruction) {
  const auto argument = static_cast<size_t>(instruction.argument);
  switch (instruction.opcode) {
    case Opcode::LOAD_FAST:
    case Opcode::LOAD_FAST_CHECK:
      frame.push(set(frame, argument));
      return true;
    case Opcode::LOAD_FAST_AND_CLEAR:
      frame.push(frame.locals[argument]);
      frame.locals[argument] = {};
      return true;
    case Opcode::LOAD_FAST_LOAD_FAST:
      frame.push(set(frame, argument >> 4));
      frame.push(set(frame, argument & 15));
      return true;
    case Opcode::STORE_FAST:
      frame.locals[argument] = frame.pop();
      return true;
    case Opcode::STORE_FAST_LOAD_FAST:
      frame.locals[argument >> 4] = frame.pop();
      frame.push(set(frame, argument & 15));
      return true;
    case Opcode::STORE_FAST_STORE_FAST:
      frame.locals[argument >> 4] = frame.pop();
      frame.locals[argument & 15] = frame.pop();
      return true;
    case Opcode::DELETE_FAST:
      frame.locals[argument] = {};
      return true;
    case Opcode::LOAD_DEREF:
      load_deref(frame, instruction.argument);
      return true;
    case Opcode::STORE_DEREF:
      cell(frame, instruction.argument).items->front() = frame.pop();
      return true;
    case Opcode::LOAD_CLOSURE:
      frame.push(cell(frame, instruction.argument));
      return true;
    case Opcode::MAKE_CELL:
      frame.locals[argument] = Value::with(Kind::kCell, {frame.locals[argument]});
      return true;
    case Opcode::COPY_FREE_VARS:
      if (argument != frame.function.closure.size()) throw Error(ErrorCode::kCorrupt, "", "a closure of another size");
      std::ranges::copy(frame.function.closure, frame.locals.end() - instruction.argument);
      return true;
    default:
      return false;
  }
}

}  // namespace

bool follow_stack(Frame& frame, const Instruction& instruction) {
  if (follow_local(frame, instruction)) return true;
  const int argument = instruction.argument;
  switch (instruction.opcode) {
    case Opcode::NOP:
    case Opcode::RESUME:
    case Opcode::PRECALL:
    case Opcode::SETUP_LOOP:
    case Opcode::POP_BLOCK:
      return true;
    case Opcode::LOAD_CONST: {
      int n_values = 0;
      frame.push(value_of(*frame.code().constants[static_cast<size_t>(argument)], n_values));
      frame.limits.n_steps -= n_values / 4;
      return true;
    }
    case Opcode::RETURN_VALUE:
      frame.returned = frame.pop();
      return true;
    case Opcode::RETURN_CONST:
      frame.returned = value_of(*frame.code().constants[static_cast<size_t>(argument)]);
      return true;
    case Opcode::POP_TOP:
    case Opcode::END_FOR:
      (void)frame.pop();
      return true;
    case Opcode::PUSH_NULL:
      frame.push({});
      return true;
    case Opcode::ROT_TWO:
      rotate(frame, 2);
      return true;
    case Opcode::ROT_THREE:
      rotate(frame, 3);
      return true;
    case Opcode::ROT_FOUR:
      rotate(frame, 4);
      return true;
    case Opcode::ROT_N:
      rotate(frame, argument);
      return true;
    case Opcode::SWAP:
      std::swap(frame.top(argument), frame.top());
      return true;
    case Opcode::DUP_TOP:
      frame.push(frame.top());
      return true;
    case Opcode::COPY:
      frame.push(frame.top(argument));
      return true;
    case Opcode::DUP_TOP_TWO: {
      const Value below = frame.top(2);
      const Value last = frame.top();
      frame.push(below);
      frame.push(last);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace hoarfrost::python
