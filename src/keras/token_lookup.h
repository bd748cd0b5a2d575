// IntegerLookup and StringLookup: the number of each token in a vocabulary, behind one for the mask's token (`int`
// alone, where there is one) and one for tokens that are not in it. Keras 2.6 to 3.15 (index_lookup.py).
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "keras/category_coding.h"

namespace hoarfrost::keras {

// A layer, for int64_t and std::string. A hash table's nodes hold state, so a small vocabulary becomes comparisons: the
// sum over the tokens of (x = token) · (its number − the unknown's), and the unknown's.
template <typename Token>
class TokenLookup {
 public:
  // Throws Error{kUnsupported} for more than one index for unknown tokens, invert, tf_idf, and for a vocabulary that is
  // not in the configuration or has over 4096 tokens.
  static TokenLookup parse(const Config& config);

  // infer_category_coding says the shapes.
  [[nodiscard]] Shapes infer(const Shapes& in) const;
  // Throws Error{kMismatch} where strings are looked up in numbers, or the reverse.
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;

 private:
  std::map<Token, int64_t> numbers_;
  int64_t unknown_ = 0;  // the number of what is no token; -1 for none
  int64_t n_numbers_ = 0;
  CategoryCoding coding_ = CategoryCoding::kInt;
  DType dtype_ = DType::kInt64;
};

extern template class TokenLookup<int64_t>;
extern template class TokenLookup<std::string>;

}  // namespace hoarfrost::keras
