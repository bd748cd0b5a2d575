// The format: CPython's Python/marshal.c of 2.7 (version 2) and 3.4 to 3.13 (versions 3 and 4).
#include "python/marshal.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <optional>

namespace hoarfrost::python {
namespace {

constexpr int kDeepest = 100;
constexpr int kDigitBits = 15;  // of a long integer

// Thrown and caught in this file: the bytes do not fit the layout.
struct Misfit {
  std::string what;
  size_t at;
};

class Reader {
 public:
  Reader(std::string_view bytes, Layout layout) : bytes_(bytes), layout_(layout) {}

  std::shared_ptr<const Code> whole() {
    const ObjectPtr object = read();
    if (object->kind != Object::Kind::kCode) fail("expected a code object");
    if (at_ != bytes_.size()) fail(fmt::format("{} bytes follow the code object", bytes_.size() - at_));
    return object->code;
  }

 private:
  [[noreturn]] void fail(std::string what) const { throw Misfit{std::move(what), at_}; }

  std::string_view take(size_t n) {
    if (n > bytes_.size() - at_) fail(fmt::format("{} bytes are wanted, {} are left", n, bytes_.size() - at_));
    const std::string_view result = bytes_.substr(at_, n);
    at_ += n;
    return result;
  }
  uint8_t byte() { return static_cast<uint8_t>(take(1)[0]); }
  uint64_t little(size_t n) {
    uint64_t result = 0;
    const std::string_view raw = take(n);
    for (size_t i = 0; i < n; ++i) result |= static_cast<uint64_t>(static_cast<uint8_t>(raw[i])) << (8 * i);
    return result;
  }
  int32_t int32() { return static_cast<int32_t>(little(4)); }
  // The length of something whose every element takes a byte at least.
  size_t length() {
    const int32_t n = int32();
    if (n < 0 || static_cast<size_t>(n) > bytes_.size() - at_) fail(fmt::format("a length of {}", n));
    return static_cast<size_t>(n);
  }

  static ObjectPtr make(Object object) { return std::make_shared<const Object>(std::move(object)); }
  static ObjectPtr of_kind(Object::Kind kind, int64_t integer = 0) {
    Object result;
    result.kind = kind;
    result.integer = integer;
    return make(std::move(result));
  }
  static ObjectPtr of_text(Object::Kind kind, std::string_view text) {
    Object result;
    result.kind = kind;
    result.text = text;
    return make(std::move(result));
  }
  static ObjectPtr of_number(double number) {
    Object result;
    result.kind = Object::Kind::kFloat;
    result.number = number;
    return make(std::move(result));
  }

  // An object that must be there: marshal's NULL ends dictionaries alone.
  ObjectPtr read() {
    ObjectPtr result = read_any();
    if (result == nullptr) fail("an object is missing");
    return result;
  }

  ObjectPtr read_any() {
    if (++depth_ > kDeepest) fail(fmt::format("objects are nested more than {} deep", kDeepest));
    const uint8_t first = byte();
    const bool is_shared = (first & 0x80) != 0;  // may be referred to later
    if (is_shared && layout_ == Layout::k27) fail("a reference flag");
    const size_t number = shared_.size();
    if (is_shared) shared_.emplace_back();
    ObjectPtr result = read_type(static_cast<char>(first & 0x7f));
    if (is_shared) shared_[number] = result;
    --depth_;
    return result;
  }

  ObjectPtr read_type(char type) {
    switch (type) {
      case '0':
        return nullptr;
      case 'N':
        return of_kind(Object::Kind::kNone);
      case 'F':
        return of_kind(Object::Kind::kBool, 0);
      case 'T':
        return of_kind(Object::Kind::kBool, 1);
      case '.':
        return of_kind(Object::Kind::kEllipsis);
      case 'S':
        return of_text(Object::Kind::kOther, "StopIteration");
      case 'i':
        return of_kind(Object::Kind::kInt, int32());
      case 'I':
        return of_kind(Object::Kind::kInt, static_cast<int64_t>(little(8)));
      case 'l':
        return long_integer();
      case 'f':
        return of_number(float_text());
      case 'g':
        return of_number(std::bit_cast<double>(little(8)));
      case 'x':
        float_text(), float_text();
        return of_text(Object::Kind::kOther, "complex");
      case 'y':
        take(16);
        return of_text(Object::Kind::kOther, "complex");
      case 's':
        return of_text(Object::Kind::kBytes, take(length()));
      case 't':
        return interned(take(length()));
      case 'u':
        return of_text(Object::Kind::kText, take(length()));
      case 'a':
      case 'A':
        return ascii(of_text(Object::Kind::kText, take(length())));
      case 'z':
      case 'Z':
        return ascii(of_text(Object::Kind::kText, take(byte())));
      case ')':
        return sequence(Object::Kind::kTuple, byte());
      case '(':
        return sequence(Object::Kind::kTuple, length());
      case '[':
        return sequence(Object::Kind::kList, length());
      case '<':
      case '>':
        return set(length());
      case '{':
        return dictionary();
      case 'r':
        return shared();
      case 'R':
        return interned_before();
      case 'c':
        return code();
      default:
        fail(fmt::format("no type of object has the code {}", static_cast<int>(type)));
    }
  }

  ObjectPtr ascii(ObjectPtr object) const {
    for (const char c : object->text) {
      if (static_cast<uint8_t>(c) > 127) fail("a letter beyond ASCII");
    }
    return object;
  }
  double float_text() {
    const std::string_view text = take(byte());
    double result = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (error != std::errc{} || end != text.data() + text.size()) fail("a number that is none");
    return result;
  }
  ObjectPtr long_integer() {
    const int32_t n = int32();
    const int64_t n_digits = std::abs(static_cast<int64_t>(n));
    if (n_digits > static_cast<int64_t>(bytes_.size() - at_) / 2) fail(fmt::format("an integer of {} digits", n));
    uint64_t magnitude = 0;
    bool fits = n_digits <= 5;
    for (int64_t i = 0; i < n_digits; ++i) {
      const uint64_t digit = little(2);
      if (digit >> kDigitBits != 0) fail("a digit out of range");
      if (i < 4)
        magnitude |= digit << (kDigitBits * i);
      else if (i == 4 && digit >> 3 == 0)
        magnitude |= digit << (kDigitBits * i);
      else
        fits = false;
    }
    if (!fits) return of_text(Object::Kind::kOther, "an integer of more than 63 bits");
    return of_kind(Object::Kind::kInt, n < 0 ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude));
  }
  // 2.7 has names as byte strings.
  ObjectPtr interned(std::string_view text) {
    ObjectPtr result = of_text(layout_ == Layout::k27 ? Object::Kind::kBytes : Object::Kind::kText, text);
    if (layout_ == Layout::k27) interned_.push_back(result);
    return result;
  }
  ObjectPtr interned_before() {
    const int32_t n = int32();
    if (layout_ != Layout::k27 || n < 0 || static_cast<size_t>(n) >= interned_.size())
      fail(fmt::format("refers to string {} of {}", n, interned_.size()));
    return interned_[static_cast<size_t>(n)];
  }
  ObjectPtr shared() {
    const int32_t n = int32();
    if (layout_ == Layout::k27 || n < 0 || static_cast<size_t>(n) >= shared_.size() ||
        shared_[static_cast<size_t>(n)] == nullptr) {
      fail(fmt::format("refers to object {}, which is not there yet", n));
    }
    return shared_[static_cast<size_t>(n)];
  }
  ObjectPtr sequence(Object::Kind kind, size_t n) {
    Object result;
    result.kind = kind;
    for (size_t i = 0; i < n; ++i) result.items.push_back(read());
    return make(std::move(result));
  }
  ObjectPtr set(size_t n) {
    for (size_t i = 0; i < n; ++i) (void)read();
    return of_text(Object::Kind::kOther, "a set");
  }
  ObjectPtr dictionary() {
    while (read_any() != nullptr) (void)read();
    return of_text(Object::Kind::kOther, "a dict");
  }

  int count(std::string_view what) {
    const int32_t n = int32();
    if (n < 0 || n > 0xffff) fail(fmt::format("{} is {}", what, n));
    return n;
  }
  std::string text(std::string_view what) {
    const ObjectPtr object = read();
    if (object->kind != Object::Kind::kText && !(layout_ == Layout::k27 && object->kind == Object::Kind::kBytes))
      fail(fmt::format("{} is no string", what));
    return object->text;
  }
  std::string raw(std::string_view what) {
    const ObjectPtr object = read();
    if (object->kind != Object::Kind::kBytes) fail(fmt::format("{} is no byte string", what));
    return object->text;
  }
  std::vector<std::string> texts(std::string_view what) {
    const ObjectPtr object = read();
    if (object->kind != Object::Kind::kTuple) fail(fmt::format("{} is no tuple", what));
    std::vector<std::string> result;
    for (const ObjectPtr& item : object->items) {
      if (item->kind != Object::Kind::kText && !(layout_ == Layout::k27 && item->kind == Object::Kind::kBytes))
        fail(fmt::format("{} holds what is no string", what));
      result.push_back(item->text);
    }
    return result;
  }

  ObjectPtr code() {
    auto result = std::make_shared<Code>();
    result->layout = layout_;
    result->n_arguments = count("co_argcount");
    if (layout_ == Layout::k38 || layout_ == Layout::k311) {
      if (count("co_posonlyargcount") > result->n_arguments) fail("co_posonlyargcount is more than co_argcount");
    }
    if (layout_ != Layout::k27) result->n_keyword_arguments = count("co_kwonlyargcount");
    const int n_locals = layout_ == Layout::k311 ? 0 : count("co_nlocals");
    result->stack_size = count("co_stacksize");
    result->flags = int32();
    result->instructions = raw("co_code");
    const ObjectPtr constants = read();
    if (constants->kind != Object::Kind::kTuple) fail("co_consts is no tuple");
    result->constants = constants->items;
    result->names = texts("co_names");
    if (layout_ == Layout::k311)
      read_locals_plus(*result);
    else
      read_locals(*result, n_locals);
    (void)text("co_filename");
    result->name = text("co_name");
    if (layout_ == Layout::k311) (void)text("co_qualname");
    (void)int32();  // co_firstlineno
    result->line_table = raw("co_lnotab");
    if (layout_ == Layout::k311) (void)raw("co_exceptiontable");
    const size_t n_given = static_cast<size_t>(result->n_arguments) + static_cast<size_t>(result->n_keyword_arguments) +
                           ((result->flags & Code::kVarArguments) != 0 ? 1 : 0) +
                           ((result->flags & Code::kVarKeywords) != 0 ? 1 : 0);
    if (n_given > result->locals.size())
      fail(fmt::format("{} arguments among {} local variables", n_given, result->locals.size()));
    Object object;
    object.kind = Object::Kind::kCode;
    object.code = std::move(result);
    return make(std::move(object));
  }

  void read_locals(Code& code, int n_locals) {
    code.locals = texts("co_varnames");
    if (static_cast<size_t>(n_locals) != code.locals.size())
      fail(fmt::format("co_nlocals is {}, co_varnames has {}", n_locals, code.locals.size()));
    const std::vector<std::string> free = texts("co_freevars");
    const std::vector<std::string> cells = texts("co_cellvars");
    code.n_plain_locals = n_locals;
    code.n_cells = static_cast<int>(cells.size());
    code.n_free = static_cast<int>(free.size());
    code.locals.insert(code.locals.end(), cells.begin(), cells.end());
    code.locals.insert(code.locals.end(), free.begin(), free.end());
  }

  // co_localspluskinds: 0x20 a local variable, 0x40 a cell, 0x80 a free variable (3.11:
  // Include/internal/pycore_code.h).
  void read_locals_plus(Code& code) {
    code.locals = texts("co_localsplusnames");
    const std::string kinds = raw("co_localspluskinds");
    if (kinds.size() != code.locals.size())
      fail(fmt::format("{} kinds of {} local variables", kinds.size(), code.locals.size()));
    for (const char kind : kinds) {
      const bool is_free = (kind & 0x80) != 0;
      if (!is_free && code.n_free > 0) fail("a local variable behind the free ones");
      if (is_free) ++code.n_free;
    }
  }

  std::string_view bytes_;
  Layout layout_;
  size_t at_ = 0;
  int depth_ = 0;
  std::vector<ObjectPtr> shared_;
  std::vector<ObjectPtr> interned_;
};

}  // namespace

std::vector<std::shared_ptr<const Code>> read_code(std::string_view bytes) {
  std::vector<std::shared_ptr<const Code>> result;
  std::optional<Misfit> furthest;
  for (const Layout layout : {Layout::k27, Layout::k34, Layout::k38, Layout::k311}) {
    try {
      result.push_back(Reader(bytes, layout).whole());
    } catch (const Misfit& misfit) {
      if (!furthest || misfit.at > furthest->at) furthest = misfit;
    }
  }
  if (result.empty()) {
    throw Error(
        ErrorCode::kCorrupt, "",
        fmt::format(
            "expected marshalled Python code of CPython 2.7 or 3.4 to 3.13, found other bytes (at byte {} of {}: {})",
            furthest->at, bytes.size(), furthest->what));
  }
  return result;
}

}  // namespace hoarfrost::python
