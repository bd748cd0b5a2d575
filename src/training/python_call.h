// A call as people write it in Python: Name(1e-3, 'text', key=True).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::training {

struct PythonValue {
  enum class Kind { kNone, kBool, kInt, kFloat, kText, kLambda };
  Kind kind = Kind::kNone;
  double number = 0;  // of kBool, kInt, kFloat
  std::string text;   // of kText, without its quotes; of the others, as it was written
};

struct PythonArgument {
  std::string name;  // "" for a positional one
  PythonValue value;
};

struct PythonCall {
  std::string name;  // after the last point: keras.callbacks.EarlyStopping is EarlyStopping
  std::vector<PythonArgument> arguments;
};

// Quotes may be left out: what is no number, True, False (or true, false) or None is text up to the next comma, and
// `lambda a, b: …` stays what it is. No brackets at all are a call without arguments. Throws Error{kInvalidArgument}
// that names the character at which it is no call.
PythonCall parse_python_call(std::string_view text);

}  // namespace hoarfrost::training
