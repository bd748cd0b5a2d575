// Hashes of text whose values are fixed for all time: TensorFlow's string ops, and so Keras' layers, give their
// remainders out as numbers.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hoarfrost {

// FarmHash's Fingerprint64 (Pike and Alakuijala 2014, farmhash.cc: farmhashna::Hash64), by which TensorFlow's
// StringToHashBucketFast counts buckets.
uint64_t fingerprint64(std::string_view text);

// SipHash-2-4 (Aumasson and Bernstein 2012) under a key of two words: TensorFlow's StringToHashBucketStrong.
using SipKey = std::array<uint64_t, 2>;
uint64_t sip_hash64(const SipKey& key, std::string_view text);

// TensorFlow's FingerprintCat64 (core/platform/fingerprint.h, 2.15): of two fingerprints, one that depends on their
// order; SparseCross' hash of several columns.
uint64_t concatenated_fingerprints(uint64_t first, uint64_t second);

}  // namespace hoarfrost
