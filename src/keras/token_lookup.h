// IntegerLookup and StringLookup: the number of each token in a vocabulary, behind one for the mask's token (`int`
// alone, where there is one) and some for tokens that are not in it. Keras 2.6 to 3.15 (index_lookup.py).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "keras/category_coding.h"
#include "keras/hash_bucket.h"

namespace hoarfrost::keras {

// A layer, for int64_t and std::string. A hash table's nodes hold state, so a small vocabulary becomes comparisons: the
// sum over the tokens of (x = token) · (its number − the unknown's), and the unknown's; a large one a perfect hash
// (token_table.h).
template <typename Token>
class TokenLookup {
 public:
  // mask: the mask's token of a layer whose configuration does not say it (TextVectorization). Throws
  // Error{kUnsupported} for sparse outputs, and for a vocabulary that is not in the file.
  static TokenLookup parse(const Config& config, std::optional<Token> mask = {});

  // infer_category_coding says the shapes.
  [[nodiscard]] Shapes infer(const Shapes& in) const;
  // Of tf_idf: `idf_weights`, one for each number.
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const;
  // Throws Error{kMismatch} where strings are looked up in numbers, or the reverse.
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;

  // The steps of these, for a layer that looks up what it made itself. Tokens in any shape to numbers in that shape;
  // and numbers, [batch, n], as output_mode says.
  [[nodiscard]] Value lower_numbers(Lowering& lowering, const Value& x) const;
  [[nodiscard]] Value lower_coding(Lowering& lowering, const Value& numbers) const;
  [[nodiscard]] int64_t number_of(const Token& token) const;
  [[nodiscard]] Formula coding_reference(const Arrays& weights, const Shape& shape,
                                         std::function<int64_t(const Index&)> number) const;
  [[nodiscard]] CategoryCoding coding() const { return coding_; }
  [[nodiscard]] int64_t n_numbers() const { return n_numbers_; }

 private:
  void parse_unknown(const Config& config);
  void parse_tokens(const Config& config, std::optional<Token> mask);
  void parse_inverse(const Config& config);
  [[nodiscard]] Value lower_unknown(Lowering& lowering, const Value& x) const;
  [[nodiscard]] Value lower_comparisons(Lowering& lowering, const Value& x) const;
  [[nodiscard]] Value lower_inverse(Lowering& lowering, const Value& x) const;

  struct Vocabulary {
    std::vector<Token> tokens;  // with the mask's
    std::vector<int64_t> numbers;
    std::unordered_map<Token, int64_t> by_token;
  };

  std::shared_ptr<const Vocabulary> vocabulary_;  // shared by copies: it may be large
  int64_t n_unknown_ = 1;                         // how many numbers there are for unknown tokens
  int64_t first_unknown_ = 0;                     // the first of them
  bool hashes_unknown_ = kIsHashed;               // of several, by its text's hash, and not by the number itself
  std::optional<SipKey> salt_;                    // of that hash
  std::vector<Token> inverse_;                    // of `invert`: the token of each number; and of none
  int64_t n_numbers_ = 0;
  CategoryCoding coding_ = CategoryCoding::kInt;
  DType dtype_ = DType::kInt64;

  static constexpr bool kIsHashed = !std::is_same_v<Token, int64_t>;
};

extern template class TokenLookup<int64_t>;
extern template class TokenLookup<std::string>;

}  // namespace hoarfrost::keras
