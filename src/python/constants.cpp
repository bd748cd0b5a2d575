// Python's arithmetic on constants.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "python/interpret.h"

namespace hoarfrost::python {
namespace {

using Kind = Value::Kind;
constexpr size_t kMostItems = 10000;

[[noreturn]] void refuse(std::string_view what) { throw Error(ErrorCode::kUnsupported, "", what); }

bool is_constant_sequence(const Value& value) { return value.is_sequence() || value.is(Kind::kString); }

int64_t whole_power(int64_t base, int64_t exponent) {
  int64_t result = 1;
  for (int64_t i = 0; i < exponent; ++i) {
    if (__builtin_mul_overflow(result, base, &result)) refuse("an integer of more than 63 bits");
    if (result == 0 || (result == 1 && base == 1)) return result;
    if (base == -1) return exponent % 2 == 0 ? 1 : -1;
  }
  return result;
}

std::optional<Value> whole_binary(std::string_view op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflows = false;
  if (op == "+")
    overflows = __builtin_add_overflow(a, b, &result);
  else if (op == "-")
    overflows = __builtin_sub_overflow(a, b, &result);
  else if (op == "*")
    overflows = __builtin_mul_overflow(a, b, &result);
  else if (op == "&")
    result = a & b;
  else if (op == "|")
    result = a | b;
  else if (op == "^")
    result = a ^ b;
  else if (op == "/" || op == "//" || op == "%" || op == "classic/") {
    if (b == 0) refuse("a division by zero");
    if (op == "/") return Value::real(static_cast<double>(a) / static_cast<double>(b));
    if (b == -1) return op == "%" ? Value::whole(0) : whole_binary("-", 0, a);
    const int64_t rest = a % b;
    const bool goes_down = rest != 0 && (rest < 0) != (b < 0);
    result = op == "%" ? rest + (goes_down ? b : 0) : a / b - (goes_down ? 1 : 0);
  } else if (op == "**") {
    if (b < 0) return Value::real(std::pow(static_cast<double>(a), static_cast<double>(b)));
    result = whole_power(a, b);
  } else if (op == "<<" || op == ">>") {
    if (b < 0 || b > 62) refuse("a shift by more than 62 bits");
    if (op == ">>")
      result = a >> b;
    else
      overflows = __builtin_mul_overflow(a, int64_t{1} << b, &result);
  } else {
    return {};
  }
  if (overflows) refuse("an integer of more than 63 bits");
  return Value::whole(result);
}

std::optional<Value> real_binary(std::string_view op, double a, double b) {
  if (op == "+") return Value::real(a + b);
  if (op == "-") return Value::real(a - b);
  if (op == "*") return Value::real(a * b);
  if (op == "**") return Value::real(std::pow(a, b));
  if (op != "/" && op != "classic/" && op != "//" && op != "%") return {};
  if (b == 0) refuse("a division by zero");
  if (op == "/" || op == "classic/") return Value::real(a / b);
  if (op == "//") return Value::real(std::floor(a / b));
  return Value::real(a - std::floor(a / b) * b);
}

Value joined(const Value& a, const Value& b) {
  if (a.is(Kind::kString)) {
    if (a.text.size() + b.text.size() > kMostItems) refuse("a string that grows too long");
    return Value::string(a.text + b.text);
  }
  std::vector<Value> items = *a.items;
  if (items.size() + b.items->size() > kMostItems) refuse("a list that grows too long");
  items.insert(items.end(), b.items->begin(), b.items->end());
  return Value::with(a.kind, std::move(items));
}

Value repeated(const Value& a, int64_t n) {
  const size_t size = a.is(Kind::kString) ? a.text.size() : a.items->size();
  if (n > 0 && size > kMostItems / static_cast<size_t>(std::min<int64_t>(n, kMostItems + 1)))
    refuse("a list that grows too long");
  Value result = a.is(Kind::kString) ? Value::string("") : Value::with(a.kind, {});
  for (int64_t i = 0; i < n && size > 0; ++i) {
    if (a.is(Kind::kString))
      result.text += a.text;
    else
      result.items->insert(result.items->end(), a.items->begin(), a.items->end());
  }
  return result;
}

std::optional<bool> equal(const Value& a, const Value& b, int& left) {
  if (--left < 0) refuse("a comparison of too many values");
  if (a.is_number() && b.is_number()) return a.as_double() == b.as_double();
  for (const Value* value : {&a, &b}) {
    if (!value->is_number() && !is_constant_sequence(*value) && !value->is(Kind::kNone) && !value->is(Kind::kEllipsis))
      return {};
  }
  if (a.kind != b.kind) return false;
  if (a.is(Kind::kString)) return a.text == b.text;
  if (!a.is_sequence()) return true;
  if (a.items->size() != b.items->size()) return false;
  for (size_t i = 0; i < a.items->size(); ++i) {
    const auto same = equal((*a.items)[i], (*b.items)[i], left);
    if (!same || !*same) return same;
  }
  return true;
}

Value taken(const Value& object, const std::vector<int64_t>& positions) {
  Value result = object.is(Kind::kString) ? Value::string("") : Value::with(object.kind, {});
  for (const int64_t position : positions) {
    if (object.is(Kind::kString))
      result.text += object.text[static_cast<size_t>(position)];
    else
      result.items->push_back((*object.items)[static_cast<size_t>(position)]);
  }
  return result;
}

// Python's slice.indices.
std::optional<std::vector<int64_t>> positions_of(const Value& slice, int64_t size) {
  int64_t parts[3] = {0, 0, 1};
  bool given[3] = {};
  for (size_t i = 0; i < 3; ++i) {
    const Value& part = (*slice.items)[i];
    if (part.is(Kind::kNone)) continue;
    if (!part.is(Kind::kInt)) return {};
    parts[i] = std::clamp<int64_t>(part.integer, -(int64_t{1} << 40), int64_t{1} << 40);
    given[i] = true;
  }
  const int64_t step = parts[2];
  if (step == 0) refuse("a slice with step 0");
  const auto clipped = [&](int64_t position, int64_t low, int64_t high) {
    return std::clamp(position < 0 ? position + size : position, low, high);
  };
  const int64_t begin =
      step > 0 ? (given[0] ? clipped(parts[0], 0, size) : 0) : (given[0] ? clipped(parts[0], -1, size - 1) : size - 1);
  const int64_t end =
      step > 0 ? (given[1] ? clipped(parts[1], 0, size) : size) : (given[1] ? clipped(parts[1], -1, size - 1) : -1);
  std::vector<int64_t> result;
  for (int64_t i = begin; step > 0 ? i < end : i > end; i += step) result.push_back(i);
  return result;
}

}  // namespace

std::optional<Value> constant_binary(std::string_view op, const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is(Kind::kFloat) || b.is(Kind::kFloat)) return real_binary(op, a.as_double(), b.as_double());
    return whole_binary(op, a.integer, b.integer);
  }
  if (op == "+" && is_constant_sequence(a) && a.kind == b.kind) return joined(a, b);
  if (op == "*" && is_constant_sequence(a) && b.is(Kind::kInt)) return repeated(a, b.integer);
  if (op == "*" && is_constant_sequence(b) && a.is(Kind::kInt)) return repeated(b, a.integer);
  return {};
}

std::optional<Value> constant_unary(std::string_view op, const Value& a) {
  if (op == "not") {
    const auto value = truth(a);
    return value ? std::optional(Value::boolean(!*value)) : std::nullopt;
  }
  if (!a.is_number()) return {};
  if (a.is(Kind::kFloat))
    return op == "~" ? std::nullopt : std::optional(Value::real(op == "-" ? -a.number : a.number));
  if (op == "~") return Value::whole(~a.integer);
  return op == "-" ? whole_binary("-", 0, a.integer) : Value::whole(a.integer);
}

std::optional<Value> constant_compare(std::string_view op, const Value& a, const Value& b) {
  int left = static_cast<int>(kMostItems);
  if (op == "is") {
    const bool is_single = b.is(Kind::kNone) || b.is(Kind::kBool) || b.is(Kind::kEllipsis);
    return is_single ? std::optional(Value::boolean(a.kind == b.kind && a.integer == b.integer)) : std::nullopt;
  }
  if (op == "in") {
    if (b.is(Kind::kString) && a.is(Kind::kString)) return Value::boolean(b.text.find(a.text) != std::string::npos);
    if (!b.is_sequence()) return {};
    for (const Value& item : *b.items) {
      const auto same = equal(a, item, left);
      if (!same) return {};
      if (*same) return Value::boolean(true);
    }
    return Value::boolean(false);
  }
  if (op == "==" || op == "!=") {
    const auto same = equal(a, b, left);
    return same ? std::optional(Value::boolean(*same == (op == "=="))) : std::nullopt;
  }
  if (!a.is_number() || !b.is_number()) return {};
  const double x = a.as_double();
  const double y = b.as_double();
  return Value::boolean(op == "<" ? x < y : op == "<=" ? x <= y : op == ">" ? x > y : x >= y);
}

std::optional<Value> constant_subscript(const Value& object, const Value& key) {
  if (object.is(Kind::kDict)) {
    for (size_t i = 0; i + 1 < object.items->size(); i += 2) {
      int left = static_cast<int>(kMostItems);
      if (equal((*object.items)[i], key, left).value_or(false)) return (*object.items)[i + 1];
    }
    refuse(fmt::format("no key {} in a dict", key.repr()));
  }
  if (!is_constant_sequence(object)) return {};
  const auto size = static_cast<int64_t>(object.is(Kind::kString) ? object.text.size() : object.items->size());
  if (key.is(Kind::kSlice)) {
    const auto positions = positions_of(key, size);
    return positions ? std::optional(taken(object, *positions)) : std::nullopt;
  }
  if (!key.is(Kind::kInt) && !key.is(Kind::kBool)) return {};
  const int64_t position = key.integer < 0 ? key.integer + size : key.integer;
  if (position < 0 || position >= size) refuse(fmt::format("position {} of a list of {}", key.integer, size));
  return object.is(Kind::kString) ? Value::string(object.text.substr(static_cast<size_t>(position), 1))
                                  : (*object.items)[static_cast<size_t>(position)];
}

std::optional<bool> truth(const Value& value) {
  switch (value.kind) {
    case Kind::kNone:
      return false;
    case Kind::kBool:
    case Kind::kInt:
      return value.integer != 0;
    case Kind::kFloat:
      return value.number != 0;
    case Kind::kString:
      return !value.text.empty();
    case Kind::kTuple:
    case Kind::kList:
    case Kind::kDict:
      return !value.items->empty();
    case Kind::kFunction:
    case Kind::kEllipsis:
      return true;
    default:
      return {};
  }
}

std::vector<Value> elements(const Value& value) {
  if (value.is_sequence() || value.is(Kind::kArray)) return *value.items;
  if (value.is(Kind::kIterator)) return {value.items->begin() + value.integer, value.items->end()};
  std::vector<Value> result;
  if (value.is(Kind::kDict)) {
    for (size_t i = 0; i < value.items->size(); i += 2) result.push_back((*value.items)[i]);
    return result;
  }
  if (value.is(Kind::kString)) {
    for (const char c : value.text) result.push_back(Value::string(std::string(1, c)));
    return result;
  }
  refuse(fmt::format("{} is iterated over", value.repr()));
}

}  // namespace hoarfrost::python
