#include "data/pickle.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "data/python_text.h"

namespace hoarfrost::data {
namespace {

using Value = Pickle::Value;
using Kind = Pickle::Kind;

constexpr size_t kMostValues = 4 << 20;  // CIFAR's batches have 20,000
constexpr size_t kMostAxes = 32;

DType dtype_of_code(std::string_view code) {
  if (!code.empty() && (code[0] == '<' || code[0] == '|' || code[0] == '=')) code.remove_prefix(1);
  constexpr std::pair<std::string_view, DType> kTypes[] = {
      {"u1", DType::kUInt8},   {"i1", DType::kInt8},   {"u2", DType::kUInt16}, {"i2", DType::kInt16},
      {"u4", DType::kUInt32},  {"i4", DType::kInt32},  {"i8", DType::kInt64},  {"u8", DType::kUInt64},
      {"f4", DType::kFloat32}, {"f8", DType::kFloat64}};
  for (const auto& [name, dtype] : kTypes) {
    if (code == name) return dtype;
  }
  return DType::kInvalid;
}

}  // namespace

class Unpickler {
 public:
  explicit Unpickler(Pickle& target) : target_(target), bytes_(target.file_->text()) {}

  void run() {
    for (;;) {
      const char opcode = take(1)[0];
      if (opcode == '.') break;
      step(opcode);
    }
    target_.root_ = pop();
  }

 private:
  [[noreturn]] void fail(std::string_view message) const {
    throw Error(ErrorCode::kCorrupt, target_.file_->path().string(),
                fmt::format("is no pickle that can be read: byte {}: {}", at_, message));
  }
  [[noreturn]] void refuse(std::string_view what) const {
    throw Error(
        ErrorCode::kUnsupported, target_.file_->path().string(),
        fmt::format("expected a pickle of numbers, text, lists, dictionaries and NumPy arrays, found {}", what));
  }

  std::string_view take(uint64_t n) {
    if (n > bytes_.size() - at_) fail("the file ends too early");
    const std::string_view result = bytes_.substr(at_, n);
    at_ += n;
    return result;
  }
  uint64_t number(int n_bytes) {
    const std::string_view text = take(static_cast<uint64_t>(n_bytes));
    uint64_t result = 0;
    std::memcpy(&result, text.data(), text.size());
    return result;
  }
  std::string_view line() {
    const size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos || end - at_ > kMostLineBytes) fail("a line does not end");
    const std::string_view result = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return result;
  }

  Value& make(Kind kind) {
    if (target_.values_.size() == kMostValues) fail("holds more values than any data set");
    target_.values_.push_back(std::make_unique<Value>());
    target_.values_.back()->kind = kind;
    return *target_.values_.back();
  }
  Value& push(Kind kind) {
    Value& value = make(kind);
    stack_.push_back(&value);
    return value;
  }
  void push_integer(int64_t integer) { push(Kind::kInteger).integer = integer; }
  void push_text(std::string_view text) { push(Kind::kText).text = text; }
  void push_utf8(std::string_view text) {
    Value& value = push(Kind::kText);
    value.text = text;
    value.is_utf8 = true;
  }
  Value* pop() {
    Value* value = top();
    stack_.pop_back();
    return value;
  }
  Value* top() const {
    if (stack_.empty() || stack_.back()->kind == Kind::kMark) fail("a value is missing");
    return stack_.back();
  }
  // What was pushed since the last mark.
  std::vector<const Value*> pop_marked() {
    size_t begin = stack_.size();
    while (begin > 0 && stack_[begin - 1]->kind != Kind::kMark) --begin;
    if (begin == 0) fail("a mark is missing");
    std::vector<const Value*> items(stack_.begin() + static_cast<int64_t>(begin), stack_.end());
    stack_.resize(begin - 1);
    return items;
  }
  void push_tuple(size_t n) {
    std::vector<const Value*> items(n);
    for (size_t i = n; i-- > 0;) items[i] = pop();
    push(Kind::kList).items = std::move(items);
  }
  void add(Kind kind, const std::vector<const Value*>& items) {
    Value* target = top();
    if (target->kind != kind) fail("adds to what is no list or dictionary");
    if (kind == Kind::kDictionary && items.size() % 2 != 0) fail("a key without a value");
    target->items.insert(target->items.end(), items.begin(), items.end());
  }
  void push_list(Kind kind) {
    auto items = pop_marked();
    if (kind == Kind::kDictionary && items.size() % 2 != 0) fail("a key without a value");
    push(kind).items = std::move(items);
  }
  void get(uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail("takes what was not put");
    if (stack_.size() >= kMostValues) fail("holds more values than any data set");
    stack_.push_back(found->second);
  }
  uint64_t index_line() { return static_cast<uint64_t>(integer_of(line())); }

  int64_t integer_of(std::string_view text) const {
    if (text.ends_with('L')) text.remove_suffix(1);
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) fail("expected a whole number");
    return value;
  }
  int64_t long_of(std::string_view bytes) const {
    if (bytes.size() > 8) refuse("a number of more than 64 bits");
    int64_t value = !bytes.empty() && (bytes.back() & 0x80) != 0 ? -1 : 0;
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  }
  double real_of(std::string_view text) const {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) fail("expected a number");
    return value;
  }

  // A text that the file has in another form. What a pickle says twice is made twice: together they may not take more
  // than the file itself allows.
  std::string_view kept(std::optional<std::string> text) {
    if (!text) refuse("text outside Latin-1, or an escape that is cut short");
    spend(text->size());
    target_.texts_.push_back(std::make_unique<std::string>(std::move(*text)));
    return *target_.texts_.back();
  }
  void spend(uint64_t n_bytes) {
    if (n_bytes > budget_) fail("holds more text than the file has bytes");
    budget_ -= n_bytes;
  }

  void push_literal() {
    std::string_view text = line();
    if (text.size() < 2 || text.front() != text.back()) fail("expected a string in quotes");
    text = text.substr(1, text.size() - 2);
    push_text(text.find('\\') == std::string_view::npos ? text : kept(unescaped_literal(text)));
  }
  void push_unicode_line() {
    const std::string_view text = line();
    push_text(text.find('\\') == std::string_view::npos ? text : kept(unescaped_unicode(text)));
  }

  void push_name(std::string_view module, std::string_view name) {
    std::string full = fmt::format("{}.{}", module, name);
    if (full.starts_with("numpy._core.")) full.erase(6, 1);  // NumPy 2
    constexpr std::string_view kKnown[] = {"numpy.core.multiarray._reconstruct", "numpy.core.numeric._frombuffer",
                                           "numpy.ndarray", "numpy.dtype", "_codecs.encode"};
    const auto* const known = std::ranges::find(kKnown, full);
    if (known == std::end(kKnown)) refuse(fmt::format("`{}`", full));
    push(Kind::kName).text = *known;
  }

  // A call of one of the names: only those that make NumPy's arrays and bytes.
  void reduce() {
    const Value* arguments = pop();
    const Value* function = pop();
    if (function->kind != Kind::kName || arguments->kind != Kind::kList) fail("a call of what is no function");
    const auto& items = arguments->items;
    const auto is_text = [&](size_t i) { return i < items.size() && items[i]->kind == Kind::kText; };
    if (function->text == "numpy.core.multiarray._reconstruct") {
      push(Kind::kArray);
    } else if (function->text == "numpy.dtype" && is_text(0)) {
      const DType dtype = dtype_of_code(items[0]->text);
      if (dtype == DType::kInvalid) refuse(fmt::format("an array of type `{}`", items[0]->text));
      push(Kind::kDType).dtype = dtype;
    } else if (function->text == "numpy.core.numeric._frombuffer" && items.size() == 4 && is_text(3)) {
      if (items[3]->text != "C") refuse("an array in Fortran's order");
      push(Kind::kArray).array = array_of(*items[1], *items[2], *items[0]);
    } else if (function->text == "_codecs.encode" && is_text(0)) {
      push_text(items[0]->is_utf8 ? kept(latin1_of(items[0]->text)) : items[0]->text);
    } else {
      fail("a call with other arguments than NumPy's");
    }
  }

  Tensor array_of(const Value& dtype, const Value& shape, const Value& bytes) {
    if (dtype.kind != Kind::kDType || shape.kind != Kind::kList || bytes.kind != Kind::kText ||
        shape.items.size() > kMostAxes)
      fail("expected an array's type, shape and bytes");
    Shape sizes;
    uint64_t n_bytes = dtype_size(dtype.dtype);
    for (const Value* size : shape.items) {
      if (size->kind != Kind::kInteger || size->integer < 0) fail("expected an array's sizes");
      sizes.push_back(size->integer);
      if (__builtin_mul_overflow(n_bytes, static_cast<uint64_t>(size->integer), &n_bytes))
        fail("an array of no possible size");
    }
    if (n_bytes != bytes.text.size())
      fail(fmt::format("expected {} bytes for an array {}, found {}", n_bytes, sizes.to_string(), bytes.text.size()));
    const bool is_in_file = bytes.text.data() >= bytes_.data() && bytes.text.data() < bytes_.data() + bytes_.size();
    if (is_in_file)
      return {dtype.dtype, sizes,
              FileRange{target_.file_, static_cast<uint64_t>(bytes.text.data() - bytes_.data()), n_bytes}};
    spend(n_bytes);
    Tensor copy(dtype.dtype, sizes);
    if (n_bytes > 0) std::memcpy(copy.mutable_bytes().data(), bytes.text.data(), n_bytes);
    return copy;
  }

  // An object's state: (version, shape, dtype, is_fortran, bytes) of an array, (version, byte order, …) of a type.
  void build() {
    const Value* state = pop();
    Value* object = top();
    const auto& items = state->items;
    if (object->kind == Kind::kArray && items.size() == 5) {
      if (items[3]->integer != 0 && items[1]->items.size() > 1) refuse("an array in Fortran's order");
      object->array = array_of(*items[2], *items[1], *items[4]);
    } else if (object->kind == Kind::kDType && items.size() >= 2) {
      if (items[1]->text == ">" && dtype_size(object->dtype) > 1) refuse("an array of big-endian numbers");
    } else {
      fail("a state that is not NumPy's");
    }
  }

  // clang-format off
  void step(char opcode) {
    switch (opcode) {
      case '\x80': (void)take(1); return;  // PROTO
      case '\x95': (void)take(8); return;  // FRAME
      case '(': push(Kind::kMark); return;
      case '0': if (!stack_.empty()) stack_.pop_back(); return;
      case '1': (void)pop_marked(); return;
      case '2': stack_.push_back(top()); return;
      case 'N': push(Kind::kNone); return;
      case '\x88': push_integer(1); return;
      case '\x89': push_integer(0); return;
      case 'I': push_integer(integer_of(line())); return;
      case 'L': push_integer(integer_of(line())); return;
      case 'J': push_integer(static_cast<int32_t>(number(4))); return;
      case 'K': push_integer(static_cast<int64_t>(number(1))); return;
      case 'M': push_integer(static_cast<int64_t>(number(2))); return;
      case '\x8a': push_integer(long_of(take(number(1)))); return;
      case '\x8b': push_integer(long_of(take(number(4)))); return;
      case 'F': push(Kind::kReal).real = real_of(line()); return;
      case 'G': push(Kind::kReal).real = std::bit_cast<double>(__builtin_bswap64(number(8))); return;
      default: step_text(opcode);
    }
  }

  void step_text(char opcode) {
    switch (opcode) {
      case 'S': push_literal(); return;
      case 'V': push_unicode_line(); return;
      case 'U': case 'C': push_text(take(number(1))); return;
      case 'T': case 'B': push_text(take(number(4))); return;
      case '\x8e': case '\x96': push_text(take(number(8))); return;
      case '\x8c': push_utf8(take(number(1))); return;
      case 'X': push_utf8(take(number(4))); return;
      case '\x8d': push_utf8(take(number(8))); return;
      case 'c': {
        const std::string_view module = line();
        push_name(module, line());
        return;
      }
      case '\x93': {
        const Value* name = pop();
        const Value* module = pop();
        push_name(module->text, name->text);
        return;
      }
      default: step_container(opcode);
    }
  }

  void step_container(char opcode) {
    switch (opcode) {
      case ']': push(Kind::kList); return;
      case ')': push(Kind::kList); return;
      case '}': push(Kind::kDictionary); return;
      case 'l': case 't': push_list(Kind::kList); return;
      case 'd': push_list(Kind::kDictionary); return;
      case '\x85': push_tuple(1); return;
      case '\x86': push_tuple(2); return;
      case '\x87': push_tuple(3); return;
      case 'a': {
        const Value* item = pop();
        return add(Kind::kList, {item});
      }
      case 's': {
        const Value* value = pop();
        const Value* key = pop();
        return add(Kind::kDictionary, {key, value});
      }
      case 'e': {
        const auto items = pop_marked();
        return add(Kind::kList, items);
      }
      case 'u': {
        const auto items = pop_marked();
        return add(Kind::kDictionary, items);
      }
      case 'p': memo_[index_line()] = top(); return;
      case 'q': memo_[number(1)] = top(); return;
      case 'r': memo_[number(4)] = top(); return;
      case '\x94': memo_[memo_.size()] = top(); return;
      case 'g': get(index_line()); return;
      case 'h': get(number(1)); return;
      case 'j': get(number(4)); return;
      case 'R': reduce(); return;
      case 'b': build(); return;
      default: refuse(fmt::format("an object of another kind (opcode 0x{:02x})", static_cast<unsigned char>(opcode)));
    }
  }
  // clang-format on

  static constexpr size_t kMostLineBytes = 256 << 20;
  Pickle& target_;
  std::string_view bytes_;
  uint64_t budget_ = 2 * bytes_.size();
  size_t at_ = 0;
  std::vector<Value*> stack_;
  std::unordered_map<uint64_t, Value*> memo_;
};

std::shared_ptr<const Pickle> Pickle::read(std::shared_ptr<const File> file) {
  const auto result = std::make_shared<Pickle>();
  result->file_ = std::move(file);
  Unpickler(*result).run();
  return result;
}

bool Pickle::may_be(std::string_view start) {
  return (start.size() > 2 && start[0] == '\x80' && start[1] >= 2 && start[1] <= 5) || start.starts_with("(dp") ||
         start.starts_with("}q");
}

const Pickle::Value* Pickle::find(const Value& value, std::string_view key) {
  if (value.kind != Kind::kDictionary) return nullptr;
  for (size_t i = 0; i + 1 < value.items.size(); i += 2) {
    if (value.items[i]->kind == Kind::kText && value.items[i]->text == key) return value.items[i + 1];
  }
  return nullptr;
}

}  // namespace hoarfrost::data
