// Arithmetic, comparisons, subscripts and attributes.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "python/frame.h"

namespace hoarfrost::python {
namespace {

using Kind = Value::Kind;

// BINARY_OP's argument since 3.11, in place from 13 on.
constexpr std::string_view kOperators[] = {"+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^"};

struct Named {
  std::string_view name;
  std::string_view op;
};
constexpr Named kBinary[] = {{"ADD", "+"},
                             {"SUBTRACT", "-"},
                             {"MULTIPLY", "*"},
                             {"TRUE_DIVIDE", "/"},
                             {"DIVIDE", "classic/"},
                             {"FLOOR_DIVIDE", "//"},
                             {"MODULO", "%"},
                             {"POWER", "**"},
                             {"MATRIX_MULTIPLY", "@"},
                             {"AND", "&"},
                             {"OR", "|"},
                             {"XOR", "^"},
                             {"LSHIFT", "<<"},
                             {"RSHIFT", ">>"}};

std::string_view binary_of(const Instruction& instruction) {
  std::string_view name = opcode_name(instruction.opcode);
  if (name == "BINARY_OP")
    return instruction.argument < 26 ? kOperators[instruction.argument % 13] : std::string_view();
  if (!name.starts_with("BINARY_") && !name.starts_with("INPLACE_")) return {};
  name.remove_prefix(name.find('_') + 1);
  const auto* found = std::ranges::find(kBinary, name, &Named::name);
  return found == std::end(kBinary) ? std::string_view() : found->op;
}

void negate(Frame& frame, bool is_wanted) {
  if (!is_wanted) return;
  const Value value = frame.pop();
  const auto inverted = constant_unary("not", value);
  frame.push(inverted ? *inverted : frame.semantics.unary("not", value));
}

Value compare(Frame& frame, std::string_view op, const Value& a, const Value& b) {
  const auto constant = constant_compare(op, a, b);
  return constant ? *constant : frame.semantics.compare(op, a, b);
}

// Before 3.9 the argument counts "in", "not in", "is" and "is not" too; 3.12 and 3.13 keep other things in its low
// bits.
void follow_compare(Frame& frame, int argument) {
  constexpr std::string_view kNames[] = {"<", "<=", "==", "!=", ">", ">=", "in", "in", "is", "is"};
  const int n = frame.version == 13 ? argument >> 5 : frame.version == 12 ? argument >> 4 : argument;
  if (n >= (frame.version >= 9 ? 6 : 10)) throw Error(ErrorCode::kUnsupported, "", fmt::format("comparison {}", n));
  const Value b = frame.pop();
  const Value a = frame.pop();
  frame.push(compare(frame, kNames[n], a, b));
  negate(frame, n == 7 || n == 9);
}

void subscript(Frame& frame, const Value& object, const Value& key) {
  const auto constant = constant_subscript(object, key);
  frame.push(constant ? *constant : frame.semantics.subscript(object, key));
  frame.charge(frame.top());
}

// 2.7's SLICE+0 to SLICE+3: x[:], x[a:], x[:b], x[a:b].
void follow_slice(Frame& frame, int form) {
  const Value stop = (form & 2) != 0 ? frame.pop() : Value::none();
  const Value start = (form & 1) != 0 ? frame.pop() : Value::none();
  const Value object = frame.pop();
  subscript(frame, object, Value::with(Kind::kSlice, {start, stop, Value::none()}));
}

Value attribute(Frame& frame, const Value& object, const std::string& name) {
  if (object.is(Kind::kList) && name == "append") {
    Value method = Value::with(Kind::kMethod, {object});
    method.text = name;
    return method;
  }
  return frame.semantics.attribute(object, name);
}

void follow_attribute(Frame& frame, const Instruction& instruction) {
  const bool has_flag = frame.version >= 12;
  const bool is_method = instruction.opcode == Opcode::LOAD_METHOD || (has_flag && (instruction.argument & 1) != 0);
  const std::string& name =
      frame.code().names[static_cast<size_t>(has_flag ? instruction.argument >> 1 : instruction.argument)];
  const Value object = frame.pop();
  const Value value = attribute(frame, object, name);
  // A call finds the function and the object, or an empty place and the function: always so here.
  if (is_method && frame.version < 13) frame.push({});
  frame.push(value);
  if (is_method && frame.version >= 13) frame.push({});
}

void follow_global(Frame& frame, const Instruction& instruction) {
  const bool is_called = frame.version >= 11 && (instruction.argument & 1) != 0;
  const std::string& name =
      frame.code().names[static_cast<size_t>(frame.version >= 11 ? instruction.argument >> 1 : instruction.argument)];
  if (is_called && frame.version < 13) frame.push({});
  frame.push(frame.semantics.global(name));
  if (is_called && frame.version >= 13) frame.push({});
}

}  // namespace

bool follow_operation(Frame& frame, const Instruction& instruction) {
  if (const std::string_view op = binary_of(instruction); !op.empty()) {
    const Value b = frame.pop();
    const Value a = frame.pop();
    const auto constant = constant_binary(op, a, b);
    frame.push(constant ? *constant : frame.semantics.binary(op, a, b));
    frame.charge(frame.top());
    return true;
  }
  const auto unary = [&](std::string_view op) {
    const Value value = frame.pop();
    const auto constant = constant_unary(op, value);
    frame.push(constant ? *constant : frame.semantics.unary(op, value));
  };
  switch (instruction.opcode) {
    case Opcode::UNARY_NEGATIVE:
      unary("-");
      return true;
    case Opcode::UNARY_POSITIVE:
      unary("+");
      return true;
    case Opcode::UNARY_INVERT:
      unary("~");
      return true;
    case Opcode::UNARY_NOT:
      unary("not");
      return true;
    case Opcode::TO_BOOL:
      return true;  // the jump behind it asks for the truth
    case Opcode::COMPARE_OP:
      follow_compare(frame, instruction.argument);
      return true;
    case Opcode::IS_OP:
    case Opcode::CONTAINS_OP: {
      const Value b = frame.pop();
      const Value a = frame.pop();
      frame.push(compare(frame, instruction.opcode == Opcode::IS_OP ? "is" : "in", a, b));
      negate(frame, instruction.argument != 0);
      return true;
    }
    case Opcode::BINARY_SUBSCR: {
      const Value key = frame.pop();
      const Value object = frame.pop();
      subscript(frame, object, key);
      return true;
    }
    case Opcode::BINARY_SLICE:
      follow_slice(frame, 3);
      return true;
    case Opcode::SLICE_0:
      follow_slice(frame, 0);
      return true;
    case Opcode::SLICE_1:
      follow_slice(frame, 1);
      return true;
    case Opcode::SLICE_2:
      follow_slice(frame, 2);
      return true;
    case Opcode::SLICE_3:
      follow_slice(frame, 3);
      return true;
    case Opcode::LOAD_ATTR:
    case Opcode::LOAD_METHOD:
      follow_attribute(frame, instruction);
      return true;
    case Opcode::LOAD_GLOBAL:
      follow_global(frame, instruction);
      return true;
    case Opcode::LOAD_NAME:
      frame.push(frame.semantics.global(frame.code().names[static_cast<size_t>(instruction.argument)]));
      return true;
    default:
      return false;
  }
}

}  // namespace hoarfrost::python
