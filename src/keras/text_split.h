// How TextVectorization makes tokens of a text: made alike, split, and joined to n-grams. Keras 2.6 to 3.15
// (text_vectorization.py).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keras/lowering.h"

namespace hoarfrost::keras {

enum class TextSplit { kNone, kWhitespace, kCharacters };

struct TextRules {
  bool lowers = true;                        // ASCII's capitals
  bool strips_punctuation = true;            // !"#$%&()*+,-./:;<=>?@[\]^_`{|}~'
  TextSplit split = TextSplit::kWhitespace;  // ASCII's six; or UTF-8's characters
  std::vector<int64_t> ngrams;               // their lengths, in the order in which they come; empty: the tokens alone

  // standardize, split and ngrams. Throws Error{kUnsupported} for functions of an author's.
  static TextRules parse(const Config& config);

  // The tokens of one text.
  [[nodiscard]] std::vector<std::string> tokens_of(std::string_view text) const;

  // x in its shape, made alike.
  [[nodiscard]] Value lower_standard(Lowering& lowering, Value x) const;
  // The tokens of texts [batch], as TensorFlow holds a SparseTensor: indices [n, 2] (int64), the tokens [n], and the
  // shape [2] (int64) of rows and the most tokens that one has.
  struct Sparse {
    Value indices, tokens, shape;
  };
  [[nodiscard]] Sparse lower_split(Lowering& lowering, const Value& texts) const;
};

}  // namespace hoarfrost::keras
