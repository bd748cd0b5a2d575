// What Python's variables hold while a function is followed: constants as they are, tensors and names of functions as
// tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "python/object.h"

namespace hoarfrost::python {

struct Function;

struct Value {
  enum class Kind {
    kNull,  // an empty place on the stack, a variable without a value
    kNone,
    kBool,
    kInt,
    kFloat,
    kString,
    kTuple,
    kList,
    kDict,
    kSlice,
    kEllipsis,
    kTensor,    // `integer` is whoever follows the function's number for it
    kName,      // a module, function or constant outside: "tf.nn.relu"
    kMethod,    // `items` holds the object, `text` the method's name
    kFunction,  // defined within the code
    kIterator,  // over `items`, at position `integer`
    kCode,
    kCell,
    kComplex,  // a tensor of complex numbers: `items` holds its real and its imaginary part
    kArray,    // numbers of numpy or tf.constant: a list that computes by elements
  };
  Kind kind = Kind::kNull;
  int64_t integer = 0;  // of kBool too
  double number = 0;
  std::string text;
  std::shared_ptr<std::vector<Value>>
      items;  // of kDict: keys and values by turns; of kSlice: start, stop, step; of kCell: one
  std::shared_ptr<const Function> function;
  std::shared_ptr<const Code> code;

  static Value none() { return of(Kind::kNone); }
  static Value boolean(bool value) { return of(Kind::kBool, value ? 1 : 0); }
  static Value whole(int64_t value) { return of(Kind::kInt, value); }
  static Value real(double value);
  static Value string(std::string text) { return named(Kind::kString, std::move(text)); }
  static Value name(std::string text) { return named(Kind::kName, std::move(text)); }
  static Value tensor(size_t number) { return of(Kind::kTensor, static_cast<int64_t>(number)); }
  static Value list(std::vector<Value> items) { return with(Kind::kList, std::move(items)); }
  static Value tuple(std::vector<Value> items) { return with(Kind::kTuple, std::move(items)); }
  static Value with(Kind kind, std::vector<Value> items);
  static Value of(Kind kind, int64_t integer = 0);
  static Value named(Kind kind, std::string text);

  [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
  [[nodiscard]] bool is_number() const { return kind == Kind::kInt || kind == Kind::kFloat || kind == Kind::kBool; }
  [[nodiscard]] bool is_sequence() const { return kind == Kind::kTuple || kind == Kind::kList; }
  [[nodiscard]] double as_double() const { return kind == Kind::kFloat ? number : static_cast<double>(integer); }
  // As a person would write it, cut.
  [[nodiscard]] std::string repr() const;
  // Whether the value is, or holds, a tensor.
  [[nodiscard]] bool has_tensor(int depth = 0) const;
};

// A function that the code defines, with what it closes over.
struct Function {
  std::shared_ptr<const Code> code;
  std::vector<Value> defaults;          // of the last positional arguments
  std::vector<Value> keyword_defaults;  // keys and values by turns
  std::vector<Value> closure;           // cells
};

// The constant as a value. Throws Error{kUnsupported} for more than 10,000 of them within one another.
Value value_of(const Object& object);
// The same, which also counts them.
Value value_of(const Object& object, int& n_values);

}  // namespace hoarfrost::python
