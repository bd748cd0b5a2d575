// A vocabulary as a perfect hash of constants, for graphs that hold no hash tables: a token's place in a list is told
// by arithmetic, and whether it is the token by comparing the two.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "keras/lowering.h"

namespace hoarfrost::keras {

template <typename Token>
constexpr bool kIsText = std::is_same_v<Token, std::string>;

// Hash and displace (Belazzougui, Botelho and Dietzfelbinger 2009): a token's hash modulo the number of buckets chooses
// a factor, and (hash modulo (a prime − 1) + 1) · factor, modulo the prime and then the list's length, is its place.
// The hash of text is FarmHash's fingerprint, as StringToHashBucketFast has it; a whole number is its own.
template <typename Token>
struct TokenTable {
  int64_t prime = 0;
  std::vector<int64_t> factors;  // one per bucket
  std::vector<size_t> places;    // which token is at a place; where none is, one that belongs elsewhere

  // Of tokens that differ, one or more. Throws Error{kUnsupported} should no prime of those tried tell them apart.
  static TokenTable of(const std::vector<Token>& tokens);
  [[nodiscard]] size_t place_of(const Token& token) const;
};

// The tokens as a vector.
Tensor tensor_of(const std::vector<std::string>& tokens);
inline Tensor tensor_of(const std::vector<int64_t>& tokens) { return Tensor::vector(tokens); }

extern template struct TokenTable<int64_t>;
extern template struct TokenTable<std::string>;

// Nodes that give `numbers[i]` where x is tokens[i], and `unknown` where it is none. x: strings, or int64 for numbers;
// the result is int64 and has x's shape.
template <typename Token>
Value lower_token_table(Lowering& lowering, const Value& x, const std::vector<Token>& tokens,
                        const std::vector<int64_t>& numbers, int64_t unknown);

}  // namespace hoarfrost::keras
