// Text into buckets by its hash: Hashing's, and those of a lookup's unknown tokens.
#pragma once

#include <optional>
#include <string_view>

#include "base/fingerprint.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {

// `salt`: a number, which is both words of SipHash's key, or the two; nullopt without. Keras 2.6 to 3.15.
std::optional<SipKey> parse_salt(const Config& config);

// The hash modulo n: SipHash's under a salt, else FarmHash's fingerprint. Nodes: StringToHashBucketStrong and Fast,
// int64.
Value lower_hash_bucket(Lowering& lowering, const Value& text, int64_t n, const std::optional<SipKey>& salt);
int64_t hash_bucket(std::string_view text, int64_t n, const std::optional<SipKey>& salt);

}  // namespace hoarfrost::keras
