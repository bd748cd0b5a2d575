#include "python/frame.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

namespace hoarfrost::python {
namespace {

using Kind = Value::Kind;

[[noreturn]] void corrupt(const std::string& what) { throw Error(ErrorCode::kCorrupt, "", what); }

// A method of Python's own objects; nullopt for another's.
std::optional<Value> call_method(const Value& object, const std::string& name, const std::vector<Value>& arguments) {
  if (object.is(Kind::kList) && name == "append" && arguments.size() == 1) {
    if (arguments[0].items != nullptr) {
      const bool is_flat =
          std::ranges::none_of(*arguments[0].items, [](const Value& item) { return item.items != nullptr; });
      if (!is_flat)
        throw Error(ErrorCode::kUnsupported, "", "a list that is appended to a list");  // it may hold itself
    }
    if (object.items->size() >= 10000) throw Error(ErrorCode::kUnsupported, "", "a list that grows too long");
    object.items->push_back(arguments[0]);
    return Value::none();
  }
  return {};
}

}  // namespace

Value Frame::run() {
  while (!returned) {
    if (--limits.n_steps < 0)
      throw Error(ErrorCode::kUnsupported, "", "a function that runs through more than 10000 instructions");
    if (next >= program.instructions.size()) corrupt("the code ends without a return");
    const Instruction& instruction = program.instructions[next++];
    const bool is_known = follow_stack(*this, instruction) || follow_operation(*this, instruction) ||
                          follow_building(*this, instruction) || follow_call(*this, instruction) ||
                          follow_jump(*this, instruction);
    if (!is_known)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("the instruction {} at {}", opcode_name(instruction.opcode), instruction.offset));
  }
  return *returned;
}

void Frame::push(Value value) {
  if (stack.size() >= static_cast<size_t>(code().stack_size))
    corrupt(fmt::format("the stack grows beyond the {} that the code says", code().stack_size));
  stack.push_back(std::move(value));
}

Value Frame::pop() {
  if (stack.empty()) corrupt("the stack runs empty");
  Value result = std::move(stack.back());
  stack.pop_back();
  return result;
}

std::vector<Value> Frame::pop(int n) {
  if (n < 0 || static_cast<size_t>(n) > stack.size()) corrupt("the stack runs empty");
  std::vector<Value> result(std::make_move_iterator(stack.end() - n), std::make_move_iterator(stack.end()));
  stack.resize(stack.size() - static_cast<size_t>(n));
  return result;
}

Value& Frame::top(int depth) {
  if (depth < 1 || static_cast<size_t>(depth) > stack.size()) corrupt("the stack runs empty");
  return stack[stack.size() - static_cast<size_t>(depth)];
}

void Frame::charge(const Value& made) {
  limits.n_steps -= static_cast<int>((made.items != nullptr ? made.items->size() / 4 : 0) + made.text.size() / 64);
}

Value Frame::call(const Value& callee, std::vector<Value> arguments, const Keywords& keywords) {
  for (const Value& argument : arguments) {
    if (argument.is(Kind::kNull)) corrupt("an argument that is nothing");
  }
  if (callee.is(Kind::kFunction))
    return call_function(*callee.function, version, std::move(arguments), keywords, semantics, limits);
  if (callee.is(Kind::kMethod) && keywords.empty()) {
    if (auto result = call_method(callee.items->front(), callee.text, arguments)) return *result;
  }
  if (callee.is(Kind::kNull)) corrupt("a call of nothing");
  Value result = semantics.call(callee, arguments, keywords);
  charge(result);
  return result;
}

}  // namespace hoarfrost::python
