#include "keras/token_lookup.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <vector>

namespace hoarfrost::keras {
namespace {

constexpr size_t kLargestVocabulary = 4096;

template <typename Token>
constexpr bool kIsText = std::is_same_v<Token, std::string>;

template <typename Token>
Token token_at(const Config& config, std::string_view key, const Token& fallback) {
  if constexpr (kIsText<Token>)
    return config.get_string({key}, fallback);
  else
    return config.get_int({key}, fallback);
}

template <typename Token>
std::vector<Token> parse_vocabulary(const Config& config) {
  const Json* vocabulary = config.find({"vocabulary"});
  if (vocabulary == nullptr || !vocabulary->is_array())
    config.unsupported(
        "its vocabulary was adapted to data or lies in another file, not in this one: give it to the layer as a list");
  if (vocabulary->size() > kLargestVocabulary)
    config.unsupported(fmt::format(
        "a vocabulary of {} tokens: those of up to {} are compared one by one, larger ones need a hash table",
        vocabulary->size(), kLargestVocabulary));
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

template <typename Token>
Tensor vector_of(const std::vector<Token>& tokens) {
  if constexpr (kIsText<Token>)
    return Tensor(Shape{static_cast<int64_t>(tokens.size())}, tokens);
  else
    return Tensor::vector(tokens);
}

template <typename Token>
std::string shown(const Token& token) {
  if constexpr (kIsText<Token>)
    return fmt::format("`{}`", token);
  else
    return fmt::format("{}", token);
}

}  // namespace

template <typename Token>
TokenLookup<Token> TokenLookup<Token>::parse(const Config& config) {
  config.ignore({"vocabulary_dtype", "vocabulary_size", "oov_method", "salt"});
  expect_utf8<Token>(config);
  TokenLookup layer;
  layer.coding_ = parse_category_coding(config, "int");
  const bool is_int = layer.coding_ == CategoryCoding::kInt;
  layer.dtype_ = config.has("dtype") ? config.dtype() : is_int ? DType::kInt64 : DType::kFloat32;
  if (is_int) layer.dtype_ = DType::kInt64;  // whatever the layer's type
  if (config.get_bool({"invert"}, false)) config.unsupported("invert (from numbers back to tokens) is not converted");
  if (config.has("idf_weights")) config.unsupported("idf_weights are not converted");
  const int64_t n_unknown = config.get_int({"num_oov_indices"}, 1);
  if (n_unknown < 0 || n_unknown > 1)
    config.unsupported(
        fmt::format("num_oov_indices {} hashes unknown tokens, which is not converted; 0 and 1 are", n_unknown));
  Token oov{}, mask{};
  if constexpr (kIsText<Token>)
    oov = "[UNK]";
  else
    oov = -1;
  oov = token_at<Token>(config, "oov_token", oov);
  const bool has_mask = config.find({"mask_token"}) != nullptr && is_int;
  layer.unknown_ = n_unknown == 0 ? -1 : has_mask ? 1 : 0;
  // A vocabulary that comes out of an adapted layer begins with these.
  std::vector<Token> special;
  if (has_mask) {
    mask = token_at<Token>(config, "mask_token", mask);
    layer.numbers_[mask] = 0;
    special.push_back(mask);
  }
  if (n_unknown == 1) special.push_back(oov);
  std::vector<Token> tokens = parse_vocabulary<Token>(config);
  if (tokens.size() >= special.size() && std::equal(special.begin(), special.end(), tokens.begin()))
    tokens.erase(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(special.size()));
  int64_t number = static_cast<int64_t>(special.size());
  for (const Token& token : tokens) {
    if (!layer.numbers_.emplace(token, number++).second)
      config.fail(fmt::format("`vocabulary` has the token {} twice", shown(token)));
  }
  layer.n_numbers_ = number;
  const int64_t most = config.get_int({"max_tokens"}, 0);
  if (config.get_bool({"pad_to_max_tokens"}, false) && most > 0) layer.n_numbers_ = most;
  return layer;
}

template <typename Token>
Shapes TokenLookup<Token>::infer(const Shapes& in) const {
  expect_inputs(in, 1);
  return {infer_category_coding(coding_, n_numbers_, in[0])};
}

template <typename Token>
Values TokenLookup<Token>::lower(Lowering& lowering, const Values& in) const {
  constexpr DType kType = kIsText<Token> ? DType::kString : DType::kInt64;
  Value x = in[0];
  if ((x.dtype == DType::kString) != kIsText<Token>)
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("looks up {}, but its input holds {}", kIsText<Token> ? "strings" : "whole numbers",
                            dtype_name(x.dtype)));
  if (x.dtype != kType) x = lowering.raw_op("Cast", "Cast", {x}, kType, {{"SrcT", x.dtype}, {"DstT", kType}});
  const int last = in[0].shape.rank();
  x = lowering.op("ExpandDims", {x, lowering.int_scalar("ExpandDims/dim", last)}, {{"Tdim", DType::kInt32}});
  std::vector<Token> tokens;
  std::vector<int32_t> steps;
  for (const auto& [token, number] : numbers_) {
    tokens.push_back(token);
    steps.push_back(static_cast<int32_t>(number - unknown_));
  }
  const Value is_token = lowering.raw_op("Equal", "Equal", {x, lowering.constant("Equal/y", vector_of(tokens))},
                                         DType::kBool, {{"T", kType}});
  const Value ones =
      lowering.raw_op("Cast_1", "Cast", {is_token}, DType::kInt32, {{"SrcT", DType::kBool}, {"DstT", DType::kInt32}});
  const Value products = lowering.op("Mul", {ones, lowering.constant("Mul/y", Tensor::vector(steps))});
  const Value sum = lowering.op("Sum", {products, lowering.ints("Sum/reduction_indices", {last})},
                                {{"keep_dims", false}, {"Tidx", DType::kInt32}});
  Value number = lowering.named_op("add", "Add", {sum, lowering.int_scalar("add/y", unknown_)});
  number.shape = in[0].shape;
  return {lower_category_coding(coding_, n_numbers_, dtype_, lowering, number)};
}

template <typename Token>
Formulas TokenLookup<Token>::reference(const Arrays& /*weights*/, const Arrays& in) const {
  const auto number = [x = in[0], numbers = numbers_, unknown = unknown_](const Index& i) {
    const auto found = [&] {
      if constexpr (kIsText<Token>)
        return numbers.find(x.text(i));
      else
        return numbers.find(static_cast<int64_t>(x[i]));
    }();
    return found == numbers.end() ? unknown : found->second;
  };
  return {category_coding_reference(coding_, n_numbers_, in[0].shape(), number)};
}

template class TokenLookup<int64_t>;
template class TokenLookup<std::string>;

}  // namespace hoarfrost::keras
