#include "python/expression.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace hoarfrost::python {
namespace {

using Kind = Value::Kind;

constexpr int kDeepest = 60;
constexpr size_t kLongest = 4000;
constexpr int kMostRounds = 20000;

struct Level {
  std::vector<std::string_view> operators;
};
// From those that bind least.
const std::vector<Level> kLevels = {{{"|"}},        {{"^"}},      {{"&"}},
                                    {{"<<", ">>"}}, {{"+", "-"}}, {{"*", "//", "/", "%", "@"}}};

// Evaluates while it reads: what a condition leaves out is read with `is_idle` set.
class Parser {
 public:
  Parser(std::string_view text, std::map<std::string, Value> variables, Semantics& semantics)
      : text_(text), variables_(std::move(variables)), semantics_(semantics) {}

  Value whole() {
    if (text_.size() > kLongest) fail(fmt::format("an expression of more than {} letters", kLongest));
    read_parameter();
    while (read_assignment()) {
    }
    Value result = tuple_or_one();
    skip();
    if (at_ < text_.size()) fail(fmt::format("expected its end, found `{}`", text_.substr(at_, 20)));
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kInvalidArgument, "", fmt::format("at letter {}: {}", at_ + 1, what));
  }

  // "lambda x:" renames the first variable.
  void read_parameter() {
    if (!word("lambda")) return;
    const std::string name = identifier();
    if (name.empty()) fail("expected `lambda x:`, with one parameter");
    variables_[name] = variables_.at("x");
    expect(":");
  }

  // "name = expression;"
  bool read_assignment() {
    const size_t begin = at_;
    const std::string name = identifier();
    skip();
    const std::string_view rest = text_.substr(at_);
    if (name.empty() || !rest.starts_with('=') || rest.starts_with("==")) {
      at_ = begin;
      return false;
    }
    ++at_;
    variables_[name] = tuple_or_one();
    expect(";");
    return true;
  }

  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  static bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
  bool sign(std::string_view wanted) {
    skip();
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  void expect(std::string_view wanted) {
    if (!sign(wanted))
      fail(fmt::format("expected `{}`{}", wanted,
                       at_ < text_.size() ? fmt::format(", found `{}`", text_.substr(at_, 20)) : " before its end"));
  }
  bool word(std::string_view wanted) {
    skip();
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(wanted) || (rest.size() > wanted.size() && is_letter(rest[wanted.size()]))) return false;
    at_ += wanted.size();
    return true;
  }
  std::string identifier() {
    skip();
    const size_t begin = at_;
    while (at_ < text_.size() && is_letter(text_[at_]) &&
           (at_ > begin || std::isdigit(static_cast<unsigned char>(text_[at_])) == 0))
      ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  Value tuple_or_one() {
    Value first = conditional();
    skip();
    if (at_ >= text_.size() || text_[at_] != ',') return first;
    std::vector<Value> items{std::move(first)};
    while (sign(",")) {
      skip();
      if (at_ >= text_.size() || text_[at_] == ')') break;
      items.push_back(conditional());
    }
    return Value::tuple(std::move(items));
  }

  Value conditional() {
    if (++depth_ > kDeepest) fail(fmt::format("nested more than {} deep", kDeepest));
    // `a if b else c` has b behind a: a is read twice when b holds.
    const size_t begin = at_;
    const bool was_idle = is_idle_;
    is_idle_ = true;
    (void)either();
    const bool has_condition = word("if");
    is_idle_ = was_idle;
    Value result;
    if (!has_condition && !is_idle_) {
      at_ = begin;
      result = either();
    } else if (has_condition) {
      const Value condition = either();
      const bool holds = is_idle_ || truth_of(condition);
      const size_t behind = at_;
      if (!is_idle_ && holds) {
        at_ = begin;
        result = either();
        at_ = behind;
      }
      if (!word("else")) fail("expected `else`");
      is_idle_ = was_idle || holds;
      Value other = conditional();
      is_idle_ = was_idle;
      if (!is_idle_ && !holds) result = std::move(other);
    }
    --depth_;
    return result;
  }

  bool truth_of(const Value& value) const {
    const auto result = truth(value);
    if (!result)
      throw Error(ErrorCode::kUnsupported, "", fmt::format("a condition on {}, which is no constant", value.repr()));
    return *result;
  }

  Value either() {
    Value left = both();
    while (word("or")) {
      Value right = both();
      if (!is_idle_ && !truth_of(left)) left = std::move(right);
    }
    return left;
  }
  Value both() {
    Value left = negation();
    while (word("and")) {
      Value right = negation();
      if (!is_idle_ && truth_of(left)) left = std::move(right);
    }
    return left;
  }
  Value negation() {
    if (++depth_ > kDeepest) fail(fmt::format("nested more than {} deep", kDeepest));
    Value result = word("not") ? unary("not", negation()) : comparison();
    --depth_;
    return result;
  }
  Value comparison() {
    Value left = level(0);
    for (const std::string_view op : {"<=", ">=", "==", "!=", "<", ">"}) {
      if (!sign(op)) continue;
      const Value right = level(0);
      if (is_idle_) return left;
      const auto constant = constant_compare(op, left, right);
      return constant ? *constant : semantics_.compare(op, left, right);
    }
    return left;
  }

  Value level(size_t number) {
    if (number == kLevels.size()) return signed_value();
    Value left = level(number + 1);
    while (const auto op = operator_of(kLevels[number])) {
      const Value right = level(number + 1);
      left = binary(*op, left, right);
    }
    return left;
  }
  std::optional<std::string_view> operator_of(const Level& level) {
    skip();
    for (const std::string_view op : level.operators) {
      const std::string_view rest = text_.substr(at_);
      if (!rest.starts_with(op) || (op == "*" && rest.starts_with("**"))) continue;
      at_ += op.size();
      return op;
    }
    return {};
  }
  Value signed_value() {
    if (++depth_ > kDeepest) fail(fmt::format("nested more than {} deep", kDeepest));
    Value result;
    if (sign("-"))
      result = unary("-", signed_value());
    else if (sign("+"))
      result = unary("+", signed_value());
    else if (sign("~"))
      result = unary("~", signed_value());
    else
      result = power();
    --depth_;
    return result;
  }
  Value power() {
    Value base = postfix();
    if (!sign("**")) return base;
    const Value exponent = signed_value();
    return binary("**", base, exponent);
  }

  Value binary(std::string_view op, const Value& a, const Value& b) {
    if (is_idle_) return {};
    const auto constant = constant_binary(op, a, b);
    return constant ? *constant : semantics_.binary(op, a, b);
  }
  Value unary(std::string_view op, const Value& a) {
    if (is_idle_) return {};
    const auto constant = constant_unary(op, a);
    return constant ? *constant : semantics_.unary(op, a);
  }

  Value postfix() {
    Value value = atom();
    while (true) {
      if (sign(".")) {
        const std::string name = identifier();
        if (name.empty()) fail("expected a name behind `.`");
        if (!is_idle_) value = semantics_.attribute(value, name);
      } else if (sign("[")) {
        const Value key = subscript();
        expect("]");
        if (is_idle_) continue;
        const auto constant = constant_subscript(value, key);
        value = constant ? *constant : semantics_.subscript(value, key);
      } else if (sign("(")) {
        value = call(value);
      } else {
        return value;
      }
    }
  }

  Value call(const Value& callee) {
    std::vector<Value> arguments;
    Keywords keywords;
    while (!sign(")")) {
      const size_t begin = at_;
      const std::string name = identifier();
      skip();
      if (!name.empty() && at_ < text_.size() && text_[at_] == '=' && !text_.substr(at_).starts_with("==")) {
        ++at_;
        keywords.emplace_back(name, conditional());
      } else {
        at_ = begin;
        if (!keywords.empty()) fail("an argument without a name behind one with a name");
        arguments.push_back(conditional());
      }
      if (sign(")")) break;
      expect(",");
    }
    return is_idle_ ? Value() : semantics_.call(callee, arguments, keywords);
  }

  Value subscript() {
    std::vector<Value> items{slice_or_one()};
    bool is_tuple = false;
    while (sign(",")) {
      is_tuple = true;
      skip();
      if (at_ < text_.size() && text_[at_] == ']') break;
      items.push_back(slice_or_one());
    }
    return is_tuple ? Value::tuple(std::move(items)) : items[0];
  }
  Value slice_or_one() {
    std::vector<Value> parts;
    bool is_slice = false;
    Value part = Value::none();
    while (true) {
      skip();
      const bool is_end = at_ >= text_.size() || text_[at_] == ',' || text_[at_] == ']';
      if (!is_end && text_[at_] != ':') part = conditional();
      if (!sign(":")) break;
      is_slice = true;
      parts.push_back(std::exchange(part, Value::none()));
      if (parts.size() > 2) fail("a slice of more than three parts");
    }
    if (!is_slice) return part;
    parts.push_back(part);
    parts.resize(3, Value::none());
    return Value::with(Kind::kSlice, std::move(parts));
  }

  Value atom() {
    skip();
    if (at_ >= text_.size()) fail("expected a value before its end");
    const char c = text_[at_];
    if (sign("...")) return Value::of(Kind::kEllipsis);
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.') return number();
    if (c == '\'' || c == '"') return string();
    if (sign("(")) {
      if (sign(")")) return Value::tuple({});
      Value result = tuple_or_one();
      expect(")");
      return result;
    }
    if (sign("[")) return list();
    const std::string name = identifier();
    if (name.empty()) fail(fmt::format("expected a value, found `{}`", text_.substr(at_, 20)));
    if (name == "None") return Value::none();
    if (name == "True" || name == "False") return Value::boolean(name == "True");
    if (const auto found = variables_.find(name); found != variables_.end()) return found->second;
    return is_idle_ ? Value() : semantics_.global(name);
  }
  Value list() {
    std::vector<Value> items;
    while (!sign("]")) {
      if (items.empty()) {
        // An element before `for` is read again for each item, and one that stands alone when it is no longer idle.
        const size_t begin = at_;
        const bool was_idle = std::exchange(is_idle_, true);
        Value first = conditional();
        const bool is_each = word("for");
        is_idle_ = was_idle;
        if (is_each) return each(begin);
        if (!is_idle_) {
          at_ = begin;
          first = conditional();
        }
        items.push_back(std::move(first));
      } else {
        items.push_back(conditional());
      }
      if (sign("]")) break;
      expect(",");
    }
    return Value::list(std::move(items));
  }
  // `name in items]`, behind the element that begins at `element`.
  Value each(size_t element) {
    const std::string name = identifier();
    if (name.empty() || !word("in")) fail("expected `for NAME in …`");
    const Value items = conditional();
    expect("]");
    if (is_idle_) return {};
    const size_t behind = at_;
    const auto hidden = variables_.find(name) == variables_.end() ? std::nullopt : std::optional(variables_.at(name));
    std::vector<Value> result;
    for (const Value& item : elements(items)) {
      if (++n_rounds_ > kMostRounds) fail(fmt::format("more than {} rounds", kMostRounds));
      variables_.insert_or_assign(name, item);
      at_ = element;
      result.push_back(conditional());
    }
    variables_.erase(name);
    if (hidden) variables_.emplace(name, *hidden);
    at_ = behind;
    return Value::list(std::move(result));
  }
  Value string() {
    const char quote = text_[at_++];
    const size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail("a string that does not end");
    const std::string result(text_.substr(at_, end - at_));
    if (result.find('\\') != std::string::npos) fail("a string with `\\`");
    at_ = end + 1;
    return Value::string(result);
  }
  Value number() {
    const char* begin = text_.data() + at_;
    const char* end = text_.data() + text_.size();
    double real = 0;
    const auto [real_end, error] = std::from_chars(begin, end, real);
    if (error != std::errc{}) fail("a number that is none");
    at_ += static_cast<size_t>(real_end - begin);
    const std::string_view written(begin, static_cast<size_t>(real_end - begin));
    if (written.find_first_of(".eEn") != std::string_view::npos) return Value::real(real);
    int64_t whole = 0;
    if (std::from_chars(begin, real_end, whole).ec != std::errc{}) fail("an integer of more than 63 bits");
    return Value::whole(whole);
  }

  std::string_view text_;
  std::map<std::string, Value> variables_;
  Semantics& semantics_;
  size_t at_ = 0;
  int depth_ = 0;
  int n_rounds_ = 0;
  bool is_idle_ = false;
};

}  // namespace

Value evaluate(std::string_view text, const std::map<std::string, Value>& variables, Semantics& semantics) {
  return Parser(text, variables, semantics).whole();
}

}  // namespace hoarfrost::python
