// Branches and loops, where what they ask is a constant.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "python/frame.h"

namespace hoarfrost::python {
namespace {

using Kind = Value::Kind;

void jump(Frame& frame, const Instruction& instruction) { frame.next = static_cast<size_t>(instruction.target); }

bool truth_of(const Value& value) {
  const auto result = truth(value);
  if (!result)
    throw Error(ErrorCode::kUnsupported, "", fmt::format("a branch on {}, which is no constant", value.repr()));
  return *result;
}

void get_iterator(Frame& frame) {
  const Value value = frame.pop();
  if (value.is(Kind::kIterator)) return frame.push(value);
  frame.push(Value::with(Kind::kIterator, elements(value)));
  frame.charge(frame.top());
}

void for_iterator(Frame& frame, const Instruction& instruction) {
  Value& iterator = frame.top();
  if (!iterator.is(Kind::kIterator)) throw Error(ErrorCode::kCorrupt, "", "a loop over what is no iterator");
  if (iterator.integer < static_cast<int64_t>(iterator.items->size())) {
    const Value item = (*iterator.items)[static_cast<size_t>(iterator.integer++)];
    frame.push(item);
    return;
  }
  jump(frame, instruction);
  if (frame.version < 12) {
    (void)frame.pop();
  } else {
    // The iterator goes with END_FOR, which the jump of 3.12 passes over and that of 3.13 does not.
    if (frame.version == 12) {
      (void)frame.pop();
      const bool is_at_end = frame.program.instructions[frame.next].opcode == Opcode::END_FOR;
      if (is_at_end) ++frame.next;
    } else {
      // 3.13: END_FOR and POP_TOP are jumped over.
      (void)frame.pop();
      for (const Opcode passed : {Opcode::END_FOR, Opcode::POP_TOP}) {
        if (frame.next < frame.program.instructions.size() && frame.program.instructions[frame.next].opcode == passed)
          ++frame.next;
      }
    }
  }
}

}  // namespace

bool follow_jump(Frame& frame, const Instruction& instruction) {
  const std::string_view name = opcode_name(instruction.opcode);
  if (name == "JUMP_FORWARD" || name == "JUMP_ABSOLUTE" || name == "JUMP_BACKWARD" || name == "CONTINUE_LOOP") {
    jump(frame, instruction);
    return true;
  }
  if (name.starts_with("POP_JUMP")) {
    const Value value = frame.pop();
    const bool asks_none = name.ends_with("NONE");
    const bool holds = asks_none ? value.is(Kind::kNone) : truth_of(value);
    const bool wanted = asks_none ? !name.ends_with("NOT_NONE") : name.ends_with("TRUE");
    if (holds == wanted) jump(frame, instruction);
    return true;
  }
  if (name.ends_with("_OR_POP")) {
    if (truth_of(frame.top()) == (name == "JUMP_IF_TRUE_OR_POP"))
      jump(frame, instruction);
    else
      (void)frame.pop();
    return true;
  }
  if (name == "GET_ITER") {
    get_iterator(frame);
    return true;
  }
  if (name == "FOR_ITER") {
    for_iterator(frame, instruction);
    return true;
  }
  return false;
}

}  // namespace hoarfrost::python
