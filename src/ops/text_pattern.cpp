// Text and single characters: RegexReplace and StaticRegexReplace of patterns that match one character, and StringSplit
// at any of some characters, as a SparseTensor. TensorFlow 1.4 to 2.15 (RE2's syntax; string_split_op.cc).
#include <bitset>

#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

// What a pattern matches: one character of these (of ASCII), or any one; and with `repeats`, all that follow each
// other.
struct Pattern {
  std::bitset<128> characters;
  bool is_any = false;  // of UTF-8 too
  bool is_any_but_newline = false;
  bool repeats = false;
};

// Reads one of RE2's patterns of a character: `a`, `\.`, `[!-/\]a]`, `.`, each in brackets or not, `(?s)` before it and
// `+` behind it.
class PatternReader {
 public:
  PatternReader(const Node& node, std::string_view text) : node_(node), text_(text), rest_(text) {}

  Pattern read() {
    const bool dot_is_all = take("(?s)");
    const bool has_group = take("(");
    if (take("[")) {
      read_class();
    } else if (take(".")) {
      (dot_is_all ? pattern_.is_any : pattern_.is_any_but_newline) = true;
    } else {
      pattern_.characters.set(character("$^*+?{}|()"));
    }
    if (has_group && !take(")")) refuse();
    pattern_.repeats = take("+");
    if (!rest_.empty()) refuse();
    return pattern_;
  }

 private:
  [[noreturn]] void refuse() const {
    unsupported(node_, "the pattern `{}` is not supported: those of one ASCII character or of any one are", text_);
  }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  // One that stands for itself, escaped or not; `special` ones must be escaped.
  size_t character(std::string_view special) {
    const bool is_escaped = take("\\");
    if (rest_.empty()) refuse();
    const auto c = static_cast<unsigned char>(rest_[0]);
    const bool is_word = std::isalnum(c) != 0 || c == '_';
    const bool is_refused = is_escaped ? is_word : special.find(static_cast<char>(c)) != std::string_view::npos;
    if (is_refused || c >= 128) refuse();
    rest_.remove_prefix(1);
    return c;
  }

  void read_class() {
    if (rest_.starts_with("^") || rest_.starts_with("]")) refuse();
    while (!take("]")) {
      if (rest_.starts_with("[:")) refuse();
      const size_t first = character("");
      size_t last = first;
      if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        last = character("");
      }
      if (last < first) refuse();
      for (size_t c = first; c <= last; ++c) pattern_.characters.set(c);
    }
  }

  const Node& node_;
  std::string_view text_, rest_;
  Pattern pattern_;
};

// How many bytes the UTF-8 character at the front has; 0 where none begins there.
size_t n_character_bytes(std::string_view text) {
  const auto byte = [text](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto follows = [&](size_t i) { return (byte(i) & 0xc0U) == 0x80; };
  if (text.empty()) return 0;
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    const bool is_right = (first != 0xe0 || second >= 0xa0) && (first != 0xed || second < 0xa0);
    return is_right && follows(1) && follows(2) ? 3 : 0;
  }
  const bool is_right = (first != 0xf0 || second >= 0x90) && (first != 0xf4 || second < 0x90);
  return first >= 0xf0 && first < 0xf5 && is_right && follows(1) && follows(2) && follows(3) ? 4 : 0;
}

size_t n_matched(const Pattern& pattern, std::string_view text) {
  size_t n = 0;
  do {
    const std::string_view rest = text.substr(n);
    const size_t n_bytes = n_character_bytes(rest);
    if (n_bytes == 0) break;
    const bool is_one = pattern.is_any || (pattern.is_any_but_newline && rest[0] != '\n') ||
                        (n_bytes == 1 && pattern.characters.test(static_cast<unsigned char>(rest[0])));
    if (!is_one) break;
    n += n_bytes;
  } while (pattern.repeats);
  return n;
}

// `\0` and `\1` are what was matched, for a group holds all of it.
std::string rewritten(const Node& node, std::string_view rewrite, std::string_view match) {
  std::string result;
  for (size_t i = 0; i < rewrite.size(); ++i) {
    if (rewrite[i] != '\\') {
      result += rewrite[i];
      continue;
    }
    const char c = ++i < rewrite.size() ? rewrite[i] : '?';
    if (c == '\\')
      result += c;
    else if (c == '0' || c == '1')
      result += match;
    else
      unsupported(node, "the replacement `{}` is not supported", rewrite);
  }
  return result;
}

std::string replaced(const Node& node, const Pattern& pattern, std::string_view rewrite, std::string_view text) {
  const bool is_global = node.get_or<bool>("replace_global", true);
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t n = n_matched(pattern, text.substr(at));
    if (n == 0) {
      result += text[at++];
      continue;
    }
    result += rewritten(node, rewrite, text.substr(at, n));
    at += n;
    if (is_global) continue;
    result += text.substr(at);
    break;
  }
  return result;
}

std::vector<Known> infer_replace(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), node.op() == "RegexReplace" ? 3 : 1);
  for (const Known& input : inputs) need_type(node, input, DType::kString);
  return {of_type(DType::kString, inputs[0].shape)};
}

std::vector<Tensor> replace(const Node& node, Tensors inputs) {
  (void)infer_replace(node, known(inputs));
  std::string pattern, rewrite;
  if (inputs.size() == 3) {
    for (const size_t i : {1, 2}) {
      if (inputs[i].n_elements() != 1) mismatch(node, "expected one text, found {}", inputs[i].shape().to_string());
    }
    pattern = inputs[1].strings()[0];
    rewrite = inputs[2].strings()[0];
  } else {
    pattern = node.get<std::string>("pattern");
    rewrite = node.get<std::string>("rewrite");
  }
  const Pattern read = PatternReader(node, pattern).read();
  std::vector<std::string> texts;
  for (const std::string& text : inputs[0].strings()) texts.push_back(replaced(node, read, rewrite, text));
  return {Tensor(inputs[0].shape(), std::move(texts))};
}

// Indices [n, 2], values [n] and the shape [2], rows and the most parts that a row has.
std::vector<Known> infer_split(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  (void)shape_of_rank(node, inputs, 0, 1);
  for (const Known& input : inputs) need_type(node, input, DType::kString);
  return {of_type(DType::kInt64, {kUnknown, 2}), of_type(DType::kString, {kUnknown}), of_type(DType::kInt64, {2})};
}

std::vector<std::string> parts_of(const std::string& text, const std::string& delimiters, bool skips_empty) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;  // not even an empty one
  if (delimiters.empty()) {        // byte by byte
    for (const char c : text) parts.emplace_back(1, c);
    return parts;
  }
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find_first_of(delimiters, at), text.size());
    if (end > at || !skips_empty) parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::vector<Tensor> split(const Node& node, Tensors inputs) {
  (void)infer_split(node, known(inputs));
  if (inputs[1].n_elements() != 1) mismatch(node, "expected one delimiter, found {}", inputs[1].shape().to_string());
  const bool skips_empty = node.get_or<bool>("skip_empty", true);
  std::vector<int64_t> indices;
  std::vector<std::string> values;
  int64_t n_most = 0;
  for (size_t row = 0; row < inputs[0].strings().size(); ++row) {
    auto parts = parts_of(inputs[0].strings()[row], inputs[1].strings()[0], skips_empty);
    n_most = std::max(n_most, static_cast<int64_t>(parts.size()));
    for (size_t i = 0; i < parts.size(); ++i) {
      indices.insert(indices.end(), {static_cast<int64_t>(row), static_cast<int64_t>(i)});
      values.push_back(std::move(parts[i]));
    }
  }
  const auto n = static_cast<int64_t>(values.size());
  return {Tensor::of<int64_t>({n, 2}, indices), Tensor({n}, std::move(values)),
          Tensor::of<int64_t>({2}, {inputs[0].n_elements(), n_most})};
}

}  // namespace

std::span<const OpSpec> text_pattern_ops() {
  static constexpr OpSpec kOps[] = {
      {"RegexReplace", infer_replace, replace},
      {"StaticRegexReplace", infer_replace, replace},
      {"StringSplit", infer_split, split},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
