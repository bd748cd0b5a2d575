// Tuples, lists, dicts and slices.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "python/frame.h"

namespace hoarfrost::python {
namespace {

using Kind = Value::Kind;

void append(Frame& frame, const Value& list, const std::vector<Value>& more) {
  if (!list.is(Kind::kList)) throw Error(ErrorCode::kCorrupt, "", "something is appended to what is no list");
  if (list.items->size() + more.size() > 10000) throw Error(ErrorCode::kUnsupported, "", "a list that grows too long");
  for (const Value& item : more) {
    if (item.items == list.items) throw Error(ErrorCode::kUnsupported, "", "a list that holds itself");
    list.items->push_back(item);
  }
  frame.limits.n_steps -= static_cast<int>(more.size() / 4);
}

void unpack_sequence(Frame& frame, int n) {
  const std::vector<Value> items = elements(frame.pop());
  if (items.size() != static_cast<size_t>(n))
    throw Error(ErrorCode::kUnsupported, "", fmt::format("{} values are unpacked into {} variables", items.size(), n));
  for (size_t i = items.size(); i > 0; --i) frame.push(items[i - 1]);
}

void build_joined(Frame& frame, int n, Kind kind) {
  std::vector<Value> all;
  for (const Value& part : frame.pop(n)) {
    for (Value& item : elements(part)) all.push_back(std::move(item));
    if (all.size() > 10000) throw Error(ErrorCode::kUnsupported, "", "a list that grows too long");
  }
  frame.push(Value::with(kind, std::move(all)));
  frame.charge(frame.top());
}

void merge(Frame& frame, int depth) {
  const Value more = frame.pop();
  const Value& dict = frame.top(depth);
  if (!more.is(Kind::kDict) || !dict.is(Kind::kDict))
    throw Error(ErrorCode::kUnsupported, "", "a ** of what is no dict");
  const std::vector<Value> items = *more.items;
  dict.items->insert(dict.items->end(), items.begin(), items.end());
  frame.charge(dict);
}

}  // namespace

bool follow_building(Frame& frame, const Instruction& instruction) {
  const int argument = instruction.argument;
  const auto build = [&](Kind kind, int n) {
    frame.push(Value::with(kind, frame.pop(n)));
    frame.charge(frame.top());
  };
  switch (instruction.opcode) {
    case Opcode::BUILD_TUPLE:
      build(Kind::kTuple, argument);
      return true;
    case Opcode::BUILD_LIST:
      build(Kind::kList, argument);
      return true;
    case Opcode::BUILD_SLICE: {
      if (argument != 2 && argument != 3) return false;
      std::vector<Value> parts = frame.pop(argument);
      parts.resize(3, Value::none());
      frame.push(Value::with(Kind::kSlice, std::move(parts)));
      return true;
    }
    case Opcode::BUILD_MAP:
      if (frame.version < 5 && argument != 0) return false;  // there the argument is a size alone
      build(Kind::kDict, 2 * argument);
      return true;
    case Opcode::BUILD_CONST_KEY_MAP: {
      const std::vector<Value> keys = elements(frame.pop());
      const std::vector<Value> values = frame.pop(argument);
      if (keys.size() != values.size()) throw Error(ErrorCode::kCorrupt, "", "a dict of other keys than values");
      std::vector<Value> items;
      for (size_t i = 0; i < keys.size(); ++i) {
        items.push_back(keys[i]);
        items.push_back(values[i]);
      }
      frame.push(Value::with(Kind::kDict, std::move(items)));
      return true;
    }
    case Opcode::LIST_APPEND: {
      const Value item = frame.pop();
      append(frame, frame.top(argument), {item});
      return true;
    }
    case Opcode::LIST_EXTEND: {
      const std::vector<Value> items = elements(frame.pop());
      append(frame, frame.top(argument), items);
      return true;
    }
    case Opcode::LIST_TO_TUPLE:
      frame.push(Value::tuple(elements(frame.pop())));
      return true;
    case Opcode::DICT_MERGE:
    case Opcode::DICT_UPDATE:
      merge(frame, argument);
      return true;
    case Opcode::BUILD_TUPLE_UNPACK:
    case Opcode::BUILD_TUPLE_UNPACK_WITH_CALL:
      build_joined(frame, argument & 0xff, Kind::kTuple);
      return true;
    case Opcode::BUILD_LIST_UNPACK:
      build_joined(frame, argument, Kind::kList);
      return true;
    case Opcode::UNPACK_SEQUENCE:
      unpack_sequence(frame, argument);
      return true;
    case Opcode::CALL_INTRINSIC_1:
      if (argument == 6) {  // INTRINSIC_LIST_TO_TUPLE
        frame.push(Value::tuple(elements(frame.pop())));
        return true;
      }
      if (argument == 5) {  // INTRINSIC_UNARY_POSITIVE
        const Value value = frame.pop();
        const auto constant = constant_unary("+", value);
        frame.push(constant ? *constant : frame.semantics.unary("+", value));
        return true;
      }
      return false;
    default:
      return false;
  }
}

}  // namespace hoarfrost::python
