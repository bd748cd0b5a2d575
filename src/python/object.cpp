#include "python/object.h"

#include <fmt/format.h>

namespace hoarfrost::python {

std::string quoted(std::string_view text, size_t most) {
  std::string result = "'";
  for (const char c : text) {
    if (result.size() > most) return result + "…'";
    if (c == '\'' || c == '\\') result += '\\';
    if (static_cast<unsigned char>(c) < 32 || c == 127)
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      result += c;
  }
  return result + "'";
}

std::string repr(const Object& object, size_t most) {
  switch (object.kind) {
    case Object::Kind::kNone:
      return "None";
    case Object::Kind::kBool:
      return object.integer != 0 ? "True" : "False";
    case Object::Kind::kInt:
      return std::to_string(object.integer);
    case Object::Kind::kFloat:
      return fmt::format("{}", object.number);
    case Object::Kind::kText:
      return quoted(object.text, most);
    case Object::Kind::kBytes:
      return "b" + quoted(object.text, most);
    case Object::Kind::kEllipsis:
      return "...";
    case Object::Kind::kCode:
      return fmt::format("code {}", object.code->name.substr(0, most));
    case Object::Kind::kOther:
      return object.text;
    case Object::Kind::kTuple:
    case Object::Kind::kList:
      break;
  }
  std::string result = object.kind == Object::Kind::kTuple ? "(" : "[";
  for (size_t i = 0; i < object.items.size(); ++i) {
    if (result.size() > most) {
      result += ", …";
      break;
    }
    result += (i > 0 ? ", " : "") + repr(*object.items[i], most - std::min(most, result.size()));
  }
  return result + (object.kind == Object::Kind::kTuple ? ")" : "]");
}

}  // namespace hoarfrost::python
