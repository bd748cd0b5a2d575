// Expressions as Python writes them, evaluated by the same Semantics as bytecode: what a person gives with --lambda.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "python/interpret.h"

namespace hoarfrost::python {

// Numbers, strings, names, lists and tuples, [f(i) for i in items], x[…] with slices, attributes, calls with keyword
// arguments, ** * / // % @
// + - & | < <= == != > >=, not, and, or, `a if b else c` on constants, parentheses; "lambda x:" before it names the
// first variable otherwise. Throws Error{kInvalidArgument} naming the place where it is no expression, and what
// semantics throws.
Value evaluate(std::string_view text, const std::map<std::string, Value>& variables, Semantics& semantics);

}  // namespace hoarfrost::python
