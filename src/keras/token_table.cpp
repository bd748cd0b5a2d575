#include "keras/token_table.h"

#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <type_traits>

#include "base/fingerprint.h"

namespace hoarfrost::keras {
namespace {

// Below 2^31, so that products of what is left of them fit 63 bits.
constexpr std::array<int64_t, 4> kPrimes{2147483647, 2147483629, 2147483587, 1999999973};
constexpr int64_t kStep = 1640531527;  // from factor to factor: 2^32 / golden ratio, for small numbers to be spread too
constexpr int64_t kMaxTrials = int64_t{1} << 22U;
constexpr int64_t kTokensPerBucket = 2;

// The rest of the token's hash, as StringToHashBucketFast and FloorMod give it.
int64_t rest_of(const std::string& token, int64_t n) {
  return static_cast<int64_t>(fingerprint64(token) % static_cast<uint64_t>(n));
}
int64_t rest_of(int64_t token, int64_t n) { return (token % n + n) % n; }

// No multiple of the prime, so that every factor takes it elsewhere.
int64_t place_of_rest(int64_t rest, int64_t factor, int64_t prime, int64_t n_places) {
  return (rest + 1) * factor % prime % n_places;
}

struct Bucket {
  std::vector<size_t> tokens;
  size_t number = 0;
};

// Largest first: the small ones fit between.
template <typename Token>
std::vector<Bucket> buckets_of(const std::vector<Token>& tokens, int64_t n_buckets) {
  std::vector<Bucket> buckets(static_cast<size_t>(n_buckets));
  for (size_t i = 0; i < buckets.size(); ++i) buckets[i].number = i;
  for (size_t i = 0; i < tokens.size(); ++i)
    buckets[static_cast<size_t>(rest_of(tokens[i], n_buckets))].tokens.push_back(i);
  std::ranges::stable_sort(buckets, std::greater<>(), [](const Bucket& bucket) { return bucket.tokens.size(); });
  return buckets;
}

constexpr size_t kFree = SIZE_MAX;

// The first factor that takes the bucket's tokens to places that are free; 0 for none.
int64_t factor_for(const Bucket& bucket, const std::vector<int64_t>& rests, int64_t prime,
                   std::vector<size_t>& places) {
  std::vector<size_t> taken;
  for (int64_t trial = 1; trial < kMaxTrials; ++trial) {
    const int64_t factor = trial * kStep % prime;
    taken.clear();
    for (const size_t token : bucket.tokens) {
      const auto place =
          static_cast<size_t>(place_of_rest(rests[token], factor, prime, static_cast<int64_t>(places.size())));
      if (places[place] != kFree) break;
      places[place] = token;
      taken.push_back(place);
    }
    if (taken.size() == bucket.tokens.size()) return factor;
    for (const size_t place : taken) places[place] = kFree;
  }
  return 0;
}

// Tokens of one bucket with one rest are told apart by no factor.
bool can_tell_apart(const Bucket& bucket, const std::vector<int64_t>& rests) {
  std::vector<int64_t> own;
  for (const size_t token : bucket.tokens) own.push_back(rests[token]);
  std::ranges::sort(own);
  return std::ranges::adjacent_find(own) == own.end();
}

template <typename Token>
bool try_prime(const std::vector<Token>& tokens, const std::vector<Bucket>& buckets, TokenTable<Token>& table) {
  std::vector<int64_t> rests;
  rests.reserve(tokens.size());
  for (const Token& token : tokens) rests.push_back(rest_of(token, table.prime - 1));
  std::ranges::fill(table.places, kFree);
  for (const Bucket& bucket : buckets) {
    if (!can_tell_apart(bucket, rests)) return false;
    const int64_t factor = factor_for(bucket, rests, table.prime, table.places);
    if (factor == 0) return false;
    table.factors[bucket.number] = factor;
  }
  return true;
}

size_t length_of(const std::string& token) { return token.size(); }
size_t length_of(int64_t /*token*/) { return 0; }

// What is left of x's hash, modulo n.
template <typename Token>
Value lower_rest(Lowering& lowering, const Value& x, int64_t n) {
  if constexpr (kIsText<Token>)
    return lowering.raw_op("hash_bucket", "StringToHashBucketFast", {x}, DType::kInt64, {{"num_buckets", n}});
  else
    return lowering.op("FloorMod", {x, lowering.constant("FloorMod/y", Tensor::scalar(n))});
}

Value lower_gather(Lowering& lowering, std::string_view name, Tensor table, const Value& indices) {
  const Value params = lowering.constant(name, std::move(table));
  return lowering.raw_op("Gather", "Gather", {params, indices}, params.dtype,
                         {{"Tparams", params.dtype}, {"Tindices", indices.dtype}, {"validate_indices", true}});
}

}  // namespace

Tensor tensor_of(const std::vector<std::string>& tokens) {
  return Tensor(Shape{static_cast<int64_t>(tokens.size())}, tokens);
}

template <typename Token>
TokenTable<Token> TokenTable<Token>::of(const std::vector<Token>& tokens) {
  const auto n = static_cast<int64_t>(tokens.size());
  // Odd, so that even numbers are spread as well.
  const int64_t n_buckets = (n / kTokensPerBucket) | 1, n_places = (n + n / 4) | 1;
  const auto buckets = buckets_of(tokens, n_buckets);
  TokenTable table;
  table.factors.assign(static_cast<size_t>(n_buckets), 1);
  table.places.assign(static_cast<size_t>(n_places), kFree);
  for (const int64_t prime : kPrimes) {
    table.prime = prime;
    if (!try_prime(tokens, buckets, table)) continue;
    // What lands on an empty place is not this token, which lands on its own.
    const auto filler = static_cast<size_t>(
        std::ranges::min_element(tokens, {}, [](const Token& token) { return length_of(token); }) - tokens.begin());
    std::ranges::replace(table.places, kFree, filler);
    return table;
  }
  throw Error(ErrorCode::kUnsupported, "", "no perfect hash was found for its vocabulary");
}

template <typename Token>
size_t TokenTable<Token>::place_of(const Token& token) const {
  const int64_t factor = factors[static_cast<size_t>(rest_of(token, static_cast<int64_t>(factors.size())))];
  return static_cast<size_t>(
      place_of_rest(rest_of(token, prime - 1), factor, prime, static_cast<int64_t>(places.size())));
}

template <typename Token>
Value lower_token_table(Lowering& lowering, const Value& x, const std::vector<Token>& tokens,
                        const std::vector<int64_t>& numbers, int64_t unknown) {
  const auto table = TokenTable<Token>::of(tokens);
  const auto int64 = [&](std::string_view name, int64_t value) {
    return lowering.constant(name, Tensor::scalar(value));
  };
  const Value bucket = lower_rest<Token>(lowering, x, static_cast<int64_t>(table.factors.size()));
  const Value rest = lowering.op("Add", {lower_rest<Token>(lowering, x, table.prime - 1), int64("Add/y", 1)});
  const Value factor = lower_gather(lowering, "factors", Tensor::vector(table.factors), bucket);
  Value place = lowering.op("Mul", {rest, factor});
  place = lowering.op("FloorMod", {place, int64("prime", table.prime)});
  place = lowering.op("FloorMod", {place, int64("n_places", static_cast<int64_t>(table.places.size()))});
  std::vector<Token> texts;
  std::vector<int64_t> steps;
  for (const size_t token : table.places) {
    texts.push_back(tokens[token]);
    steps.push_back(numbers[token] - unknown);
  }
  const Value candidate = lower_gather(lowering, "tokens", tensor_of(texts), place);
  const Value is_it = lowering.raw_op("Equal", "Equal", {x, candidate}, DType::kBool, {{"T", x.dtype}});
  const Value one =
      lowering.raw_op("Cast", "Cast", {is_it}, DType::kInt64, {{"SrcT", DType::kBool}, {"DstT", DType::kInt64}});
  const Value step = lowering.op("Mul", {one, lower_gather(lowering, "numbers", Tensor::vector(steps), place)});
  Value number = lowering.named_op("add", "Add", {step, int64("add/y", unknown)});
  number.shape = x.shape;
  return number;
}

template struct TokenTable<int64_t>;
template struct TokenTable<std::string>;
template Value lower_token_table(Lowering&, const Value&, const std::vector<int64_t>&, const std::vector<int64_t>&,
                                 int64_t);
template Value lower_token_table(Lowering&, const Value&, const std::vector<std::string>&, const std::vector<int64_t>&,
                                 int64_t);

}  // namespace hoarfrost::keras
