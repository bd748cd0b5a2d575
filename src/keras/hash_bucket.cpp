#include "keras/hash_bucket.h"

namespace hoarfrost::keras {

std::optional<SipKey> parse_salt(const Config& config) {
  if (!config.has("salt")) return {};
  const auto salt = config.get_ints({"salt"}, 2);
  return SipKey{static_cast<uint64_t>(salt[0]), static_cast<uint64_t>(salt[1])};
}

Value lower_hash_bucket(Lowering& lowering, const Value& text, int64_t n, const std::optional<SipKey>& salt) {
  Value bucket;
  if (salt) {
    const std::vector<int64_t> key{static_cast<int64_t>((*salt)[0]), static_cast<int64_t>((*salt)[1])};
    bucket =
        lowering.raw_op("hash", "StringToHashBucketStrong", {text}, DType::kInt64, {{"num_buckets", n}, {"key", key}});
  } else {
    bucket = lowering.raw_op("hash", "StringToHashBucketFast", {text}, DType::kInt64, {{"num_buckets", n}});
  }
  bucket.shape = text.shape;
  return bucket;
}

int64_t hash_bucket(std::string_view text, int64_t n, const std::optional<SipKey>& salt) {
  const uint64_t hash = salt ? sip_hash64(*salt, text) : fingerprint64(text);
  return static_cast<int64_t>(hash % static_cast<uint64_t>(n));
}

}  // namespace hoarfrost::keras
