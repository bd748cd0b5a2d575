// Follows a function's instructions symbolically: constants are computed, whatever touches a tensor or a name from
// outside is asked of Semantics. Nothing of Python is there, and nothing can be reached that Semantics does not offer.
#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "python/disassemble.h"
#include "python/value.h"

namespace hoarfrost::python {

using Keywords = std::vector<std::pair<std::string, Value>>;

// What operations mean. All throw Error{kUnsupported} for what they do not know.
class Semantics {
 public:
  virtual ~Semantics() = default;
  virtual Value global(const std::string& name) = 0;
  virtual Value attribute(const Value& object, const std::string& name) = 0;
  // "+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>"; "classic/" is Python 2's division.
  virtual Value binary(std::string_view op, const Value& a, const Value& b) = 0;
  // "-", "+", "~", "not"
  virtual Value unary(std::string_view op, const Value& a) = 0;
  // "<", "<=", "==", "!=", ">", ">=", "in", "is"
  virtual Value compare(std::string_view op, const Value& a, const Value& b) = 0;
  virtual Value subscript(const Value& object, const Value& key) = 0;
  virtual Value call(const Value& function, const std::vector<Value>& arguments, const Keywords& keywords) = 0;
};

// Within all of one evaluation: instructions that are followed, and how deep functions call one another.
struct Limits {
  int n_steps = 10000;
  int depth = 0;
};

// The function's result. version: of all its code. Throws Error: kCorrupt where the code is none that CPython of that
// version makes (the stack runs empty, or beyond co_stacksize); kUnsupported for an instruction or operation that is
// not known, naming it, and beyond the limits; what semantics throws.
Value call_function(const Function& function, int version, std::vector<Value> arguments, const Keywords& keywords,
                    Semantics& semantics, Limits& limits);

// Constants alone, as Python computes them: numbers, strings and sequences; nullopt where a value is of another kind.
// Throws Error{kUnsupported} where Python would raise, or the result is too large.
std::optional<Value> constant_binary(std::string_view op, const Value& a, const Value& b);
std::optional<Value> constant_unary(std::string_view op, const Value& a);
std::optional<Value> constant_compare(std::string_view op, const Value& a, const Value& b);
std::optional<Value> constant_subscript(const Value& object, const Value& key);
// Python's bool(); nullopt for what is no constant.
std::optional<bool> truth(const Value& value);
// The elements of a sequence, an iterator, or the keys of a dict. Throws Error{kUnsupported} for anything else.
std::vector<Value> elements(const Value& value);

}  // namespace hoarfrost::python
