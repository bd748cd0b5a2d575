// Calls, functions within functions, and imports.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "python/frame.h"

namespace hoarfrost::python {
namespace {

using Kind = Value::Kind;

// The last values as keyword arguments, by these names.
Keywords named(std::vector<Value>& arguments, const std::vector<Value>& names) {
  if (names.size() > arguments.size()) throw Error(ErrorCode::kCorrupt, "", "more names than arguments");
  Keywords result;
  const size_t first = arguments.size() - names.size();
  for (size_t i = 0; i < names.size(); ++i) {
    if (!names[i].is(Kind::kString)) throw Error(ErrorCode::kCorrupt, "", "an argument's name that is no string");
    result.emplace_back(names[i].text, arguments[first + i]);
  }
  arguments.resize(first);
  return result;
}

// 2.7 to 3.5: positional arguments in the low byte, keyword ones, with their names before them, in the next.
void call_pairs(Frame& frame, int argument) {
  const std::vector<Value> pairs = frame.pop(2 * (argument >> 8));
  Keywords keywords;
  for (size_t i = 0; i < pairs.size(); i += 2) keywords.emplace_back(pairs[i].text, pairs[i + 1]);
  std::vector<Value> arguments = frame.pop(argument & 0xff);
  const Value callee = frame.pop();
  frame.push(frame.call(callee, std::move(arguments), keywords));
}

// Since 3.11 there are two values below the arguments: an empty place and the function (in 3.13 the other way), or a
// method and its object, or a function and its first argument.
void call_two(Frame& frame, int n, const std::vector<Value>& names) {
  std::vector<Value> arguments = frame.pop(n);
  const Keywords keywords = named(arguments, names);
  Value second = frame.pop();
  Value first = frame.pop();
  Value callee = first;
  if (frame.version < 13 && first.is(Kind::kNull))
    callee = second;
  else if (!second.is(Kind::kNull))
    arguments.insert(arguments.begin(), second);
  frame.push(frame.call(callee, std::move(arguments), keywords));
}

void call_unpacked(Frame& frame, int argument) {
  Keywords keywords;
  if ((argument & 1) != 0) {
    const Value dict = frame.pop();
    if (!dict.is(Kind::kDict)) throw Error(ErrorCode::kUnsupported, "", "a ** of what is no dict");
    for (size_t i = 0; i + 1 < dict.items->size(); i += 2)
      keywords.emplace_back((*dict.items)[i].text, (*dict.items)[i + 1]);
  }
  std::vector<Value> arguments = elements(frame.pop());
  Value callee = frame.pop();
  if (frame.version >= 13)
    callee = frame.pop();  // an empty place was above it
  else if (frame.version >= 11)
    (void)frame.pop();  // and here below
  frame.push(frame.call(callee, std::move(arguments), keywords));
}

std::shared_ptr<const Code> code_of(const Value& value) {
  if (!value.is(Kind::kCode)) throw Error(ErrorCode::kCorrupt, "", "a function without code");
  return value.code;
}

void push_function(Frame& frame, Function function) {
  Value result = Value::of(Kind::kFunction);
  result.function = std::make_shared<const Function>(std::move(function));
  frame.push(std::move(result));
}

// 2.7 to 3.5: the defaults lie below the code.
void make_function_old(Frame& frame, const Instruction& instruction) {
  Function function;
  if (frame.version != kPython27) (void)frame.pop();  // the qualified name
  function.code = code_of(frame.pop());
  if (instruction.opcode == Opcode::MAKE_CLOSURE) function.closure = elements(frame.pop());
  if (instruction.argument >> 16 != 0) throw Error(ErrorCode::kUnsupported, "", "a function with annotations");
  if (frame.version == kPython27) {
    function.defaults = frame.pop(instruction.argument);
  } else {
    function.keyword_defaults = frame.pop(2 * (instruction.argument >> 8));
    function.defaults = frame.pop(instruction.argument & 0xff);
  }
  push_function(frame, std::move(function));
}

void set_part(Function& function, int flag, const Value& value) {
  if (flag == 1) function.defaults = elements(value);
  if (flag == 2 && value.is(Kind::kDict)) function.keyword_defaults = *value.items;
  if (flag == 8) function.closure = elements(value);
}

void make_function(Frame& frame, const Instruction& instruction) {
  if (frame.version < 6) return make_function_old(frame, instruction);
  Function function;
  if (frame.version < 11) (void)frame.pop();
  function.code = code_of(frame.pop());
  for (const int flag : {8, 4, 2, 1}) {
    if (frame.version < 13 && (instruction.argument & flag) != 0) set_part(function, flag, frame.pop());
  }
  push_function(frame, std::move(function));
}

void set_function_attribute(Frame& frame, int flag) {
  const Value made = frame.pop();
  const Value part = frame.pop();
  if (!made.is(Kind::kFunction)) throw Error(ErrorCode::kCorrupt, "", "an attribute of what is no function");
  Function function = *made.function;
  set_part(function, flag, part);
  push_function(frame, std::move(function));
}

void import_name(Frame& frame, int argument) {
  const Value names = frame.pop();
  (void)frame.pop();  // the level
  const std::string& name = frame.code().names[static_cast<size_t>(argument)];
  // `import a.b` binds a; `import a.b as c` goes on with IMPORT_FROM or LOAD_ATTR, `from a.b import c` with
  // IMPORT_FROM.
  const bool has_names = names.is_sequence() && !names.items->empty();
  frame.push(Value::name("import " + (has_names ? name : name.substr(0, name.find('.')))));
}

}  // namespace

bool follow_call(Frame& frame, const Instruction& instruction) {
  const int argument = instruction.argument;
  switch (instruction.opcode) {
    case Opcode::CALL_FUNCTION:
      if (frame.version < 6) {
        call_pairs(frame, argument);
      } else {
        std::vector<Value> arguments = frame.pop(argument);
        const Value callee = frame.pop();
        frame.push(frame.call(callee, std::move(arguments), {}));
      }
      return true;
    case Opcode::CALL_FUNCTION_KW: {
      if (frame.version < 6) return false;
      const std::vector<Value> names = elements(frame.pop());
      std::vector<Value> arguments = frame.pop(argument);
      const Keywords keywords = named(arguments, names);
      const Value callee = frame.pop();
      frame.push(frame.call(callee, std::move(arguments), keywords));
      return true;
    }
    case Opcode::CALL_METHOD:
      call_two(frame, argument, {});
      return true;
    case Opcode::KW_NAMES:
      frame.keyword_names = elements(value_of(*frame.code().constants[static_cast<size_t>(argument)]));
      return true;
    case Opcode::CALL:
      call_two(frame, argument, std::exchange(frame.keyword_names, {}));
      return true;
    case Opcode::CALL_KW: {
      const std::vector<Value> names = elements(frame.pop());
      call_two(frame, argument, names);
      return true;
    }
    case Opcode::CALL_FUNCTION_EX:
      call_unpacked(frame, argument);
      return true;
    case Opcode::MAKE_FUNCTION:
    case Opcode::MAKE_CLOSURE:
      make_function(frame, instruction);
      return true;
    case Opcode::SET_FUNCTION_ATTRIBUTE:
      set_function_attribute(frame, argument);
      return true;
    case Opcode::IMPORT_NAME:
      import_name(frame, argument);
      return true;
    case Opcode::IMPORT_FROM:
      frame.push(frame.semantics.attribute(frame.top(), frame.code().names[static_cast<size_t>(argument)]));
      return true;
    default:
      return false;
  }
}

}  // namespace hoarfrost::python
