#include "python/value.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

namespace hoarfrost::python {
namespace {

constexpr int kMostValues = 10000;
constexpr int kDeepest = 20;  // what a repr or a search goes into

Value converted(const Object& object, int& left) {
  if (--left < 0)
    throw Error(ErrorCode::kUnsupported, "", fmt::format("a constant of more than {} values", kMostValues));
  switch (object.kind) {
    case Object::Kind::kNone:
      return Value::none();
    case Object::Kind::kBool:
      return Value::boolean(object.integer != 0);
    case Object::Kind::kInt:
      return Value::whole(object.integer);
    case Object::Kind::kFloat:
      return Value::real(object.number);
    case Object::Kind::kText:
    case Object::Kind::kBytes:
      return Value::string(object.text);
    case Object::Kind::kEllipsis:
      return Value::of(Value::Kind::kEllipsis);
    case Object::Kind::kOther:
      return Value::name(fmt::format("({})", object.text));
    case Object::Kind::kCode: {
      Value result = Value::of(Value::Kind::kCode);
      result.code = object.code;
      return result;
    }
    case Object::Kind::kTuple:
    case Object::Kind::kList:
      break;
  }
  std::vector<Value> items;
  for (const ObjectPtr& item : object.items) items.push_back(converted(*item, left));
  return Value::with(object.kind == Object::Kind::kTuple ? Value::Kind::kTuple : Value::Kind::kList, std::move(items));
}

std::string repr_within(const Value& value, int depth, size_t most) {
  using Kind = Value::Kind;
  if (value.is(Kind::kNone)) return "None";
  if (value.is(Kind::kBool)) return value.integer != 0 ? "True" : "False";
  if (value.is(Kind::kInt)) return std::to_string(value.integer);
  if (value.is(Kind::kFloat)) return fmt::format("{}", value.number);
  if (value.is(Kind::kString)) return quoted(value.text);
  if (value.is(Kind::kName)) return value.text.substr(0, 80);
  if (value.is(Kind::kEllipsis)) return "...";
  if (value.is(Kind::kTensor)) return "a tensor";
  if (value.is(Kind::kComplex)) return "a tensor of complex numbers";
  if (value.is(Kind::kFunction)) return fmt::format("function {}", value.function->code->name.substr(0, 80));
  if (value.is(Kind::kMethod))
    return fmt::format("{}.{}", repr_within(value.items->front(), depth + 1, most), value.text.substr(0, 80));
  if (!value.is_sequence() && !value.is(Kind::kArray))
    return value.is(Kind::kSlice) ? "a slice" : value.is(Kind::kDict) ? "a dict" : "nothing";
  std::string result = value.is(Kind::kTuple) ? "(" : "[";
  for (size_t i = 0; i < value.items->size(); ++i) {
    if (result.size() > most || depth > kDeepest) {
      result += ", …";
      break;
    }
    result += (i > 0 ? ", " : "") + repr_within((*value.items)[i], depth + 1, most - std::min(most, result.size()));
  }
  return result + (value.is(Kind::kTuple) ? ")" : "]");
}

}  // namespace

Value Value::real(double value) {
  Value result = of(Kind::kFloat);
  result.number = value;
  return result;
}

Value Value::with(Kind kind, std::vector<Value> items) {
  Value result = of(kind);
  result.items = std::make_shared<std::vector<Value>>(std::move(items));
  return result;
}

Value Value::of(Kind kind, int64_t integer) {
  Value result;
  result.kind = kind;
  result.integer = integer;
  return result;
}

Value Value::named(Kind kind, std::string text) {
  Value result = of(kind);
  result.text = std::move(text);
  return result;
}

std::string Value::repr() const { return repr_within(*this, 0, 80); }

bool Value::has_tensor(int depth) const {
  if (is(Kind::kTensor)) return true;
  if (items == nullptr || depth > kDeepest) return false;
  return std::ranges::any_of(*items, [&](const Value& item) { return item.has_tensor(depth + 1); });
}

Value value_of(const Object& object) {
  int n_values = 0;
  return value_of(object, n_values);
}

Value value_of(const Object& object, int& n_values) {
  int left = kMostValues;
  Value result = converted(object, left);
  n_values = kMostValues - left;
  return result;
}

}  // namespace hoarfrost::python
