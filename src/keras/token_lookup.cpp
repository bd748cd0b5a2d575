#include "keras/token_lookup.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "keras/token_table.h"
#include "keras/variables.h"

namespace hoarfrost::keras {
namespace {

// Tokens; a perfect hash takes some ten nodes however many there are. Programs that know no text, and whole numbers of
// few bits, compare numbers.
template <typename Token>
constexpr size_t kLargestCompared = std::is_same_v<Token, std::string> ? 256 : 4096;

template <typename Token>
constexpr DType kType = kIsText<Token> ? DType::kString : DType::kInt64;

template <typename Token>
Token token_at(const Config& config, std::string_view key, const Token& fallback) {
  if constexpr (kIsText<Token>)
    return config.get_string({key}, fallback);
  else
    return config.get_int({key}, fallback);
}

template <typename Token>
Token oov_token(const Config& config) {
  if constexpr (kIsText<Token>)
    return config.get_string({"oov_token"}, "[UNK]");
  else
    return config.get_int({"oov_token"}, -1);
}

template <typename Token>
std::vector<Token> parse_vocabulary(const Config& config) {
  const Json* vocabulary = config.find({"vocabulary"});
  if (vocabulary == nullptr || !vocabulary->is_array())
    config.unsupported(
        "its vocabulary was adapted to data or lies in another file, not in this one: give it to the layer as a list");
  if constexpr (!kIsText<Token>) {
    return config.get_list({"vocabulary"});
  } else {
    std::vector<Token> result;
    for (const Json& token : *vocabulary) {
      if (!token.is_string())
        config.fail(fmt::format("`vocabulary` must be a list of strings, found {}", token.dump()));
      result.push_back(token.get<std::string>());
    }
    return result;
  }
}

// TensorFlow's text is bytes, and Keras compares UTF-8 with UTF-8.
template <typename Token>
void expect_utf8(const Config& config) {
  const std::string encoding = config.get_string({"encoding"}, "utf-8");
  if (kIsText<Token> && encoding != "utf-8" && encoding != "utf8" && encoding != "UTF-8")
    config.unsupported(fmt::format("the encoding {} is not converted; utf-8 is", encoding));
}

std::string shown(const std::string& token) { return fmt::format("`{}`", token); }
std::string shown(int64_t token) { return std::to_string(token); }

std::string text_of(const std::string& token) { return token; }
std::string text_of(int64_t token) { return std::to_string(token); }

Value int64_scalar(Lowering& lowering, std::string_view name, int64_t value) {
  return lowering.constant(name, Tensor::scalar(value));
}

}  // namespace

template <typename Token>
TokenLookup<Token> TokenLookup<Token>::parse(const Config& config, std::optional<Token> mask) {
  config.ignore({"vocabulary_dtype", "vocabulary_size", "idf_weights"});
  expect_utf8<Token>(config);
  TokenLookup layer;
  layer.coding_ = parse_category_coding(config, "int", true);
  const bool is_int = layer.coding_ == CategoryCoding::kInt;
  layer.dtype_ = is_int ? DType::kInt64 : DType::kFloat32;
  if (!is_int && config.has("dtype") && config.dtype() != DType::kString) layer.dtype_ = config.dtype();
  layer.parse_unknown(config);
  layer.parse_tokens(config, std::move(mask));
  if (config.get_bool({"invert"}, false)) layer.parse_inverse(config);
  return layer;
}

template <typename Token>
void TokenLookup<Token>::parse_unknown(const Config& config) {
  n_unknown_ = config.get_int({"num_oov_indices"}, 1);
  if (n_unknown_ < 0) config.fail(fmt::format("`num_oov_indices` must be 0 or more, found {}", n_unknown_));
  if (n_unknown_ > INT32_MAX) config.unsupported(fmt::format("num_oov_indices of {} are not converted", n_unknown_));
  const std::string method = config.get_string({"oov_method"}, "floormod");
  if (method != "floormod" && method != "farmhash") config.unsupported(fmt::format("the oov_method {}", method));
  hashes_unknown_ = kIsText<Token> || method == "farmhash";
  salt_ = parse_salt(config);
}

template <typename Token>
void TokenLookup<Token>::parse_tokens(const Config& config, std::optional<Token> mask) {
  const bool is_int = coding_ == CategoryCoding::kInt;
  const Token oov = oov_token<Token>(config);
  if (config.find({"mask_token"}) != nullptr) mask = token_at<Token>(config, "mask_token", Token{});
  first_unknown_ = mask && is_int ? 1 : 0;
  // A vocabulary that comes out of an adapted layer begins with the mask's token and those of the unknown.
  std::vector<Token> tokens = parse_vocabulary<Token>(config);
  const int64_t n_special = first_unknown_ + n_unknown_;
  if (static_cast<int64_t>(tokens.size()) >= n_special) {
    const auto unknown = tokens.begin() + first_unknown_, end = tokens.begin() + n_special;
    const bool has_special = (first_unknown_ == 0 || tokens[0] == *mask) &&
                             std::all_of(unknown, end, [&](const Token& token) { return token == oov; });
    if (has_special) tokens.erase(tokens.begin(), end);
  }
  auto vocabulary = std::make_shared<Vocabulary>();
  int64_t number = n_special;
  n_numbers_ = number + static_cast<int64_t>(tokens.size());
  const int64_t most = config.get_int({"max_tokens"}, 0);
  if (most > 0 && most < n_numbers_)
    config.fail(fmt::format("`max_tokens` is {}, fewer than its {} numbers", most, n_numbers_));
  if (config.get_bool({"pad_to_max_tokens"}, false) && most > 0) n_numbers_ = most;
  const auto add = [&](const Token& token, int64_t its_number) {
    if (!vocabulary->by_token.emplace(token, its_number).second)
      config.fail(fmt::format("`vocabulary` has the token {} twice", shown(token)));
    vocabulary->tokens.push_back(token);
    vocabulary->numbers.push_back(its_number);
  };
  if (mask) add(*mask, is_int ? 0 : n_numbers_);  // beyond all vectors' ends: it counts for nothing
  for (const Token& token : tokens) add(token, number++);
  vocabulary_ = std::move(vocabulary);
}

// Keras 2.15 and 3.15: what has no token, those of unknown tokens among them, gives the oov_token.
template <typename Token>
void TokenLookup<Token>::parse_inverse(const Config& config) {
  constexpr int64_t kMost = int64_t{1} << 24U;
  if (coding_ != CategoryCoding::kInt) config.fail("`invert` is given with an output_mode other than int");
  if (n_unknown_ > kMost)
    config.unsupported(fmt::format("invert with num_oov_indices of over {} is not converted", kMost));
  inverse_.assign(static_cast<size_t>(first_unknown_ + n_unknown_) + vocabulary_->tokens.size() + 1,
                  oov_token<Token>(config));
  for (size_t i = 0; i < vocabulary_->tokens.size(); ++i)
    inverse_[static_cast<size_t>(vocabulary_->numbers[i])] = vocabulary_->tokens[i];
}

template <typename Token>
Shapes TokenLookup<Token>::infer(const Shapes& in) const {
  expect_inputs(in, 1);
  return {infer_category_coding(coding_, n_numbers_, in[0])};
}

template <typename Token>
std::vector<WeightSpec> TokenLookup<Token>::weights(const Shapes& /*in*/) const {
  if (coding_ != CategoryCoding::kTfIdf) return {};
  return {{std::string(kStoredByName), {n_numbers_}, false}};
}

// Comparisons of x, [..., 1], with all tokens.
template <typename Token>
Value TokenLookup<Token>::lower_comparisons(Lowering& lowering, const Value& in) const {
  const int last = in.shape.rank();
  const int64_t unknown = n_unknown_ == 1 ? first_unknown_ : -1;
  const Value x =
      lowering.op("ExpandDims", {in, lowering.int_scalar("ExpandDims/dim", last)}, {{"Tdim", DType::kInt32}});
  std::vector<int32_t> steps;
  for (const int64_t number : vocabulary_->numbers) steps.push_back(static_cast<int32_t>(number - unknown));
  const Value is_token =
      lowering.raw_op("Equal", "Equal", {x, lowering.constant("Equal/y", tensor_of(vocabulary_->tokens))}, DType::kBool,
                      {{"T", kType<Token>}});
  const Value ones =
      lowering.raw_op("Cast", "Cast", {is_token}, DType::kInt32, {{"SrcT", DType::kBool}, {"DstT", DType::kInt32}});
  const Value products = lowering.op("Mul", {ones, lowering.constant("Mul/y", Tensor::vector(steps))});
  const Value sum = lowering.op("Sum", {products, lowering.ints("Sum/reduction_indices", {last})},
                                {{"keep_dims", false}, {"Tidx", DType::kInt32}});
  Value number = lowering.named_op("add", "Add", {sum, lowering.int_scalar("add/y", unknown)});
  number.shape = in.shape;
  return number;
}

// Of several numbers, the one that an unknown token has (int64).
template <typename Token>
Value TokenLookup<Token>::lower_unknown(Lowering& lowering, const Value& x) const {
  Value rest = x;
  if (!hashes_unknown_) {
    rest = lowering.op("FloorMod", {x, int64_scalar(lowering, "FloorMod/y", n_unknown_)});
  } else {
    if (!kIsText<Token>) rest = lowering.raw_op("AsString", "AsString", {x}, DType::kString, {{"T", x.dtype}});
    rest = lower_hash_bucket(lowering, rest, n_unknown_, salt_);
  }
  return lowering.op("Add", {rest, int64_scalar(lowering, "Add/y", first_unknown_)});
}

template <typename Token>
Value TokenLookup<Token>::lower_numbers(Lowering& lowering, const Value& in) const {
  Value x = in;
  if ((x.dtype == DType::kString) != kIsText<Token>)
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("looks up {}, but its input holds {}", kIsText<Token> ? "strings" : "whole numbers",
                            dtype_name(x.dtype)));
  if (x.dtype != kType<Token>)
    x = lowering.raw_op("Cast", "Cast", {x}, kType<Token>, {{"SrcT", x.dtype}, {"DstT", kType<Token>}});
  x.shape = in.shape;
  const int64_t unknown = n_unknown_ == 1 ? first_unknown_ : -1;
  Value number = vocabulary_->tokens.size() <= kLargestCompared<Token>
                     ? lower_comparisons(lowering, x)
                     : lower_token_table(lowering, x, vocabulary_->tokens, vocabulary_->numbers, unknown);
  if (n_unknown_ < 2) return number;
  if (number.dtype != DType::kInt64)
    number =
        lowering.raw_op("ToInt64", "Cast", {number}, DType::kInt64, {{"SrcT", number.dtype}, {"DstT", DType::kInt64}});
  const Value is_unknown = lowering.raw_op("Equal", "Equal", {number, int64_scalar(lowering, "unknown", unknown)},
                                           DType::kBool, {{"T", DType::kInt64}});
  number = lowering.raw_op("Select", "Select", {is_unknown, lower_unknown(lowering, x), number}, DType::kInt64,
                           {{"T", DType::kInt64}});
  number.shape = in.shape;
  return number;
}

// The place in the tokens, which has one that is none at either end.
template <typename Token>
Value TokenLookup<Token>::lower_inverse(Lowering& lowering, const Value& in) const {
  Value x = in;
  if (x.dtype == DType::kString)
    throw Error(ErrorCode::kMismatch, "", "looks up numbers (invert), but its input holds strings");
  if (x.dtype != DType::kInt64)
    x = lowering.raw_op("Cast", "Cast", {x}, DType::kInt64, {{"SrcT", x.dtype}, {"DstT", DType::kInt64}});
  x = lowering.op("Maximum", {x, int64_scalar(lowering, "Maximum/y", -1)});
  x = lowering.op("Minimum", {x, int64_scalar(lowering, "Minimum/y", static_cast<int64_t>(inverse_.size()) - 1)});
  x = lowering.op("Add", {x, int64_scalar(lowering, "Add/y", 1)});
  std::vector<Token> table{inverse_.back()};
  table.insert(table.end(), inverse_.begin(), inverse_.end());
  Value token = lowering.raw_op("Gather", "Gather", {lowering.constant("tokens", tensor_of(table)), x}, kType<Token>,
                                {{"Tparams", kType<Token>}, {"Tindices", DType::kInt64}, {"validate_indices", true}});
  token.shape = in.shape;
  return token;
}

template <typename Token>
Value TokenLookup<Token>::lower_coding(Lowering& lowering, const Value& numbers) const {
  Value y = lower_category_coding(coding_, n_numbers_, dtype_, lowering, numbers);
  if (coding_ != CategoryCoding::kTfIdf) return y;
  const Shape shape = y.shape;
  Value weight = lowering.weight(0);
  if (weight.dtype != y.dtype)
    weight = lowering.raw_op("Cast", "Cast", {weight}, y.dtype, {{"SrcT", weight.dtype}, {"DstT", y.dtype}});
  y = lowering.named_op("tf_idf", "Mul", {y, weight});
  y.shape = shape;
  return y;
}

template <typename Token>
Values TokenLookup<Token>::lower(Lowering& lowering, const Values& in) const {
  if (!inverse_.empty()) return {lower_inverse(lowering, in[0])};
  return {lower_coding(lowering, lower_numbers(lowering, in[0]))};
}

template <typename Token>
int64_t TokenLookup<Token>::number_of(const Token& token) const {
  const auto found = vocabulary_->by_token.find(token);
  if (found != vocabulary_->by_token.end()) return found->second;
  if (n_unknown_ < 2) return n_unknown_ == 0 ? -1 : first_unknown_;
  if constexpr (!kIsText<Token>) {
    if (!hashes_unknown_) return (token % n_unknown_ + n_unknown_) % n_unknown_ + first_unknown_;
  }
  return hash_bucket(text_of(token), n_unknown_, salt_) + first_unknown_;
}

template <typename Token>
Formula TokenLookup<Token>::coding_reference(const Arrays& weights, const Shape& shape,
                                             std::function<int64_t(const Index&)> number) const {
  Formula plain = category_coding_reference(coding_, n_numbers_, shape, std::move(number));
  if (coding_ != CategoryCoding::kTfIdf) return plain;
  const auto count = plain.at;
  plain.at = [count, weight = weights[0]](const Index& o) { return count(o) * weight[{o[-1]}]; };
  return plain;
}

template <typename Token>
Formulas TokenLookup<Token>::reference(const Arrays& weights, const Arrays& in) const {
  if (!inverse_.empty()) {
    const auto token = [x = in[0], tokens = inverse_](const Index& i) {
      const auto number = static_cast<int64_t>(x[i]);
      const bool is_one = number >= 0 && number < static_cast<int64_t>(tokens.size());
      return is_one ? tokens[static_cast<size_t>(number)] : tokens.back();
    };
    if constexpr (kIsText<Token>)
      return {{in[0].shape(), [](const Index&) { return 0.0; }, 1, token}};
    else
      return {{in[0].shape(), [token](const Index& i) { return static_cast<double>(token(i)); }, 1}};
  }
  const auto number = [x = in[0], lookup = *this](const Index& i) {
    if constexpr (kIsText<Token>)
      return lookup.number_of(x.text(i));
    else
      return lookup.number_of(static_cast<int64_t>(x[i]));
  };
  return {coding_reference(weights, in[0].shape(), number)};
}

template class TokenLookup<int64_t>;
template class TokenLookup<std::string>;

}  // namespace hoarfrost::keras
