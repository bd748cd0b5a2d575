#include "keras/text_split.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace hoarfrost::keras {
namespace {

constexpr std::string_view kPunctuation = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'";
constexpr const char* kPunctuationPattern = R"([!"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\'])";  // Keras' own
constexpr const char* kWhitespace = " \t\n\v\f\r";
constexpr int64_t kMostNGrams = 64;
constexpr const char* kBetweenCharacters = "\xff";  // a byte that UTF-8 never has

// A word of a configuration, "" for None. nullopt where the key is not there; a function is refused.
std::optional<std::string> word_at(const Config& config, const std::string& key) {
  config.ignore({key});
  const auto found = config.json().find(key);
  if (found == config.json().end()) return {};
  if (found->is_null()) return "";
  if (!found->is_string())
    config.unsupported(
        fmt::format("{0} is a function of its author's: do that before the model, and give the layer {0}=None", key));
  return found->get<std::string>();
}

Value slice(Lowering& lowering, const Value& x, int64_t begin, int64_t end) {
  return lowering.op("StridedSlice",
                     {x, lowering.ints("strided_slice/stack", {begin}), lowering.ints("strided_slice/stack_1", {end}),
                      lowering.ints("strided_slice/stack_2", {1})},
                     {{"Index", DType::kInt32},
                      {"begin_mask", int64_t{0}},
                      {"end_mask", int64_t{end == 0 ? 1 : 0}},
                      {"ellipsis_mask", int64_t{0}},
                      {"new_axis_mask", int64_t{0}},
                      {"shrink_axis_mask", int64_t{0}}});
}

// Column i of [n, 2], or number i of [2].
Value part(Lowering& lowering, const Value& x, int64_t i, bool is_column) {
  const Attributes masks{{"Index", DType::kInt32},
                         {"begin_mask", int64_t{is_column ? 1 : 0}},
                         {"end_mask", int64_t{is_column ? 1 : 0}},
                         {"ellipsis_mask", int64_t{0}},
                         {"new_axis_mask", int64_t{0}},
                         {"shrink_axis_mask", int64_t{is_column ? 2 : 1}}};
  const auto at = [&](int64_t n) { return is_column ? std::vector<int64_t>{0, n} : std::vector<int64_t>{n}; };
  const std::vector<int64_t> ones(is_column ? 2 : 1, 1);
  return lowering.op("StridedSlice",
                     {x, lowering.ints("strided_slice/stack", at(i)), lowering.ints("strided_slice/stack_1", at(i + 1)),
                      lowering.ints("strided_slice/stack_2", ones)},
                     masks);
}

Value int64(Lowering& lowering, std::string_view name, int64_t value) {
  return lowering.constant(name, Tensor::scalar(value));
}

Value picked(Lowering& lowering, const Value& x, const Value& places) {
  return lowering.raw_op("GatherNd", "GatherNd", {x, places}, x.dtype,
                         {{"Tparams", x.dtype}, {"Tindices", DType::kInt64}});
}

Value joined_end_to_end(Lowering& lowering, std::vector<Value> parts, std::string_view name) {
  if (parts.size() == 1) return parts[0];
  const DType dtype = parts[0].dtype;
  const auto n = static_cast<int64_t>(parts.size());
  parts.push_back(lowering.int_scalar(fmt::format("{}/axis", name), 0));
  return lowering.raw_op(name, "ConcatV2", parts, dtype, {{"T", dtype}, {"N", n}, {"Tidx", DType::kInt32}});
}

// N-grams in a list of all rows' tokens: those that begin and end in one row. In a row they stand length by length.
class NGrams {
 public:
  NGrams(Lowering& lowering, const TextRules::Sparse& words)
      : l_(lowering),
        words_(words),
        rows_(part(l_, words.indices, 0, true)),
        columns_(part(l_, words.indices, 1, true)),
        n_rows_(part(l_, words.shape, 0, false)) {
    const Value n =
        l_.raw_op("Cast", "Cast", {n_rows_}, DType::kInt32, {{"SrcT", DType::kInt64}, {"DstT", DType::kInt32}});
    n_words_ =
        l_.raw_op("UnsortedSegmentSum", "UnsortedSegmentSum", {l_.op("OnesLike", {rows_}), rows_, n}, DType::kInt64,
                  {{"T", DType::kInt64}, {"Tindices", DType::kInt64}, {"Tnumsegments", DType::kInt32}});
    before_ = l_.op("ZerosLike", {n_words_});
  }

  void add(int64_t length) {
    const int64_t back = length - 1;
    std::vector<Value> words;
    for (int64_t i = 0; i < length; ++i) words.push_back(slice(l_, words_.tokens, i, i - back));
    Value text = words[0];
    if (length > 1)
      text = l_.raw_op("StringJoin", "StringJoin", words, DType::kString,
                       {{"N", length}, {"separator", std::string(" ")}});
    const Value row = slice(l_, rows_, 0, -back), last_row = slice(l_, rows_, back, 0);
    const Value is_in_one = l_.raw_op("Equal", "Equal", {row, last_row}, DType::kBool, {{"T", DType::kInt64}});
    const Value places = l_.raw_op("Where", "Where", {is_in_one}, DType::kInt64, {});
    tokens_.push_back(picked(l_, text, places));
    row_parts_.push_back(picked(l_, row, places));
    const Value column = picked(l_, slice(l_, columns_, 0, -back), places);
    const Value first =
        l_.raw_op("Gather", "Gather", {before_, row_parts_.back()}, DType::kInt64,
                  {{"Tparams", DType::kInt64}, {"Tindices", DType::kInt64}, {"validate_indices", true}});
    column_parts_.push_back(l_.op("Add", {column, first}));
    const Value n = l_.op("Maximum", {l_.op("Sub", {n_words_, int64(l_, "Sub/y", back)}), int64(l_, "Maximum/y", 0)});
    before_ = l_.op("Add", {before_, n});
  }

  TextRules::Sparse finish() {
    const Value rows = joined_end_to_end(l_, row_parts_, "rows"),
                columns = joined_end_to_end(l_, column_parts_, "columns");
    const auto pack = [&](std::string_view name, const Value& a, const Value& b, int64_t axis) {
      return l_.raw_op(name, "Pack", {a, b}, DType::kInt64, {{"T", DType::kInt64}, {"N", int64_t{2}}, {"axis", axis}});
    };
    const Value most =
        l_.op("Max", {before_, l_.ints("Max/reduction_indices", {0})}, {{"keep_dims", false}, {"Tidx", DType::kInt32}});
    return {pack("indices", rows, columns, 1), joined_end_to_end(l_, tokens_, "ngrams"),
            pack("shape", n_rows_, most, 0)};
  }

 private:
  Lowering& l_;
  TextRules::Sparse words_;
  Value rows_, columns_, n_rows_;  // of the words
  Value n_words_;                  // of each row
  Value before_;                   // how many n-grams a row has so far
  std::vector<Value> tokens_, row_parts_, column_parts_;
};

std::vector<std::string> split_text(TextSplit split, std::string_view text) {
  if (split == TextSplit::kNone) return {std::string(text)};
  std::vector<std::string> parts;
  bool is_open = false;  // whether what comes next belongs to the last part
  for (const char c : text) {
    const bool is_space =
        split == TextSplit::kWhitespace && std::string_view(kWhitespace).find(c) != std::string_view::npos;
    const bool goes_on = split == TextSplit::kCharacters && (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
    if (is_space) {
      is_open = false;
    } else if ((is_open && split == TextSplit::kWhitespace) || (goes_on && !parts.empty())) {
      parts.back() += c;
    } else {
      parts.emplace_back(1, c);
      is_open = true;
    }
  }
  return parts;
}

}  // namespace

TextRules TextRules::parse(const Config& config) {
  TextRules rules;
  const std::string standard = word_at(config, "standardize").value_or("lower_and_strip_punctuation");
  rules.lowers = standard == "lower" || standard == "lower_and_strip_punctuation";
  rules.strips_punctuation = standard == "strip_punctuation" || standard == "lower_and_strip_punctuation";
  if (!standard.empty() && !rules.lowers && !rules.strips_punctuation)
    config.unsupported(fmt::format("standardize `{}` is not known", standard));
  const std::string split = word_at(config, "split").value_or("whitespace");
  rules.split = split.empty()          ? TextSplit::kNone
                : split == "character" ? TextSplit::kCharacters
                                       : TextSplit::kWhitespace;
  if (!split.empty() && split != "character" && split != "whitespace")
    config.unsupported(fmt::format("split `{}` is not known", split));
  const Json* ngrams = config.find({"ngrams"});
  if (ngrams != nullptr && ngrams->is_number_integer()) {
    for (int64_t n = 1; n <= std::min<int64_t>(config.get_int({"ngrams"}), kMostNGrams); ++n) rules.ngrams.push_back(n);
  } else if (ngrams != nullptr) {
    rules.ngrams = config.get_list({"ngrams"});
  }
  if (ngrams != nullptr && rules.ngrams.empty()) config.fail("`ngrams` must be 1 or more");
  for (const int64_t n : rules.ngrams) {
    if (n < 1) config.fail(fmt::format("`ngrams` must be 1 or more, found {}", n));
    if (n >= kMostNGrams) config.unsupported(fmt::format("ngrams of {} words", n));
  }
  if (ngrams != nullptr && rules.split == TextSplit::kNone)
    config.unsupported(
        "ngrams of text that it does not split are not converted; split it with whitespace or character");
  return rules;
}

std::vector<std::string> TextRules::tokens_of(std::string_view text) const {
  std::string standard;
  for (const char c : text) {
    if (strips_punctuation && kPunctuation.find(c) != std::string_view::npos) continue;
    standard += lowers && c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  std::vector<std::string> words = split_text(split, standard);
  if (ngrams.empty()) return words;
  std::vector<std::string> tokens;
  for (const int64_t length : ngrams) {
    const auto n = static_cast<size_t>(length);
    for (size_t first = 0; first + n <= words.size(); ++first) {
      std::string token = words[first];
      for (size_t i = 1; i < n; ++i) token += " " + words[first + i];
      tokens.push_back(std::move(token));
    }
  }
  return tokens;
}

Value TextRules::lower_standard(Lowering& lowering, Value x) const {
  const Shape shape = x.shape;
  if (lowers) x = lowering.raw_op("StringLower", "StringLower", {x}, DType::kString, {{"encoding", std::string()}});
  if (strips_punctuation)
    x = lowering.raw_op(
        "StaticRegexReplace", "StaticRegexReplace", {x}, DType::kString,
        {{"pattern", std::string(kPunctuationPattern)}, {"rewrite", std::string()}, {"replace_global", true}});
  x.shape = shape;
  return x;
}

TextRules::Sparse TextRules::lower_split(Lowering& lowering, const Value& texts) const {
  Value x = texts;
  std::string delimiter = kWhitespace;
  if (split == TextSplit::kCharacters) {
    delimiter = kBetweenCharacters;
    x = lowering.raw_op(
        "characters", "StaticRegexReplace", {x}, DType::kString,
        {{"pattern", std::string("(?s)(.)")}, {"rewrite", "\\1" + delimiter}, {"replace_global", true}});
  }
  const Value at = lowering.constant("StringSplit/delimiter", Tensor({}, std::vector<std::string>{delimiter}));
  const Value indices = lowering.raw_op("StringSplit", "StringSplit", {x, at}, DType::kInt64, {{"skip_empty", true}});
  Sparse words{
      indices, {indices.tensor.node->output(1), DType::kString}, {indices.tensor.node->output(2), DType::kInt64}};
  words.tokens.shape = {kUnknown};
  if (ngrams.empty()) return words;
  NGrams builder(lowering, words);
  for (const int64_t length : ngrams) builder.add(length);
  Sparse result = builder.finish();
  result.tokens.shape = {kUnknown};
  return result;
}

}  // namespace hoarfrost::keras
