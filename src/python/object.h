// What CPython's marshal format holds, and the code objects in it. Objects are shared, never changed once they are
// read, and hold no cycles.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::python {

struct Code;

struct Object {
  enum class Kind { kNone, kBool, kInt, kFloat, kText, kBytes, kTuple, kList, kEllipsis, kCode, kOther };
  Kind kind = Kind::kNone;
  int64_t integer = 0;  // of kBool too
  double number = 0;
  std::string
      text;  // UTF-8 of kText, the bytes of kBytes, and what a kOther is: "complex", "set", "int of more than 63 bits"
  std::vector<std::shared_ptr<const Object>> items;
  std::shared_ptr<const Code> code;
};
using ObjectPtr = std::shared_ptr<const Object>;

// The fields that code objects have in one family of versions.
enum class Layout {
  k27,   // 2.7
  k34,   // 3.4 to 3.7: co_kwonlyargcount
  k38,   // 3.8 to 3.10: co_posonlyargcount
  k311,  // 3.11 to 3.13: co_localsplusnames
};

struct Code {
  Layout layout = Layout::k38;
  int n_arguments = 0;          // with the positional-only ones
  int n_keyword_arguments = 0;  // keyword-only ones
  int stack_size = 0;
  int flags = 0;
  std::string instructions;
  std::vector<ObjectPtr> constants;
  std::vector<std::string> names;   // of globals and attributes
  std::vector<std::string> locals;  // the arguments first; then, in the order of the layout, cells and free variables
  int n_plain_locals = 0;  // before 3.11: how many of them are no cells; the argument of LOAD_DEREF counts from there
  int n_cells = 0;         // before 3.11
  int n_free = 0;          // the last of them
  std::string name;
  std::string line_table;

  static constexpr int kVarArguments = 0x04;  // *args
  static constexpr int kVarKeywords = 0x08;   // **kwargs
};

// As Python's repr, cut to about `most` characters.
std::string repr(const Object& object, size_t most = 80);
// A string in Python's quotes.
std::string quoted(std::string_view text, size_t most = 80);

}  // namespace hoarfrost::python
